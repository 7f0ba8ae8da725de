import Envelope
import MasterKit
import Spool

@testable import JobController

/// What ought to be the case, kept apart from the schedule: plain lists, no heaps, no sums.
struct ScheduleModel {
    enum State: Equatable {
        case queued
        case inHand(JobID)
        case held
        case ended
    }

    struct Entry {
        var channel: String
        var host: String
        var priority: Priority
        var arrival: Int64
        var pending: Int
        var state = State.queued
        /// Not before this time.
        var due: Int64
        var attempts = 0
        var deaths = 0
        var isFirst = false
        var holdsAfterAttempt = false
    }

    struct Job {
        var channel: String
        var pool: String?
        var hasAsked = false
        var isTold = false
        /// What each thread that works has, in the order in which it got it.
        var hands: [UInt32: [QueueEntryKey]] = [:]
        /// How many entries each waiting thread takes.
        var waiting: [UInt32: Int] = [:]

        var keys: [QueueEntryKey] { hands.keys.sorted().flatMap { hands[$0] ?? [] } }
    }

    struct Violation: Error { var text: String }

    var schedule: DeliverySchedule
    var random: SeededRandom
    var now: Int64 = 1_700_000_000_000
    var entries: [QueueEntryKey: Entry] = [:]
    var jobs: [JobID: Job] = [:]
    var stopped: Set<StoppedChannels.Target> = []
    /// Changes that the schedule has to have recorded, in order, and those that it has.
    var expected: [String] = []
    var recorded: [String] = []
    var lastKey = 0

    static let channels = ["tcp_local", "ims-ms", "reprocess"]

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        schedule = DeliverySchedule(settings: Self.settings(&random))
    }

    static func settings(_ random: inout SeededRandom) -> JobControllerSettings {
        var settings = JobControllerSettings(pools: ["DEFAULT": Int.random(in: 1...4, using: &random), "OTHER": 1])
        for (name, threads, isSorted) in [("tcp_local", 3, true), ("ims-ms", 3, false), ("reprocess", 1, false)] {
            var channel = ChannelSettings()
            channel.masterCommand = "/bin/master"
            channel.clientThreads = threads
            channel.isHostSorted = isSorted
            channel.threadDepth = Int.random(in: 1...4, using: &random)
            channel.maximumJobs = Int.random(in: 1...3, using: &random)
            channel.maximumLifeConnections = Int.random(in: 5...50, using: &random)
            channel.entriesPerJob = Int.random(in: 0...2, using: &random)
            if Int.random(in: 0..<4, using: &random) == 0 { channel.pool = "OTHER" }
            settings.channels[name] = channel
        }
        return settings
    }

    func require(_ isRight: Bool, _ text: @autoclosure () -> String) throws(Violation) {
        if !isRight { throw Violation(text: text()) }
    }

    func isStopped(_ entry: Entry) -> Bool {
        stopped.contains(.init(entry.channel)) || stopped.contains(.init(entry.channel, host: entry.host))
    }

    // MARK: What the schedule decides

    /// Takes the actions and checks each against the model.
    mutating func settle() throws(Violation) {
        while true {
            let actions = schedule.takeActions()
            if actions.isEmpty { return }
            for action in actions { try take(action) }
        }
    }

    private mutating func take(_ action: DeliverySchedule.Action) throws(Violation) {
        switch action {
        case .startJob(let job, let channel): try started(job, channel)
        case .assign(let job, let thread, let list): try assigned(job, thread, list)
        case .noWork(let job, let thread):
            try require(jobs[job]?.waiting[thread] != nil, "no work for thread \(thread) of \(job), which did not ask")
        case .tellExit(let job):
            try require(jobs[job]?.isTold == false, "job \(job) is told twice, or is not there")
            jobs[job]?.isTold = true
            jobs[job]?.waiting = [:]
        case .kill(let job): die(job)
        case .record(let key, let change, _): recorded.append(Self.text(key, change))
        case .quarantine(let key, _, _): recorded.append("\(key) quarantine")
        case .acknowledge, .report: break
        }
    }

    static func text(_ key: QueueEntryKey, _ change: DeliverySchedule.LedgerChange) -> String {
        switch change {
        case .done: "\(key) done"
        case .requeue(let copy): "\(key) requeue \(copy)"
        case .attempt(_, let attempts, let next, _): "\(key) attempt \(attempts) \(next)"
        case .hold: "\(key) hold"
        case .release: "\(key) release"
        case .delete: "\(key) delete"
        }
    }

    private mutating func started(_ job: JobID, _ channel: String) throws(Violation) {
        guard let settings = schedule.settings.channels[channel] else { throw Violation(text: "no channel \(channel)") }
        let pool = settings.pool ?? schedule.settings.defaultPool
        jobs[job] = Job(channel: channel, pool: pool)
        try require(!stopped.contains(.init(channel)), "a job of stopped channel \(channel) is started")
        let inPool = jobs.values.count { $0.pool == pool }
        try require(inPool <= schedule.settings.pools[pool] ?? 0, "\(inPool) jobs in pool \(pool)")
        let mine = jobs.values.count { $0.channel == channel && $0.pool != nil }
        try require(mine <= settings.maximumJobs, "\(mine) jobs of \(channel)")
    }

    private mutating func assigned(
        _ job: JobID, _ thread: UInt32, _ list: [DeliverySchedule.Assignment]
    ) throws(Violation) {
        guard let state = jobs[job], let most = state.waiting[thread] else {
            throw Violation(text: "thread \(thread) of \(job) gets what it did not ask for")
        }
        try require(!state.isTold && !list.isEmpty && list.count <= most, "job \(job) gets \(list.count) of \(most)")
        try require(Set(list.map(\.host)).count == 1, "a thread gets entries of several hosts")
        let first = list.first.flatMap { entries[$0.key] }
        for item in list {
            guard let entry = entries[item.key] else { throw Violation(text: "\(item.key) is not known") }
            try require(entry.state == .queued, "\(item.key) is handed out, and is \(entry.state)")
            try require(entry.due <= now, "\(item.key) is handed out \(entry.due - now) ms too early")
            try require(entry.channel == state.channel && !isStopped(entry), "\(item.key): wrong or stopped channel")
            try require(entry.attempts == item.attempts, "\(item.key): \(item.attempts) for \(entry.attempts) attempts")
            entries[item.key]?.state = .inHand(job)
            entries[item.key]?.isFirst = false
        }
        if let first { try checkOrder(first, of: state.channel) }
        jobs[job]?.waiting[thread] = nil
        jobs[job]?.hands[thread, default: []] += list.map(\.key)
    }

    /// Inside a host: priority, then oldest.
    private func checkOrder(_ first: Entry, of channel: String) throws(Violation) {
        let isSorted = schedule.settings.channels[channel]?.isHostSorted ?? false
        for (key, other) in entries where other.state == .queued && other.channel == channel {
            guard !isSorted || other.host == first.host, schedule.status(of: key)?.state == "ready" else { continue }
            let (mine, theirs) = (
                first.isFirst ? 0 : first.priority.rawValue + 1, other.isFirst ? 0 : other.priority.rawValue + 1
            )
            try require((mine, first.arrival) <= (theirs, other.arrival), "\(key) is passed over within its host")
        }
    }

    // MARK: What happens to jobs

    /// The entry that each thread got first is what the job may have died of.
    mutating func die(_ job: JobID) {
        guard let state = jobs.removeValue(forKey: job) else { return }
        for keys in state.hands.values {
            for (place, key) in keys.enumerated() {
                guard var entry = entries[key] else { continue }
                if state.pool != nil, place == 0 { entry.deaths += 1 }
                if entry.holdsAfterAttempt || entry.deaths >= 3 {
                    hold(&entry)
                    expected.append("\(key) hold")
                } else {
                    entry.state = .queued
                    entry.due = now
                }
                entries[key] = entry
            }
        }
        schedule.jobExited(job, now: now)
    }

    func hold(_ entry: inout Entry) {
        entry.state = .held
        entry.deaths = 0
        entry.holdsAfterAttempt = false
    }

    /// Takes an entry out of the hands of its job.
    mutating func drop(_ key: QueueEntryKey, from job: JobID) {
        guard let hands = jobs[job]?.hands else { return }
        for (thread, keys) in hands where keys.contains(key) {
            let rest = keys.filter { $0 != key }
            jobs[job]?.hands[thread] = rest.isEmpty ? nil : rest
        }
    }

    // MARK: Comparing

    mutating func check() throws(Violation) {
        try require(recorded.sorted() == expected.sorted(), "recorded \(recorded), expected \(expected)")
        recorded = []
        expected = []
        let alive = entries.values.count { $0.state != .ended }
        try require(schedule.count == alive, "\(schedule.count) entries, not \(alive)")
        for status in schedule.channelStatus() {
            let mine = entries.values.filter { $0.channel == status.name }
            let active = mine.count { if case .inHand = $0.state { true } else { false } }
            try require(status.active == active, "\(status.active) active in \(status.name), not \(active)")
            try require(status.held == mine.count { $0.state == .held }, "\(status.held) held in \(status.name)")
            let queued = mine.count { $0.state == .queued }
            try require(status.ready + status.delayed == queued, "\(status) but \(queued) queued")
        }
        try require(schedule.jobCount == jobs.count, "\(schedule.jobCount) jobs, not \(jobs.count)")
        try checkSums()
    }

    /// The sums of the schedule against plain recounting.
    private func checkSums() throws(Violation) {
        for (number, channel) in schedule.channels.enumerated() {
            var ready: [Int32: Int] = [:]
            for entry in schedule.entries.slots where Int(entry.channel) == number && entry.state == .ready {
                ready[entry.host, default: 0] += 1
            }
            var threads: [Int32: Int] = [:]
            for (id, job) in schedule.jobs where job.channel == number {
                let ended = jobs[id]?.isTold == true ? job.threads.keys.filter { jobs[id]?.hands[$0] == nil } : []
                try require(ended.isEmpty, "threads \(ended) of job \(id), which was told to exit, serve hosts")
                for thread in job.threads.values { threads[thread.host, default: 0] += 1 }
            }
            for (index, host) in channel.hosts.enumerated() {
                let slot = Int32(index)
                try require(host.ready == ready[slot] ?? 0, "\(host.ready) ready for \(host.name)")
                try require(host.threads == threads[slot] ?? 0, "\(host.threads) threads for \(host.name)")
            }
            try require(channel.wanted == channel.hosts.reduce(0) { $0 + $1.wanted }, "sum of the wanted threads")
            let waiting = channel.hosts.count { $0.wanted > 0 && $0.threads == 0 }
            try require(channel.wantedByUnserved == waiting, "sum of the waiting hosts")
            // Nobody waits who could be served.
            try require(
                channel.isStopped || channel.wanted == 0 || channel.parked.isEmpty, "idle threads of \(channel.name)")
        }
        for pool in schedule.pools {
            let running = jobs.values.count { $0.pool == pool.name }
            try require(pool.running == running, "\(pool.running) jobs in \(pool.name), not \(running)")
        }
    }
}
