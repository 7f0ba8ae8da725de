import Glibc
import SystemCalls

/// One listening port of a service: bound, or to be tried again later. Confined to the Dispatcher's thread.
final class ListeningPort {
    let address: SocketAddress
    let isImplicitTLS: Bool
    private let isOneAddress: Bool
    private var socket: OwnedDescriptor?
    /// A socket unit of systemd has the socket too.
    private(set) var isActivated = false
    /// When binding is tried again, monotonic nanoseconds.
    private(set) var nextAttempt: Int64 = 0
    private(set) var failure: SystemCallError?
    /// False while the epoll does not watch the socket because the pool takes no connection.
    var isWatched = false
    /// Nothing is accepted before this time, because accept(2) failed.
    var restUntil: Int64 = 0
    private var lastComplaint: Int64?

    /// At most one line in ten seconds about what fails again and again.
    func mayComplain(at now: Int64) -> Bool {
        if let lastComplaint, now - lastComplaint < seconds(10) { return false }
        lastComplaint = now
        return true
    }

    /// The listening socket; nil while it is not bound.
    var descriptor: Int32? { socket?.number }

    init(address: SocketAddress, isImplicitTLS: Bool) {
        self.address = address
        // An IPv6 address may be written in ways other than the kernel's.
        isOneAddress = !["", "0.0.0.0"].contains(address.host) && !address.isIPv6
        self.isImplicitTLS = isImplicitTLS
    }

    /// The local address of a connection that was accepted here. The kernel is asked only where it may be any of the
    /// host's addresses.
    func localAddress(of connection: Int32) -> SocketAddress {
        isOneAddress ? address : Sockets.localAddress(connection)
    }

    /// The ports of a service; 0 stands for a disabled one.
    static func ports(of settings: ServiceSettings) -> [ListeningPort] {
        let host = settings.interfaceAddress ?? ""
        let plain = settings.tcpPorts.filter { $0 != 0 }.map { ($0, false) }
        let secure = settings.sslPorts.filter { $0 != 0 }.map { ($0, true) }
        return (plain + secure).map { port, isImplicitTLS in
            ListeningPort(address: SocketAddress(host: host, port: port), isImplicitTLS: isImplicitTLS)
        }
    }

    /// Takes the socket that serves the port's address out of `inherited`; nothing happens when none does.
    func adopt(from inherited: inout [InheritedListener], backlog: Int32) throws(SystemCallError) {
        guard socket == nil, let index = inherited.firstIndex(where: { $0.serves(address) }) else { return }
        let listener = inherited.remove(at: index)
        let number = listener.descriptor
        socket = OwnedDescriptor(owning: number)
        isActivated = listener.isActivated
        Sockets.setNonBlocking(number)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        // The depth of the queue may be another now.
        try Sockets.listen(again: number, backlog: backlog)
    }

    /// Binds a socket unless there is one; on failure tries again after `retry`.
    func open(backlog: Int32, retry: Int64, at now: Int64) throws(SystemCallError) {
        guard socket == nil else { return }
        do throws(SystemCallError) {
            socket = try Sockets.listen(address, backlog: backlog)
        } catch {
            failure = error
            nextAttempt = now + retry
            throw error
        }
        failure = nil
    }

    func close() {
        socket = nil
        isWatched = false
    }
}
