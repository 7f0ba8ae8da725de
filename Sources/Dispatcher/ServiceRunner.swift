import Glibc
import ProcessPool
import SystemCalls

/// One service at work: executes what its ``ServicePool`` decides, with sockets and processes.
/// Confined to the Dispatcher's thread.
final class ServiceRunner {
    /// What all services share.
    struct Surroundings {
        let reactor: Reactor
        let log: DispatcherLog
        let settings: DispatcherSettings
        let desk: AdmissionDesk
    }

    let settings: ServiceSettings
    let index: Int
    let shared: Surroundings
    let ports: [ListeningPort]
    let rules: AdmissionRules
    var pool: ServicePool
    var processes: [WorkerID: SupervisedProcess] = [:]
    /// Workers that said `HELO`, with the version of their image.
    var greetings: [WorkerID: String] = [:]
    var held: [ConnectionID: HeldConnection] = [:]
    /// Connections in admission that wait for something.
    var applicants: [ConnectionID: Applicant] = [:]
    /// When the first wait of ``applicants`` is over, or earlier.
    var nextAdmission = Int64.max
    /// Which configuration the Dispatcher has, and which each worker was told to read last; 0: one of a Dispatcher before
    /// this one.
    private(set) var generation = 1
    var generations: [WorkerID: Int] = [:]
    /// The log file of each worker that this process started.
    var outputs: [WorkerID: String] = [:]
    /// Wall-clock seconds at which workers were started, for the status.
    var births: [WorkerID: Int64] = [:]
    /// Who is connected and who was, for the statistics.
    var journal: ConnectionJournal
    var minutes = MinuteReport()
    /// Why the service does not run at all: its image is missing.
    private(set) var obstacle: String?
    /// True once the service was started.
    private(set) var isStarted = false

    init(_ settings: ServiceSettings, index: Int, shared: Surroundings) {
        self.settings = settings
        self.index = index
        self.shared = shared
        ports = ListeningPort.ports(of: settings)
        journal = ConnectionJournal(
            historicalTime: settings.historicalTime, services: shared.settings.services.count)
        rules = AdmissionRules(settings, shared.settings.deadlines)
        pool = ServicePool(limits: settings.limits(shared.settings.deadlines), listeners: ports.count)
    }

    var log: DispatcherLog { shared.log }

    /// Opens the ports and starts the workers. A missing image holds the service down with a line that says so.
    func start(at now: Int64) {
        guard !ports.isEmpty else { return log.notice("service \(settings.name) has no ports: disabled") }
        // Workers that were taken over finish their sessions, whatever became of the image.
        guard Files.isExecutable(settings.image) || !pool.workers.isEmpty else {
            let text = "\(settings.image) is not an executable file; correct IMAGE or install it"
            obstacle = text
            return log.error("service \(settings.name) is held down: \(text), then restart \(settings.name)")
        }
        obstacle = nil
        isStarted = true
        guard pool.phase == .serving else {
            closePorts()
            return log.notice("service \(settings.name) was stopped and stays so until the dispatcher is restarted")
        }
        let limits = pool.limits
        log.notice(
            "service \(settings.name) starts: image \(settings.image), "
                + "ports \(ports.map { $0.address.description }.joined(separator: " ")), "
                + "MIN_PROCS \(limits.minProcs), MAX_PROCS \(limits.maxProcs), MIN_CONNS \(limits.minConns), "
                + "MAX_CONNS \(limits.maxConns), backlog \(settings.listenBacklog)")
        log.debug(.configuration, settings.optionText)
        openPorts(at: now)
        perform(pool.start(at: now), at: now)
    }

    /// Once a second.
    func tick(at now: Int64) {
        guard isStarted else { return }
        if pool.phase == .serving { openPorts(at: now) }
        perform(pool.tick(at: now), at: now)
        tickStatistics(at: now)
    }

    /// Binds the ports that are not bound and whose time has come.
    private func openPorts(at now: Int64) {
        for port in ports where port.descriptor == nil && now >= port.nextAttempt {
            let hadFailed = port.failure != nil
            do throws(SystemCallError) {
                try port.open(backlog: settings.listenBacklog, retry: shared.settings.bindRetry, at: now)
                if hadFailed { log.notice("service \(settings.name) listens on \(port.address) now") }
            } catch {
                if !hadFailed {
                    log.error(
                        "service \(settings.name) cannot listen on \(port.address): \(error.reason); "
                            + "trying again every \(shared.settings.bindRetry / 1_000_000_000) seconds")
                }
            }
        }
    }

    /// Takes the sockets of the service's ports out of `inherited`.
    func adoptListeners(_ inherited: inout [InheritedListener]) {
        for port in ports {
            do throws(SystemCallError) {
                try port.adopt(from: &inherited, backlog: settings.listenBacklog)
            } catch { log.error("service \(settings.name): BACKLOG is not in force on \(port.address): \(error)") }
        }
    }

    private func closePorts() {
        for port in ports {
            if let number = port.descriptor, port.isWatched { shared.reactor.forget(number) }
            port.close()
        }
    }

    // MARK: Orders

    var isFinished: Bool { !isStarted || pool.isFinished }

    /// True when nothing is on its way: every connection is with a worker that has confirmed it, and every message is
    /// sent.
    var isQuiet: Bool {
        processes.values.allSatisfy { !$0.control.wantsToWrite }
            && pool.connections.values.allSatisfy {
                if case .active = $0.state { true } else { false }
            }
    }

    /// Lets sessions finish; the service returns only with a new Dispatcher.
    func stop(at now: Int64) {
        closePorts()
        guard isStarted else { return }
        log.notice("service \(settings.name) stops")
        perform(pool.stop(at: now), at: now)
    }

    func abort(at now: Int64) {
        closePorts()
        if isStarted { perform(pool.abort(at: now), at: now) }
    }

    func restart(at now: Int64) {
        guard isStarted else { return start(at: now) }
        log.notice("service \(settings.name) restarts: new workers take new connections")
        perform(pool.restart(at: now), at: now)
    }

    /// `RELD` to every worker that is ready; the others get it with their `REDY`.
    func reload(_ generation: Int, at now: Int64) {
        self.generation = generation
        for worker in pool.workers where worker.readyAt != nil { tellGeneration(worker.id, at: now) }
    }

    func tellGeneration(_ id: WorkerID, at now: Int64) {
        generations[id] = generation
        transmit(ControlMessage("RELD"), to: id, at: now)
    }

    // MARK: Listening

    /// Lets the epoll watch exactly the ports from which a connection may be taken now.
    func watchPorts(at now: Int64) {
        for (number, port) in ports.enumerated() where !port.isWatched && now >= port.restUntil {
            guard let socket = port.descriptor, takesConnections(number, at: now) else { continue }
            do throws(SystemCallError) {
                try shared.reactor.watch(socket, .listener(service: index, port: number))
                port.isWatched = true
            } catch {
                port.restUntil = now + Self.acceptRest
                log.error("service \(settings.name) cannot watch \(port.address): \(error)")
            }
        }
    }

    func unwatch(_ port: ListeningPort) {
        if let number = port.descriptor, port.isWatched { shared.reactor.forget(number) }
        port.isWatched = false
    }
}
