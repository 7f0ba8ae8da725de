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
        case delete(by: String)
        /// The copy with this id has taken its place.
        case requeue(as: MessageID)
    }

    private(set) var settings: JobControllerSettings
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
        /// False once a reload has taken the pool away: its jobs end, nothing new starts in it.
        var isDefined = true
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
        /// The pool in which it holds a slot, whatever the channel's pool is by now; nil for a job of an earlier Job
        /// Controller that only reports what it has.
        var pool: Int?
        /// It was starting when the configuration changed, and may have read the former one.
        var isOutdated = false
    }

    struct ThreadState {
        var host: Int32
        /// Entries taken for this host in a row.
        var run: Int
    }

    package init(settings: JobControllerSettings) {
        self.settings = settings.bounded
        for (name, limit) in self.settings.pools.sorted(by: { $0.key < $1.key }) {
            pools.append(PoolState(name: name, limit: limit))
        }
        for name in self.settings.channels.keys.sorted() { _ = channel(name) }
    }

    /// A reload: the settings count from now on, and every job makes room for one that reads the configuration as it is.
    /// Entries, their attempts and times, stress, stopped channels and the slots of running jobs stay as they are.
    /// Entries that are queued already keep the host queue they are in when `anon_host` changes.
    package mutating func configure(_ new: JobControllerSettings, now: Int64) {
        settings = new.bounded
        for index in pools.indices {
            let limit = settings.pools[pools[index].name]
            pools[index].isDefined = limit != nil
            pools[index].limit = limit ?? 0
            pools[index].channels = []
        }
        for (name, limit) in settings.pools.sorted(by: { $0.key < $1.key })
        where !pools.contains(where: { $0.name == name }) {
            pools.append(PoolState(name: name, limit: limit))
        }
        for index in channels.indices {
            let channelSettings = settings.channels[channels[index].name] ?? ChannelSettings()
            let pool = pool(of: channelSettings)
            channels[index].configure(channelSettings, pool: pool)
            if let pool { pools[pool].channels.append(index) }
            hostsChanged(index)
        }
        for name in settings.channels.keys.sorted() { _ = channel(name) }
        retireAll(now: now)
        tick(now: now)
    }

    private func pool(of channelSettings: ChannelSettings) -> Int? {
        let name = channelSettings.pool ?? settings.defaultPool
        return pools.firstIndex { $0.name == name && $0.isDefined }
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
        let pool = pool(of: channelSettings)
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
        entries[slot].deadline = (new.deliverBy?.rawValue ?? 0) * 1000
        // Mail that is held for a time is not delivered with a warning before that.
        let wake = wakeTime(slot, new.nextAttempt, now)
        let next =
            entries[slot].deadline < 0 && new.nextAttempt > now ? max(wake, min(new.arrival, new.nextAttempt)) : wake
        if new.isHeld {
            enter(slot, .held)
        } else if next > now {
            delay(slot, until: next)
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
