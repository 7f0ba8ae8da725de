package import Envelope
package import MasterKit
package import Spool

/// The Job Controller's index of the queue and its rules: which entry is tried when, by which job, and when jobs are
/// started and ended (job-controller specification, 6 and 11). A value without clock, disk or process: each event is
/// a call with the time, in milliseconds since 1970, and what is to be done about it collects as actions.
package struct DeliverySchedule {
    package enum Action: Equatable, Sendable {
        /// Start the channel's master program; it will be known as this job.
        case startJob(JobID, channel: String)
        /// Hand entries to a thread of a job.
        case assign(JobID, thread: UInt32, [Assignment])
        /// Nothing for this thread now; it stays on file and may be assigned entries later.
        case noWork(JobID, thread: UInt32)
        /// No more work: the job finishes what it has and exits.
        case tellExit(JobID)
        /// The job does not do what it should: end it.
        case kill(JobID)
        /// Make a change durable, then acknowledge it to the job.
        case record(QueueEntryKey, LedgerChange, from: JobID?)
        /// A job found the record damaged: set it aside.
        case quarantine(QueueEntryKey, reason: String, from: JobID?)
        /// There is nothing to record: acknowledge at once.
        case acknowledge(QueueEntryKey, to: JobID)
        /// A line for the log.
        case report(String)
    }

    /// One entry handed to a job.
    package struct Assignment: Equatable, Sendable {
        package var key: QueueEntryKey
        /// Unsuccessful attempts so far.
        package var attempts: Int
        package var notice: EntryNotice
        /// Name of the host queue; empty when the channel is not sorted by host.
        package var host: String
    }

    /// A change of an entry that must survive a crash.
    package enum LedgerChange: Equatable, Sendable {
        /// Every recipient is settled: the entry ends.
        case done([RecipientOutcome])
        /// Some or none settled; `next` in milliseconds since 1970.
        case attempt([RecipientOutcome], attempts: Int, next: Int64, warned: Int)
        case hold(reason: String)
        case release
        case delete
    }

    let settings: JobControllerSettings
    var entries = EntryTable()
    var channels: [ChannelQueue] = []
    var channelIndex: [String: Int] = [:]
    var pools: [PoolState] = []
    var jobs: [JobID: JobState] = [:]
    var actions: [Action] = []
    private var lastJob: JobID = 0
    /// No jobs are started and no work is handed out any more.
    package private(set) var isDraining = false
    /// Nothing is handed out or started yet: processes of an earlier Job Controller may still say what they have.
    package private(set) var isPaused = false
    /// Milliseconds that local time is ahead of UTC, for delivery windows.
    package var localOffset: Int64 = 0

    /// One pool of job slots.
    struct PoolState {
        var name: String
        var limit: Int
        var running = 0
        var channels: [Int] = []
    }

    /// One job, from the decision to start it until its process has ended.
    struct JobState {
        enum Phase { case starting, running, retiring, told }

        var channel: Int
        var started: Int64
        var phase = Phase.starting
        /// What each busy thread serves.
        var threads: [UInt32: ThreadState] = [:]
        /// Slots of the entries it has.
        var active: Set<Int32> = []
        /// Entries handed to it so far.
        var handed = 0
        /// Since when no thread has been busy.
        var idleSince: Int64
        /// False for a job of an earlier Job Controller that only reports what it has.
        var holdsSlot = true
    }

    struct ThreadState {
        var host: Int32
        /// Entries taken for this host in a row.
        var run: Int
    }

    package init(settings: JobControllerSettings) {
        self.settings = settings
        for (name, limit) in settings.pools.sorted(by: { $0.key < $1.key }) {
            pools.append(PoolState(name: name, limit: max(0, limit)))
        }
        for name in settings.channels.keys.sorted() { _ = channel(name) }
    }

    /// Takes what is to be done, in order.
    package mutating func takeActions() -> [Action] {
        let taken = actions
        actions.removeAll(keepingCapacity: false)
        return taken
    }

    /// Entries in the index.
    package var count: Int { entries.count }

    /// Index of the channel's queue, made when it is new. A channel that is not configured has no program.
    mutating func channel(_ name: String) -> Int {
        if let known = channelIndex[name] { return known }
        let channelSettings = settings.channels[name] ?? ChannelSettings()
        let poolName = channelSettings.pool ?? settings.defaultPool
        let pool = pools.firstIndex { $0.name == poolName }
        let index = channels.count
        channels.append(ChannelQueue(name: name, settings: channelSettings, pool: pool))
        channelIndex[name] = index
        if let pool { pools[pool].channels.append(index) }
        return index
    }

    /// An entry has become known, by a notice or at recovery. One that is known already changes nothing.
    package mutating func known(_ new: NewEntry, now: Int64) {
        guard entries.slot(of: new.key) == nil else { return }
        let channel = self.channel(new.channel)
        let host = channels[channel].host(new.host)
        channels[channel].hosts[Int(host)].entries += 1
        let slot = entries.insert(
            ScheduledEntry(
                key: new.key, arrival: new.arrival, channel: Int32(channel), host: host,
                pending: Int32(clamping: max(1, new.pending)), attempts: UInt16(clamping: new.attempts),
                priority: new.priority, warned: UInt8(clamping: new.warned)))
        if new.isHeld {
            enter(slot, .held)
        } else if new.nextAttempt > now {
            delay(slot, until: new.nextAttempt)
        } else {
            enter(slot, .ready)
        }
        evaluate(channel, now)
    }

    mutating func newJobID() -> JobID {
        lastJob &+= 1
        return lastJob
    }

    /// Shutdown: every job is told to finish what it has and to exit; nothing more is started or handed out.
    package mutating func drain() {
        isDraining = true
        for job in jobs.keys.sorted() { retire(job) }
    }

    package mutating func pause() { isPaused = true }

    package mutating func resume(now: Int64) {
        isPaused = false
        tick(now: now)
    }

    package var jobCount: Int { jobs.count }
}
