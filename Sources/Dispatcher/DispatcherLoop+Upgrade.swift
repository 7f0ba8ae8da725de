import Glibc
import OptionSyntax
import ProcessPool
import SystemCalls

/// An upgrade that was asked for: first the new program looks whether it can, as a child; then connections that are on
/// their way arrive; then it takes the place of this one, in the same process.
final class Upgrade {
    enum Phase {
        case checking(processID: Int32, watch: OwnedDescriptorBox, output: OwnedDescriptorBox)
        /// Nothing is accepted; it goes on when every connection has arrived.
        case settling
    }

    let path: String
    let client: Int
    var phase: Phase
    /// When it is given up, monotonic nanoseconds.
    var deadline: Int64

    init(path: String, client: Int, phase: Phase, deadline: Int64) {
        self.path = path
        self.client = client
        self.phase = phase
        self.deadline = deadline
    }
}

/// A descriptor that an enum can hold.
final class OwnedDescriptorBox {
    let owned: OwnedDescriptor
    init(_ owned: consuming OwnedDescriptor) { self.owned = owned }
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
            let watch = OwnedDescriptorBox(try Processes.pidDescriptor(processID))
            upgrade = Upgrade(
                path: path, client: client,
                phase: .checking(processID: processID, watch: watch, output: OwnedDescriptorBox(output)),
                deadline: now + seconds(20))
            try shared.reactor.watch(watch.owned.number, .upgradeCheck)
            shared.log.notice("upgrade to \(path) begins, it is checked as pid \(processID)")
            return nil
        } catch { return "\(error)" }
    }

    /// To be called each time the loop turns.
    func continueUpgrade(at now: Int64) {
        guard let upgrade else { return }
        switch upgrade.phase {
        case .checking(let processID, let watch, let output):
            guard let end = Processes.reap(processID) else {
                if now >= upgrade.deadline { kill(processID, SIGKILL) }
                return
            }
            shared.reactor.forget(watch.owned.number)
            guard end == .exited(0), !isStopping else {
                let text = String(
                    decoding: Images.content(output.owned.number, limit: 1000).prefix(1000), as: UTF8.self)
                let words = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
                return endUpgrade("the new program cannot take over (\(ProcessEnding(end))): \(words)")
            }
            upgrade.phase = .settling
            upgrade.deadline = now + seconds(15)
            for service in services {
                for port in service.ports { service.unwatch(port) }
            }
            continueUpgrade(at: now)
        case .settling:
            if isStopping { return endUpgrade("the Dispatcher is shutting down") }
            if services.allSatisfy(\.isQuiet) { return replaceProgram(upgrade) }
            if now >= upgrade.deadline { endUpgrade("connections on their way did not arrive in time") }
        }
    }

    /// No port is watched while connections on their way arrive; clients wait in the kernel.
    var isSettling: Bool {
        if case .settling = upgrade?.phase { true } else { false }
    }

    private func replaceProgram(_ upgrade: Upgrade) {
        do throws(SystemCallError) {
            let image = try OwnedDescriptor.open("/proc/self/exe", O_RDONLY)
            let state = legacy(client: clients[upgrade.client]?.descriptor ?? -1, image: image.number)
            let file = try Images.memoryFile("state", Array(state.text.utf8))
            shared.log.notice("goes over to \(upgrade.path)")
            for descriptor in state.descriptors + [file.number] { Images.keep(descriptor) }
            let error = Images.replace(with: upgrade.path, environment: TakeOver.environment(file: file.number))
            for descriptor in state.descriptors { Images.keep(descriptor, false) }
            throw error
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
        state.listeners = services.flatMap { $0.ports.compactMap(\.descriptor) }
        state.services = services.filter(\.isStarted).map(\.legacy)
        return state
    }

    // MARK: The new program

    /// Takes workers and sessions over, before the services start.
    func inherit(_ takeOver: TakeOver) throws(SystemCallError) {
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
            shared.log.notice("took over \(services.reduce(0) { $0 + $1.pool.workers.count }) workers")
            client?.answer(["ok": true, "pid": .integer(Int(getpid()))])
        }
        if let client { add(client) }
    }
}
