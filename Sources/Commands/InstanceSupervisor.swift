import Glibc
import ProcessPool
import SystemCalls

/// Keeps the processes of an instance running in the foreground: `dispatcher` and `job_controller`. One that ends is
/// started again, with pauses that grow. SIGTERM or SIGINT ends them all: sessions and jobs finish what they are doing;
/// after a while sessions are closed with 421, and at last what is left is killed. A second signal skips the wait.
struct InstanceSupervisor: ~Copyable {
    /// A daemon of the instance and how often it failed.
    private struct Daemon {
        let component: Component
        let path: String
        /// What ends it when it is not to finish in its own time.
        let hurry: Int32
        var process: SupervisedProcess?
        var budget = RestartBudget()
        var startedAt: Int64 = 0
        var name: String { component.rawValue }
    }

    /// Nanoseconds from the first SIGTERM until sessions are closed, and from there until the daemons are killed.
    private static let patience: Int64 = 10_000_000_000
    private static let lastPatience: Int64 = 40_000_000_000

    private var daemons: [Daemon]
    private let root: String
    private let environment: [String]
    private let signals: SignalDescriptor
    private var hurryAt: Int64?
    private var killAt: Int64?
    private let report: (String) -> Void

    /// `components`: what runs, of those that are not held at the time. `binaries`: the directory of the executables.
    /// `report` gets a line for people.
    init(
        root: String, components: [Component], binaries: String, environment: [String],
        report: @escaping (String) -> Void
    ) throws(SystemCallError) {
        self.root = root
        daemons = [(.jobController, SIGTERM), (.dispatcher, SIGQUIT)].filter { components.contains($0.0) }.map {
            Daemon(component: $0, path: "\(binaries)/\($0.rawValue)", hurry: $1)
        }
        self.environment = environment
        self.report = report
        signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP, SIGQUIT])
    }

    /// Runs until the daemons have been told to stop and are gone. True: they ended by themselves in time.
    mutating func run() throws(SystemCallError) -> Bool {
        while true {
            let now = SystemClock.monotonicNanoseconds
            if killAt == nil { startMissing(now: now) }
            if killAt != nil, daemons.allSatisfy({ $0.process == nil }) { return true }
            if let hurryAt, now > hurryAt { hurry() }
            if let killAt, now > killAt {
                for daemon in daemons { daemon.process?.signal(SIGKILL) }
                return false
            }
            waitForEvents()
            takeSignals()
            reap()
        }
    }

    private mutating func startMissing(now: Int64) {
        for index in daemons.indices where daemons[index].process == nil && daemons[index].budget.allowsStart(at: now) {
            if daemons[index].component.isHeld(root) { continue }
            let launch = SupervisedProcess.Launch(path: daemons[index].path, environment: environment)
            do throws(SystemCallError) {
                daemons[index].process = try SupervisedProcess.start(launch, log: nil)
                daemons[index].startedAt = now
            } catch {
                let pause = daemons[index].budget.failed(at: now) / 1_000_000_000
                report("\(daemons[index].name): \(error); next try in \(pause) s")
            }
        }
    }

    private func waitForEvents() {
        var watched = [pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)]
        for case let process? in daemons.map(\.process) {
            watched.append(pollfd(fd: process.exitDescriptor, events: Int16(POLLIN), revents: 0))
        }
        poll(&watched, nfds_t(watched.count), 1000)
    }

    private mutating func takeSignals() {
        while let signal = signals.next() {
            switch signal {
            case SIGHUP:
                for daemon in daemons { daemon.process?.signal(SIGHUP) }
            case SIGTERM, SIGINT:
                if killAt != nil { hurry() } else { stop() }
            default:
                if killAt == nil { stop() }
                hurry()
            }
        }
    }

    private mutating func stop() {
        let now = SystemClock.monotonicNanoseconds
        hurryAt = now + Self.patience
        killAt = now + Self.patience + Self.lastPatience
        for daemon in daemons { daemon.process?.signal(SIGTERM) }
    }

    private mutating func hurry() {
        hurryAt = nil
        for daemon in daemons { daemon.process?.signal(daemon.hurry) }
    }

    private mutating func reap() {
        let now = SystemClock.monotonicNanoseconds
        for index in daemons.indices {
            guard let ending = daemons[index].process?.reap() else { continue }
            daemons[index].process = nil
            if killAt != nil { continue }
            if daemons[index].component.isHeld(root) {
                report("\(daemons[index].name) ended: \(ending); it was stopped and stays so")
                daemons[index].budget.recovered()
                continue
            }
            var pause: Int64 = 0
            if now - daemons[index].startedAt > RestartBudget.shortLife {
                daemons[index].budget.recovered()
            } else {
                pause = daemons[index].budget.failed(at: now) / 1_000_000_000
            }
            report("\(daemons[index].name) ended: \(ending); it is started again" + (pause > 0 ? " in \(pause) s" : ""))
        }
    }
}
