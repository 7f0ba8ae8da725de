import Glibc
import MasterKit
import ProcessPool
import Spool
import SystemCalls
import TransactionLog

/// The shell around the schedule: one thread that waits for jobs, enqueuing processes, commands, ends of processes
/// and the ledger, tells the schedule of each, and executes what it decides.
final class JobControllerLoop {
    enum Kind: UInt64 { case signals = 1, durable, listener, commands, job, jobEnd, peer, client, task }

    /// Microseconds in which notices and reports gather after a round.
    private static let gathering: UInt32 = 1000

    private(set) var settings: JobControllerSettings
    private let configuration: JobControllerService.Configuration
    let options: JobControllerOptions
    let store: any DeliveryStore
    let log: JobControllerLog
    let signals: SignalDescriptor
    var schedule: DeliverySchedule
    var tasks: TaskSchedule
    /// Running tasks, by the number of their token.
    var taskProcesses: [UInt32: TaskProcess] = [:]
    let taskFile: TaskFile
    let rolloverWork = RolloverWork()
    var poller: Poller
    let listener: OwnedDescriptor
    let commandSocket: CommandSocket
    let acknowledgements: Acknowledgements
    var stopped: StoppedChannels
    /// Who wants to know that the Job Controller works and lives; nil when nobody does.
    let manager = ServiceManager()
    let readiness = "delivers"

    /// Running jobs, and processes of a former Job Controller, by the id that the schedule knows.
    var parties: [JobID: WorkParty] = [:]
    /// Connections on the listener.
    var peers: [UInt32: Peer] = [:]
    var clients: [UInt32: CommandClient] = [:]
    private var lastNumber: UInt32 = 0
    var dirty: Set<JobID> = []
    /// Nil when the file cannot be had: then nothing is counted.
    let traffic: TrafficCounters?
    /// Entries that have ended since midnight.
    var processedToday = 0
    private var today: Int64 = 0

    /// What operators said when they returned entries, until these have ended.
    var returnReasons: [QueueEntryKey: String] = [:]

    /// When dead writers are looked for next, milliseconds since 1970.
    var adoptAt: Int64 = 0
    private var resumeAt: Int64?
    private var shutdownAt: Int64?
    private var nextSecond: Int64 = 0
    private var hadTrouble = false

    /// `configuration` reads the settings anew for a reload.
    init(
        settings: JobControllerSettings, options: JobControllerOptions, store: any DeliveryStore,
        log: JobControllerLog, signals: SignalDescriptor, configuration: @escaping JobControllerService.Configuration
    ) throws(SystemCallError) {
        self.settings = settings.bounded
        self.configuration = configuration
        self.options = options
        self.store = store
        self.log = log
        self.signals = signals
        log.debugs = JobControllerDebug(rawValue: settings.debug)
        tasks = TaskSchedule(history: Self.taskHistory(options))
        taskFile = TaskFile(options.tasksPath, log: log)
        schedule = DeliverySchedule(settings: settings)
        stopped = StoppedChannels(path: options.stoppedPath)
        traffic = TrafficCounters(path: options.countersPath)
        if traffic == nil { log.write("error: \(options.countersPath) cannot be used: nothing is counted") }
        acknowledgements = try Acknowledgements()
        listener = try UnixSockets.listen(options.socketPath, .sequencedPacket)
        commandSocket = try CommandSocket(options.commandSocketPath)
        poller = try Poller()
        try poller.add(signals.descriptor, token: Self.token(.signals))
        try poller.add(acknowledgements.descriptor, token: Self.token(.durable))
        try poller.add(listener.number, token: Self.token(.listener))
        try poller.add(commandSocket.descriptor, token: Self.token(.commands))
    }

    deinit { unlink(options.socketPath) }

    static func token(_ kind: Kind, _ number: UInt32 = 0) -> UInt64 { kind.rawValue << 32 | UInt64(number) }

    /// Milliseconds since 1970.
    var now: Int64 { SystemClock.wallNanoseconds / 1_000_000 }

    func newNumber() -> UInt32 {
        lastNumber &+= 1
        return lastNumber
    }

    /// Fills the index. `mayHaveOrphans`: the former Job Controller did not end orderly, and its jobs may still work.
    func start(_ entries: [RecoveredEntry], mayHaveOrphans: Bool) throws(SystemCallError) {
        schedule.localOffset = LocalClock.system.offset(now / 1000) * 1000
        schedule.pause()
        if mayHaveOrphans { resumeAt = now + options.recoveryGrace }
        for target in stopped.targets { stop(target) }
        take(entries, areNew: false)
        refillStored()
        if !mayHaveOrphans { schedule.resume(now: now) }
        execute()
    }

    /// Until SIGTERM, and after it until the jobs have ended or the limit is reached.
    func run() throws(SystemCallError) {
        while true {
            var ready: [UInt64] = []
            manager?.turned(at: SystemClock.monotonicNanoseconds)
            try poller.wait(milliseconds: waitTime()) { ready.append($0.token) }
            for token in ready { handle(token) }
            if isDue(nextSecond, atMost: 1000) { everySecond() }
            execute()
            // What comes in meanwhile is handled in one go: under load this halves the work for each message, and an idle
            // Job Controller still acts on the first notice at once.
            if !ready.isEmpty { usleep(Self.gathering) }
            if let shutdownAt, schedule.jobCount == 0 || isDue(shutdownAt, atMost: options.shutdownLimit) { break }
        }
        if schedule.jobCount > 0 {
            log.write("\(schedule.jobCount) jobs go on by themselves and report to the next Job Controller")
        }
        taskFile.write()
        store.snapshotIfDue(now: now / 1000, force: true)
    }

    /// Milliseconds until there is something to do by the clock; a second at most while anything is going on.
    private func waitTime() -> Int32 {
        let time = now
        var next = min(nextSecond, schedule.nextTime(now: time) ?? .max)
        if let resumeAt { next = min(next, resumeAt) }
        return Int32(clamping: min(max(1, next - time), 1000))
    }

    /// Whether the time has come, or lies further ahead than it was ever set: then the clock was set back.
    private func isDue(_ time: Int64, atMost wait: Int64) -> Bool {
        let now = now
        return now >= time || time - now > wait
    }

    private func handle(_ token: UInt64) {
        let number = UInt32(truncatingIfNeeded: token)
        switch Kind(rawValue: token >> 32) {
        case .signals: takeSignals()
        case .durable: takeAcknowledgements()
        case .listener: acceptPeers()
        case .commands: acceptClient()
        case .job: receive(fromJob: number)
        case .jobEnd: jobEnded(number)
        case .peer: receive(fromPeer: number)
        case .client: serve(client: number)
        case .task: taskEnded(number)
        case nil: break
        }
    }

    private func takeSignals() {
        while let signal = signals.next() {
            if signal == SIGHUP { _ = reload() } else { shutDown() }
        }
    }

    /// Channels, pools, classes and limits as they are configured now; the queue stays as it is. Jobs that run finish what
    /// they have in hand and end; those that follow read the configuration too. One with an error changes nothing (unified
    /// configuration specification, section 7). The error, or nil.
    func reload() -> JobControllerService.Refusal? {
        manager?.reloading(at: SystemClock.monotonicNanoseconds)
        defer { if shutdownAt == nil { manager?.ready(readiness) } }
        switch configuration() {
        case .failure(let refusal):
            log.write("error: reload failed, the old configuration stays in force: \(refusal)")
            return refusal
        case .success(let new):
            log.write("reload: \(new.channels.count) channels; \(schedule.jobCount) jobs are replaced")
            settings = new.bounded
            log.debugs = JobControllerDebug(rawValue: settings.debug)
            schedule.configure(new, now: now)
            tasks.configure(settings.tasks, now: now / 1000)
            return nil
        }
    }

    /// `refresh sched`: the tasks as they are configured now, and nothing else.
    func reloadTasks() -> JobControllerService.Refusal? {
        switch configuration() {
        case .failure(let refusal): return refusal
        case .success(let new):
            settings.tasks = new.tasks
            tasks.configure(new.tasks, now: now / 1000)
            log.write("reload: \(new.tasks.count) tasks")
            return nil
        }
    }

    /// No new jobs; those that run are told to finish what they have in hand.
    func shutDown() {
        guard shutdownAt == nil else { return }
        log.write("stopping: \(schedule.jobCount) jobs are told to finish")
        manager?.stopping("jobs finish what they have in hand")
        shutdownAt = now + options.shutdownLimit
        schedule.drain()
        endTasks()
    }

    private func everySecond() {
        let time = now
        nextSecond = time + 1000
        if let due = resumeAt, isDue(due, atMost: options.recoveryGrace) {
            resumeAt = nil
            schedule.resume(now: time)
        }
        schedule.localOffset = LocalClock.system.offset(time / 1000) * 1000
        let day = (time + schedule.localOffset) / 86_400_000
        if day != today { (today, processedToday) = (day, 0) }
        schedule.tick(now: time)
        killUnreachable()
        closeSilentClients()
        if isDue(adoptAt, atMost: 60_000) {
            adoptAt = time + 60_000
            take(store.adoptDeadWriters())
        }
        store.freeSpaceWork(now: time / 1000)
        store.snapshotIfDue(now: time / 1000, force: false)
        for report in store.takeReports() { log.write("error: \(report)") }
        if let trouble = store.trouble {
            if !hadTrouble { log.write("error: the ledger cannot be written: \(trouble); outcomes wait") }
            hadTrouble = true
        } else if hadTrouble {
            hadTrouble = false
            log.write("the ledger can be written again")
        }
        runTasks()
    }

    /// Entries that have become known.
    func take(_ entries: [RecoveredEntry], areNew: Bool = true) {
        let time = now
        for entry in entries {
            if areNew { countReceived(entry) }
            schedule.known(
                NewEntry(
                    key: entry.key, channel: entry.channel, host: entry.host, priority: entry.priority,
                    // What the client asked to have held (RFC 4865) ages from its release on.
                    arrival: max(entry.arrival, entry.notBefore * 1000), pending: entry.pending.count,
                    attempts: entry.attempts,
                    nextAttempt: max(entry.notBefore, entry.nextTime) * 1000, isHeld: entry.heldReason != nil,
                    deliverBy: entry.deliverBy, warned: entry.warned), now: time)
            log.debug(areNew ? .messages : .recovery, "known: \(entry)")
        }
    }
}
