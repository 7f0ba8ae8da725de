import Glibc
import ProcessPool
import Synchronization
import SystemCalls
import Testing

@testable import Dispatcher

/// A Dispatcher on its own thread with services on ports that the system chose.
final class DispatcherFixture: Sendable {
    let directory = ScratchDirectory()
    let port: UInt16
    /// Number of the listening socket, which the Dispatcher owns once it was given.
    let listeningDescriptor: Int32
    private let listener: Mutex<Int32?>
    private let ended = Mutex<String?>(nil)

    init() throws {
        let socket = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 64)
        port = Sockets.localAddress(socket.number).port
        listeningDescriptor = socket.number
        listener = Mutex(socket.release())
    }

    deinit {
        if let number = listener.withLock({ $0 }) { close(number) }
    }

    /// A service `ECHO` on the fixture's port.
    func service(image: String, _ change: (inout ServiceSettings) -> Void = { _ in }) -> ServiceSettings {
        var settings = ServiceSettings(name: "ECHO", image: image, logFile: directory.path + "/echo.log")
        settings.tcpPorts = [port]
        settings.interfaceAddress = "127.0.0.1"
        settings.parameter = "CHANNEL=test"
        change(&settings)
        return settings
    }

    /// Starts; `giveListener` false keeps the port in use by the test.
    func start(
        _ services: [ServiceSettings], giveListener: Bool = true,
        _ change: (inout DispatcherSettings) -> Void = { _ in },
        admission: @escaping @Sendable () throws -> ConnectionAdmission = { .everybody }
    ) {
        var settings = DispatcherSettings(
            services: services, runDirectory: directory.path + "/run", logFile: directory.path + "/dispatcher.log")
        settings.bindRetry = 100_000_000
        if giveListener, let number = listener.withLock({ $0.take() }) { settings.inheritedListeners = [.init(number)] }
        change(&settings)
        let service = DispatcherService(settings: settings, admission: admission)
        SystemThread.start("dispatcher") { [self] in
            do {
                try service.run()
                ended.withLock { $0 = "" }
            } catch { ended.withLock { $0 = "\(error)" } }
        }
    }

    /// Gives up the port that the test held.
    func freePort() {
        if let number = listener.withLock({ $0.take() }) { close(number) }
    }

    func ask(_ command: String) -> String {
        (try? CommandClient.ask(directory.path + "/run/dispatcher.sock", command)) ?? ""
    }

    /// All versions of dispatcher.log, without the breaks of long records.
    var log: String {
        let names = (try? Files.list(directory.path)) ?? []
        let text = names.filter { $0.hasPrefix("dispatcher.log-") }.map { name in
            String(decoding: (try? Files.read(directory.path + "/" + name)) ?? [], as: UTF8.self)
        }
        let lines = text.joined().split(separator: "\n")
        return lines.reduce("") { all, line in
            line.hasPrefix("     ") ? all + " " + line.drop { $0 == " " } : all + "\n" + line
        }
    }

    /// Waits for a condition, a minute at most.
    @discardableResult
    func wait(for what: String, _ condition: () -> Bool) -> Bool {
        for _ in 0..<3000 {
            if condition() { return true }
            poll(nil, 0, 20)
        }
        Issue.record("waited in vain for \(what); status \(ask("status"))\n\(log)")
        return false
    }

    /// Process ids of the workers in one of `states`.
    func workers(_ states: String...) -> [Int32] {
        let status = ask("status")
        return status.split(separator: "{").compactMap { part in
            guard part.hasPrefix("\"pid\":"), states.contains(where: { part.contains("\"state\":\"\($0)\"") }) else {
                return nil
            }
            return Int32(part.dropFirst(6).prefix { $0.isNumber })
        }
    }

    func waitForReady(_ count: Int) {
        wait(for: "\(count) running workers") { workers("running").count == count }
    }

    var hasEnded: Bool { ended.withLock { $0 != nil } }
    var failure: String? { ended.withLock { $0 } }

    func shutDown() {
        _ = ask("shutdown")
        wait(for: "the end of the dispatcher") { hasEnded }
    }
}
