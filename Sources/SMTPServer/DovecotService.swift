import NIOCore
import SASL
import Synchronization

/// Dovecot's authentication service as the worker sees it (option `auth_socket`). Made on any thread; exchanges are begun
/// on the loop.
final class DovecotService: Sendable {
    let path: String
    private let connection: NIOLoopBound<DovecotConnection>
    private let offered: Mutex<[String]>

    /// What is offered before the service has said what it can do: everybody's Dovecot does these.
    private static let usual = ["PLAIN", "LOGIN"]

    /// Opens the socket at once, so that what the service offers is known when the first client asks.
    static func make(
        path: String, loop: any EventLoop, report: @escaping @Sendable (String) -> Void
    ) -> EventLoopFuture<DovecotService> {
        loop.submit { DovecotService(path: path, loop: loop, report: report) }
    }

    private init(path: String, loop: any EventLoop, report: @escaping @Sendable (String) -> Void) {
        self.path = path
        offered = Mutex(Self.usual)
        var note: ([String]) -> Void = { _ in }
        let opened = DovecotConnection(path: path, loop: loop, report: report) { note($0) }
        connection = NIOLoopBound(opened, eventLoop: loop)
        note = { [weak self] mechanisms in self?.offered.withLock { $0 = mechanisms } }
        opened.connect()
    }

    var mechanisms: [String] { offered.withLock { $0 } }

    /// On the loop only.
    var onLoop: DovecotConnection { connection.value }

    /// Ends the socket when no more sessions use it.
    deinit {
        let connection = connection
        connection.eventLoop.execute { connection.value.close() }
    }
}
