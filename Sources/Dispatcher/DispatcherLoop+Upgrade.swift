import Glibc
import OptionSyntax
import ProcessPool
import SystemCalls

/// An upgrade that was asked for: first the new program looks whether it can, as a child, while this one serves; then it
/// takes the place of this one, in the same process.
final class Upgrade {
    let path: String
    let client: Int
    let processID: Int32
    /// Readable when the check has ended.
    let watch: OwnedDescriptor
    /// What the check prints.
    let output: OwnedDescriptor
    /// When the check is given up, monotonic nanoseconds.
    let deadline: Int64

    init(
        path: String, client: Int, processID: Int32, watch: consuming OwnedDescriptor,
        output: consuming OwnedDescriptor, deadline: Int64
    ) {
        self.path = path
        self.client = client
        self.processID = processID
        self.watch = watch
        self.output = output
        self.deadline = deadline
    }
}

extension DispatcherLoop {
    /// Begins; the client gets its answer from the new program, or when it has come to nothing. Returns why it cannot
    /// even begin.
    func beginUpgrade(to path: String, client: Int, at now: Int64) -> String? {
        guard !isStopping else { return "the Dispatcher is shutting down" }
        guard upgrade == nil else { return "another upgrade is under way" }
        guard path.hasPrefix("/"), Files.isExecutable(path) else { return "\(path) is not an executable file" }
        do throws(SystemCallError) {
            let state = try Images.memoryFile("state", Array(legacy(client: -1, image: -1).text.utf8))
            let output = try Images.memoryFile("output")
            let processID = try Processes.spawn(
                Processes.Request(
                    path: path, arguments: [], environment: TakeOver.checkEnvironment, control: state.number,
                    output: output.number))
            let upgrade = Upgrade(
                path: path, client: client, processID: processID, watch: try Processes.pidDescriptor(processID),
                output: output, deadline: now + seconds(20))
            try shared.reactor.watch(upgrade.watch.number, .upgradeCheck)
            self.upgrade = upgrade
            shared.log.notice("upgrade to \(path) begins, it is checked as pid \(processID)")
            return nil
        } catch { return "\(error)" }
    }

    /// To be called each time the loop turns.
    func continueUpgrade(at now: Int64) {
        guard let upgrade else { return }
        guard let end = Processes.reap(upgrade.processID) else {
            if now >= upgrade.deadline { kill(upgrade.processID, SIGKILL) }
            return
        }
        shared.reactor.forget(upgrade.watch.number)
        if isStopping { return endUpgrade("the Dispatcher is shutting down") }
        guard end == .exited(0) else {
            let text = String(decoding: Images.content(upgrade.output.number, limit: 1000).prefix(1000), as: UTF8.self)
            let words = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
            return endUpgrade("the new program cannot take over (\(ProcessEnding(end))): \(words)")
        }
        replaceProgram(upgrade)
    }

    /// What is on its way stays so: connections in admission, those that wait, and those that no worker has confirmed go
    /// over with their sockets. Clients that come meanwhile wait in the kernel.
    private func replaceProgram(_ upgrade: Upgrade) {
        do throws(SystemCallError) {
            let image = try OwnedDescriptor.open("/proc/self/exe", O_RDONLY)
            let state = legacy(client: clients[upgrade.client]?.descriptor ?? -1, image: image.number)
            let kept = state.descriptors
            // The new program works on copies until it is sure.
            let (need, limit) = (2 * kept.count + 64, SystemLimits.openFiles)
            guard need <= limit else {
                return endUpgrade("\(need) file descriptors are needed, the limit is \(limit); raise it (ulimit -n)")
            }
            let file = try Images.memoryFile("state", Array(state.text.utf8))
            shared.log.notice("goes over to \(upgrade.path)")
            throw Images.replace(
                with: upgrade.path, environment: TakeOver.environment(file: file.number), kept: kept + [file.number])
        } catch { endUpgrade("\(error)") }
    }

    private func endUpgrade(_ reason: String) {
        guard let upgrade else { return }
        shared.log.error("upgrade to \(upgrade.path) failed, this program goes on: \(reason)")
        clients[upgrade.client]?.answer(["ok": false, "error": .string("upgrade failed: \(reason)")])
        self.upgrade = nil
    }

    private func legacy(client: Int32, image: Int32) -> TakeOverState {
        var state = TakeOverState()
        state.pidFile = pidFile
        state.commands = commands.descriptor
        state.client = client
        state.image = image
        state.listeners = services.flatMap(\.ports).compactMap { port in
            port.descriptor.map {
                TakeOverState.Listener(descriptor: $0, configured: port.address, isActivated: port.isActivated)
            }
        }
        state.throttle = throttle?.entries ?? []
        state.services = services.filter(\.isStarted).map(\.legacy)
        return state
    }

    // MARK: The new program

    /// Takes workers and sessions over, before the services start.
    func inherit(_ takeOver: TakeOver) throws(SystemCallError) {
        throttle?.entries = takeOver.state.throttle
        for state in takeOver.state.services {
            guard let service = services.first(where: { $0.settings.name == state.name }) else { continue }
            try service.inherit(state)
        }
        let client = takeOver.client()
        takeOver.finish()
        if let failure = takeOver.failure {
            shared.log.error("the new program could not begin, this one goes on: \(failure)")
            client?.answer(["ok": false, "error": .string("upgrade failed: \(failure)")])
        } else {
            let workers = services.reduce(0) { $0 + $1.pool.workers.count }
            let connections = services.reduce(0) { $0 + $1.pool.connections.count }
            shared.log.notice("took over \(workers) workers and \(connections) connections")
            client?.answer(["ok": true, "pid": .integer(Int(getpid()))])
        }
        if let client { add(client) }
    }
}
