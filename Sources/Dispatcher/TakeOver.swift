import Glibc
import ProcessPool
import SystemCalls

/// The new program's side of an upgrade: it finds what the former one left, and the way back.
final class TakeOver {
    /// Number of the descriptor with the state.
    private static let variable = "MARTLET_TAKE_OVER"
    /// Set for a program that only says whether it could take over the state on descriptor 3.
    static let checkVariable = "MARTLET_TAKE_OVER_CHECK"
    /// Set on the way back: what kept the other program from beginning.
    private static let failureVariable = "MARTLET_TAKE_OVER_FAILED"

    let state: TakeOverState
    /// Why the program that was to follow has come to nothing; nil when this is that program.
    let failure: String?
    private let file: Int32
    private var isDone = false

    private init(_ state: TakeOverState, file: Int32, failure: String?) {
        self.state = state
        self.file = file
        self.failure = failure
    }

    /// Nil when this program was not put in the place of another. Children do not hear of it.
    static func begin() throws -> TakeOver? {
        guard let text = getenv(variable), let number = Int32(String(cString: text)) else { return nil }
        let failure = getenv(failureVariable).map { String(cString: $0) }
        unsetenv(variable)
        unsetenv(failureVariable)
        let state = try state(in: number)
        for descriptor in state.descriptors + [number] { Images.keep(descriptor, false) }
        return TakeOver(state, file: number, failure: failure)
    }

    /// The state in an open file.
    static func state(in file: Int32) throws(TakeOverState.Malformed) -> TakeOverState {
        try TakeOverState(text: String(decoding: Images.content(file, limit: 1 << 30), as: UTF8.self))
    }

    /// What the program needs to be started with.
    static func environment(file: Int32, failure: String? = nil) -> [String] {
        let without = [variable, checkVariable, failureVariable, "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"]
        let rest = Images.environment.filter { entry in !without.contains { entry.hasPrefix("\($0)=") } }
        return rest + ["\(variable)=\(file)"] + (failure.map { ["\(failureVariable)=\($0)"] } ?? [])
    }

    static var checkEnvironment: [String] {
        environment(file: -1).filter { !$0.hasPrefix("\(variable)=") && !$0.hasPrefix("NOTIFY_SOCKET=") }
            + ["\(checkVariable)=1"]
    }

    func listeners() throws(SystemCallError) -> [InheritedListener] {
        var copies: [InheritedListener] = []
        for listener in state.listeners {
            let copy = try Images.duplicate(listener.descriptor).release()
            copies.append(InheritedListener(copy, configured: listener.configured, isActivated: listener.isActivated))
        }
        return copies
    }

    func pidFile(_ path: String) throws -> PIDFile {
        guard Files.exists(path) else { return try PIDFile.take(path) }
        return PIDFile(path: path, adopting: try Images.duplicate(state.pidFile))
    }

    func commandSocket(_ path: String) throws -> CommandSocket {
        guard Files.exists(path) else { return try CommandSocket(path) }
        return CommandSocket(path, adopting: try Images.duplicate(state.commands))
    }

    /// The client that asked for the upgrade, if it is still there.
    func client() -> CommandClient? {
        guard state.client >= 0, let copy = try? Images.duplicate(state.client) else { return nil }
        return CommandClient(owning: copy)
    }

    /// Everything is taken over: there is no way back from here.
    func finish() {
        isDone = true
        for descriptor in state.descriptors + [file] { close(descriptor) }
    }

    /// This program cannot begin: the former one goes on. Returns when that is impossible too.
    func goBack(_ reason: String) {
        guard !isDone, failure == nil, state.image >= 0 else { return }
        _ = Images.replace(
            with: "/proc/self/fd/\(state.image)", environment: Self.environment(file: file, failure: reason),
            kept: state.descriptors + [file])
    }

    /// A port that would have to be bound anew and cannot be: the address is not of this host, or the right to bind it
    /// went with root. Nil when there is none. A port in use is no obstacle: it may be our own that is in the way.
    static func closedPort(_ state: TakeOverState, _ settings: DispatcherSettings) -> String? {
        let open = state.listeners.map(\.configured)
        for service in settings.services {
            for port in ListeningPort.ports(of: service)
            where !open.contains(where: { InheritedListener.isSame($0, port.address) }) {
                do throws(SystemCallError) {
                    _ = try Sockets.listen(port.address, backlog: 1)
                } catch {
                    guard error.code != EADDRINUSE else { continue }
                    return "service \(service.name) could not listen on \(port.address): \(error.reason)"
                }
            }
        }
        return nil
    }

    /// Why a Dispatcher with these settings could not take over `state`; nil when it can.
    static func obstacle(_ state: TakeOverState, _ settings: DispatcherSettings) -> String? {
        for service in state.services where !service.workers.isEmpty || !service.connections.isEmpty {
            let successor = settings.services.first { $0.name == service.name }
            guard let successor, !ListeningPort.ports(of: successor).isEmpty else {
                return "service \(service.name) has workers and is gone from the configuration; stop it first"
            }
            guard Files.isExecutable(successor.image) else {
                return "service \(service.name): \(successor.image) is not an executable file"
            }
        }
        return nil
    }
}
