import Glibc
import OptionSyntax
import ProcessPool
import SystemCalls

/// The one thread of the Dispatcher: epoll over listening ports, workers, signals and the command socket.
final class DispatcherLoop {
    let shared: ServiceRunner.Surroundings
    let services: [ServiceRunner]
    let signals: SignalDescriptor
    let commands: CommandSocket
    var clients: [Int: CommandClient] = [:]
    var lastClient = 0
    /// The command socket is not watched until the next second.
    var areCommandsResting = false
    /// Seconds since 1970.
    let began = SystemClock.wallSeconds
    var admission: ConnectionAdmission
    let reload: @Sendable () throws -> ConnectionAdmission
    var isStopping = false
    /// Counts the configurations that this Dispatcher has had: 1, and one more with each reload.
    var generation = 1
    /// Set when the Dispatcher ends without waiting for sessions: when it goes at the latest.
    var leavesAt: Int64?
    /// The new program that is to take the place of this one.
    var upgrade: Upgrade?
    /// The counts of `conn_throttle`, for the new program.
    var throttle: ThrottleCallout?
    /// The locked pid file, for the new program; -1 without one.
    var pidFile: Int32 = -1
    /// Who wants to know that the Dispatcher serves and lives; nil when nobody does.
    private let manager = ServiceManager()
    /// Held so that there is always a descriptor with which to accept and close when all are used up.
    private var reserve: OwnedDescriptor?
    private var lastShortageReport: Int64?
    private var nextTick: Int64 = 0
    /// Names of the listening sockets that systemd keeps.
    private var stored: Set<String> = []

    init(
        _ shared: ServiceRunner.Surroundings, signals: SignalDescriptor, commands: consuming CommandSocket,
        reload: @escaping @Sendable () throws -> ConnectionAdmission
    ) throws {
        self.shared = shared
        self.signals = signals
        self.commands = commands
        self.reload = reload
        admission = try reload()
        services = shared.settings.services.enumerated().map { index, settings in
            ServiceRunner(settings, index: index, shared: shared)
        }
        reserve = try OwnedDescriptor.open("/dev/null", O_RDONLY)
        try shared.reactor.watch(signals.descriptor, .signals)
        try shared.reactor.watch(self.commands.descriptor, .commands)
    }

    private var log: DispatcherLog { shared.log }

    func startServices(at now: Int64) {
        var inherited = shared.settings.inheritedListeners
        for service in services { service.adoptListeners(&inherited) }
        // Before ports are bound: a socket for other addresses may have the port of one of them.
        for listener in inherited { giveUp(listener) }
        for service in services { service.start(at: now) }
        for service in services { service.resumeAdmissions(at: now) }
        storeListeners()
    }

    /// A listening socket that no service has, or none any more.
    private func giveUp(_ listener: InheritedListener) {
        let what = Sockets.isListening(listener.descriptor) ? "listening socket" : "inherited descriptor"
        log.notice("\(what) \(Sockets.localAddress(listener.descriptor)) belongs to no service: closed")
        if let address = listener.configured, !listener.isActivated {
            manager?.forget(InheritedListener.storedName(address))
            // systemd may have a copy yet, and the port is to be free at once.
            shutdown(listener.descriptor, Int32(SHUT_RDWR))
        }
        close(listener.descriptor)
    }

    /// Brings what systemd keeps for a successor up to date: when this process ends unexpectedly, clients wait for the next
    /// one instead of being refused. A socket that is closed on purpose leaves the store.
    func storeListeners() {
        guard let manager, manager.storeSize > 0 else { return }
        var open: Set<String> = []
        for port in services.flatMap(\.ports) where !port.isActivated {
            guard let descriptor = port.descriptor, open.count < manager.storeSize else { continue }
            let name = InheritedListener.storedName(port.address)
            if !stored.contains(name) { manager.store(descriptor, name) }
            open.insert(name)
        }
        for name in stored.subtracting(open) { manager.forget(name) }
        stored = open
    }

    /// Serves until every service has stopped.
    func run() throws(SystemCallError) {
        var ready: [(source: EventSource, event: Poller.Event)] = []
        nextTick = SystemClock.monotonicNanoseconds + seconds(1)
        let watch = startWatch()
        defer { watch.end() }
        while !(isStopping && (services.allSatisfy(\.isFinished) || mayLeave)) {
            let before = SystemClock.monotonicNanoseconds
            watch.turned()
            manager?.turned(at: before)
            for service in services { service.watchPorts(at: before) }
            let next = services.reduce(nextTick) { min($0, $1.nextAdmission) }
            let waiting = max(0, next - before) / 1_000_000 + 1
            try shared.reactor.wait(milliseconds: Int32(clamping: waiting), into: &ready)
            let now = SystemClock.monotonicNanoseconds
            for (source, event) in ready { handle(source, event, at: now) }
            for service in services { service.expireAdmissions(at: now) }
            if now >= nextTick {
                nextTick = now + seconds(1)
                for service in services { service.tick(at: now) }
                shared.desk.idents.expire(at: now)
                restoreReserve()
                expireClients(at: now)
                storeListeners()
            }
            continueUpgrade(at: now)
        }
    }

    /// A Dispatcher that hangs takes no connection and hands none on; one that has ended is started again.
    private func startWatch() -> LoopWatch {
        let limit = shared.settings.stallLimit
        let path = log.path
        return LoopWatch.start(checks: limit) {
            // Logging may be what hangs.
            alarm(5)
            DispatcherLog.lastWords(
                "the main loop has not turned for \(limit) seconds: the Dispatcher aborts", in: path)
            abort()
        }
    }

    func tellReady() {
        manager?.ready("serves \(services.filter(\.isStarted).map(\.settings.name).joined(separator: " "))")
    }

    private func handle(_ source: EventSource, _ event: Poller.Event, at now: Int64) {
        switch source {
        case .signals: while let signal = signals.next() { handle(signal: signal, at: now) }
        case .commands: acceptClient()
        case .upgradeCheck: break
        case .commandClient(let number): serveClient(number, event, at: now)
        case .listener(let service, let port):
            guard services.indices.contains(service) else { return }
            let end = services[service].acceptBurst(port: port, admission, at: now)
            if end == .outOfDescriptors { sacrificeReserve(service, port, at: now) }
        case .worker(let service, let number):
            if services.indices.contains(service) { services[service].hear(WorkerID(number), event, at: now) }
        case .workerExit(let service, let number):
            if services.indices.contains(service) { services[service].checkEnd(WorkerID(number), at: now) }
        case .lists: heardLists(at: now)
        case .ident(let number):
            guard let answer = shared.desk.idents.serve(number, event) else { return }
            let id = answer.connection
            if services.indices.contains(id.service) { services[id.service].identified(id.connection, as: answer.user) }
        }
    }

    private func heardLists(at now: Int64) {
        for answer in shared.desk.lists?.collect(at: now) ?? [] {
            let id = answer.waiter.connection
            guard services.indices.contains(id.service) else { continue }
            services[id.service].heard(answer.verdict, from: answer.waiter.list, id.connection, at: now)
        }
    }

    /// No descriptor is left: the client at the head of the queue is closed, so that it does not wait in vain. The
    /// others wait: the port rests for a while, so that the loop does not spin and not everybody is closed.
    private func sacrificeReserve(_ service: Int, _ number: Int, at now: Int64) {
        let port = services[service].ports[number]
        if reserve != nil {
            reserve = nil
            if let listener = port.descriptor, case .connection(let socket, _) = Sockets.accept(listener) {
                close(socket)
            }
            restoreReserve()
        }
        if now - (lastShortageReport ?? 0) >= seconds(10) || lastShortageReport == nil {
            lastShortageReport = now
            log.error(
                "no file descriptor is left: clients wait or are closed; raise the limit (LimitNOFILE, ulimit -n)")
        }
    }

    private func restoreReserve() {
        if reserve == nil { reserve = try? OwnedDescriptor.open("/dev/null", O_RDONLY) }
    }

    // MARK: Signals and orders

    /// Dispatcher specification, section 8 item 8.
    private func handle(signal: Int32, at now: Int64) {
        log.debug(.main, "got signal \(signal)")
        switch signal {
        case SIGTERM, SIGINT: shutDown(at: now)
        case SIGHUP: _ = reloadAll(at: now)
        case SIGQUIT:
            log.notice("aborts: every session is closed now")
            manager?.stopping("closes every session")
            isStopping = true
            for service in services { service.abort(at: now) }
            storeListeners()
        case SIGUSR1:
            for service in services { log.notice("statistics: \(service.status.text)") }
        default: break
        }
    }

    func shutDown(at now: Int64) {
        guard !isStopping else { return }
        log.notice("shuts down: no new connections, sessions may finish")
        manager?.stopping("no new connections, sessions may finish")
        isStopping = true
        for service in services { service.stop(at: now) }
        storeListeners()
    }

    /// Ends without waiting for sessions: the workers have been told to drain and finish them on their own, so that a
    /// new Dispatcher can bind at once (dispatcher specification, section 8, rule 4).
    func leave(at now: Int64) {
        shutDown(at: now)
        leavesAt = now + seconds(10)
    }

    /// Nothing is on its way to a worker any more, or it takes too long.
    private var mayLeave: Bool {
        guard let leavesAt else { return false }
        return services.allSatisfy(\.isQuiet) || SystemClock.monotonicNanoseconds >= leavesAt
    }

    /// Reads access control again and tells every worker. A failure leaves the old rules in force; returns its text.
    func reloadAll(at now: Int64) -> String? {
        manager?.reloading(at: now)
        defer { if !isStopping { tellReady() } }
        do {
            admission = try reload()
        } catch {
            log.error("reload failed, the old configuration stays in force: \(error)")
            // Dispatcher specification, section 8, rule 6.
            shared.desk.announce(
                "BADCONFIGLOAD, Attempt to load new configuration failed.",
                severity: shared.settings.noticeSeverity)
            return "\(error)"
        }
        generation += 1
        for service in services { service.reload(generation, at: now) }
        log.notice("configuration reloaded, generation \(generation)")
        for option in shared.settings.unapplied() { log.notice("\(option) has changed and needs a restart to count") }
        return nil
    }
}
