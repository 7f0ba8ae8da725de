import Glibc
import Synchronization
import SystemCalls
import Testing

/// A real name server, unbound on 127.0.0.1, with local data in a directory of its own.
final class ListServer {
    static let binary = ["/usr/sbin/unbound", "/sbin/unbound", "/usr/local/sbin/unbound"]
        .first { Files.isExecutable($0) }

    struct DidNotStart: Error { let log: String }

    private let process: Int32
    private let directory = ScratchDirectory()
    /// The setting of a resolver that asks this server.
    let address: String

    /// `settings`: lines of the `server:` section.
    init(_ settings: [String]) throws {
        let port = try PlainSocket.freePort()
        address = "127.0.0.1@\(port)"
        let lines = [
            "server:", "interface: 127.0.0.1", "port: \(port)", "do-daemonize: no", "chroot: \"\"", "username: \"\"",
            "directory: \"\(directory.path)\"", "pidfile: \"\"", "use-syslog: no", "num-threads: 1",
            "access-control: 127.0.0.0/8 allow",
        ]
        let file = "\(directory.path)/unbound.conf"
        try Files.replace(file, with: Array((lines + settings).joined(separator: "\n").utf8) + [10])
        var pipes: [Int32] = [-1, -1]
        guard pipe(&pipes) == 0 else { throw SystemCallError.current("pipe") }
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(pipes[0]) }
        process = try Processes.spawn(
            Processes.Request(
                path: Self.binary ?? "", arguments: ["-d", "-v", "-c", file], environment: [], output: pipes[1]))
        close(pipes[1])
        var log = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !log.contains("start of service") {
            let count = read(pipes[0], &buffer, buffer.count)
            if count <= 0 { throw DidNotStart(log: log) }
            log += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    deinit {
        kill(process, SIGKILL)
        while Processes.reap(process) == nil { poll(nil, 0, 5) }
    }
}

/// A name server that keeps every question until it is told to answer; then it says that no name exists.
final class HeldNameServer: Sendable {
    private let socket: Int32
    private let isReleased = Mutex(false)
    private let isAsked = Mutex(false)
    let address: String

    init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(PlainSocket.bind(socket, "127.0.0.1"))
        address = "127.0.0.1@\(Sockets.localAddress(socket).port)"
        SystemThread.start("names") { [self] in serve() }
    }

    var hasQuestion: Bool { isAsked.withLock { $0 } }
    func release() { isReleased.withLock { $0 = true } }

    /// Ends with the test's process; answers go out within 10 ms of the release.
    private func serve() {
        var kept: [(question: [UInt8], from: sockaddr_in)] = []
        var buffer = [UInt8](repeating: 0, count: 2048)
        while true {
            var ready = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            if poll(&ready, 1, 10) == 1 {
                var from = sockaddr_in()
                var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                let count = withUnsafeMutablePointer(to: &from) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(socket, &buffer, buffer.count, 0, $0, &length)
                    }
                }
                if count > 12 { kept.append((Array(buffer[..<count]), from)) }
                isAsked.withLock { $0 = true }
            }
            guard isReleased.withLock({ $0 }) else { continue }
            for (question, from) in kept { answer(question, from) }
            kept = []
        }
    }

    /// NXDOMAIN: the question with other flags (RFC 1035 section 4.1.1) and without what stands behind it.
    private func answer(_ question: [UInt8], _ from: sockaddr_in) {
        var bytes = question
        var end = 12
        while end < bytes.count, bytes[end] != 0 { end += Int(bytes[end]) + 1 }
        bytes = Array(bytes.prefix(end + 5))
        bytes[2] = 0x81
        bytes[3] = 0x83
        for index in 6..<12 { bytes[index] = 0 }
        withUnsafePointer(to: from) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(socket, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// Sockets of the test itself.
enum PlainSocket {
    static func freePort() throws -> UInt16 {
        let socket = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 1)
        return Sockets.localAddress(socket.number).port
    }

    static func bind(_ socket: Int32, _ host: String) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return false }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        } == 0
    }

    /// A client with a loopback address of its own.
    static func client(from host: String, to port: UInt16) -> TestClient? {
        guard
            let socket = try? Sockets.beginConnection(from: host, to: SocketAddress(host: "127.0.0.1", port: port))
        else { return nil }
        var ready = pollfd(fd: socket.number, events: Int16(POLLOUT), revents: 0)
        guard poll(&ready, 1, 30_000) == 1 else { return nil }
        return TestClient(owning: socket.release())
    }

    /// Waits for a connection, half a minute at most.
    static func accept(_ listener: Int32) -> TestClient? {
        var ready = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 30_000) == 1, case .connection(let socket, _) = Sockets.accept(listener) else {
            return nil
        }
        return TestClient(owning: socket)
    }
}
