import HeapModule

/// A thread of a job that has asked for work and got none: it takes the next entry that the rules give it.
struct ParkedThread {
    var job: JobID
    var thread: UInt32
    /// Most entries it takes at once.
    var count: Int
}

/// Everything the schedule keeps for one channel.
struct ChannelQueue {
    let name: String
    var settings: ChannelSettings
    /// Index of the pool; nil: the pool is not known, the channel is not run.
    var pool: Int?
    var isStopped = false
    var hosts: [HostQueue] = []
    private var freeHosts: [Int32] = []
    private var hostIndex: [String: Int32] = [:]
    private var unserved = Heap<UnservedHost>()
    private var lastTicket: UInt64 = 0
    /// Hosts that at least one thread serves.
    private(set) var served: Set<Int32> = []
    var delayed = Heap<DelayedItem>()
    var parked: [ParkedThread] = []
    var jobs: Set<JobID> = []
    /// Jobs that were started and have not asked for work yet.
    var starting = 0
    var counts = StateCounts()
    /// Sum of the threads wanted over all hosts.
    private(set) var wanted = 0
    /// Hosts that want a thread and have none.
    private(set) var wantedByUnserved = 0
    /// Names in lower case of hosts to which an operator has stopped deliveries.
    private(set) var stoppedHosts: Set<String> = []
    var starts = StartBudget()
    var stress = StressState()
    /// A missing program or pool has been reported.
    var isComplaintMade = false

    init(name: String, settings: ChannelSettings, pool: Int?) {
        self.name = name
        self.settings = settings
        self.pool = pool
    }

    /// A new configuration: programs that were given up or complained about get another chance.
    mutating func configure(_ settings: ChannelSettings, pool: Int?) {
        self.settings = settings
        self.pool = pool
        starts = StartBudget()
        isComplaintMade = false
    }

    /// Entries by state.
    struct StateCounts: Equatable {
        var ready = 0
        var delayed = 0
        var active = 0
        var held = 0
    }

    /// The queue of a host, made when there is none; an empty name for a channel that is not sorted by host.
    mutating func host(_ name: String) -> Int32 {
        let name = settings.isHostSorted ? name : ""
        if let known = hostIndex[name] { return known }
        let index: Int32
        if let reused = freeHosts.popLast() {
            index = reused
            hosts[Int(index)] = HostQueue(name: name)
        } else {
            index = Int32(hosts.count)
            hosts.append(HostQueue(name: name))
        }
        hostIndex[name] = index
        hosts[Int(index)].isStopped = !stoppedHosts.isEmpty && stoppedHosts.contains(name.lowercased())
        return index
    }

    /// Deliveries to a host stop or start; the queues whose ``hostChanged(_:_:_:)`` is due for it.
    mutating func setStopped(host name: String, _ isStopped: Bool) -> [Int32] {
        let name = name.lowercased()
        if isStopped { stoppedHosts.insert(name) } else { stoppedHosts.remove(name) }
        // Names that differ in case alone are one host to the operator.
        let changed = hosts.indices.filter {
            hosts[$0].isStopped != isStopped && !hosts[$0].isGone && hosts[$0].name.lowercased() == name
        }
        for index in changed { hosts[index].isStopped = isStopped }
        return changed.map { Int32($0) }
    }

    /// To be called after every change of a host's ready entries or threads: keeps the sums and the order of turns.
    mutating func hostChanged(_ host: Int32, _ table: EntryTable, _ rule: ThreadRule) {
        let index = Int(host)
        let wantedNow = hosts[index].wantedThreads(rule)
        wanted += wantedNow - hosts[index].wanted
        hosts[index].wanted = wantedNow
        let waits = wantedNow > 0 && hosts[index].threads == 0
        if waits != hosts[index].isWaiting {
            hosts[index].isWaiting = waits
            wantedByUnserved += waits ? 1 : -1
        }
        if hosts[index].threads > 0 {
            served.insert(host)
            hosts[index].ticketRank = .max
        } else {
            served.remove(host)
            giveTicket(host, table)
        }
        if hosts[index].isGone { remove(host) }
    }

    private mutating func giveTicket(_ host: Int32, _ table: EntryTable) {
        let index = Int(host)
        guard !hosts[index].isStopped, let best = hosts[index].first(table) else {
            hosts[index].ticketRank = .max
            return
        }
        guard best.rank < hosts[index].ticketRank else { return }
        // A better rank keeps the place the host has waited for.
        if hosts[index].ticketRank == .max {
            lastTicket += 1
            hosts[index].ticket = lastTicket
        }
        hosts[index].ticketRank = best.rank
        unserved.insert(UnservedHost(rank: best.rank, ticket: hosts[index].ticket, host: host))
        if unserved.count > 2 * hosts.count + 64 {
            unserved = Heap(unserved.unordered.filter { isCurrent($0) })
        }
    }

    private func isCurrent(_ item: UnservedHost) -> Bool {
        let host = hosts[Int(item.host)]
        return host.ticket == item.ticket && host.ticketRank == item.rank && host.threads == 0 && host.ready > 0
    }

    private mutating func remove(_ host: Int32) {
        hostIndex[hosts[Int(host)].name] = nil
        hosts[Int(host)] = HostQueue(name: "")
        freeHosts.append(host)
    }

    /// The unserved host whose turn it is.
    mutating func nextUnserved() -> Int32? {
        while let item = unserved.min {
            if isCurrent(item) { return item.host }
            unserved.removeMin()
        }
        return nil
    }

    /// The served host with the largest backlog per thread that may have another one; with `wantedOnly`, among those
    /// that want it.
    func mostLoaded(wantedOnly: Bool, _ rule: ThreadRule) -> Int32? {
        var best: Int32?
        var load = 0.0
        for index in served {
            let host = hosts[Int(index)]
            guard host.ready > 0, !host.isStopped, host.threads < rule.most(host.standing),
                !wantedOnly || host.wanted > 0
            else { continue }
            let mine = Double(host.ready) / Double(host.threads)
            if mine > load || (mine == load && index < (best ?? .max)) {
                best = index
                load = mine
            }
        }
        return best
    }

    /// The rank of the best entry for which a job might be started, for the order of channels that share a pool. A host
    /// that is served has none started for it, unless the channel is not sorted by host.
    mutating func bestWaitingRank(_ table: EntryTable) -> UInt8 {
        if let host = nextUnserved() { return hosts[Int(host)].ticketRank }
        guard !settings.isHostSorted else { return .max }
        var best = UInt8.max
        for index in served { best = min(best, hosts[Int(index)].first(table)?.rank ?? .max) }
        return best
    }

    mutating func compactDelayed(_ table: EntryTable) {
        if delayed.count > 2 * counts.delayed + 64 {
            delayed = Heap(delayed.unordered.filter { table.isCurrent($0.slot, $0.generation) })
        }
    }
}

/// When jobs of a channel may be started again after some that came to nothing.
struct StartBudget: Equatable {
    private var failures = 0
    private(set) var notBefore: Int64 = 0

    /// A program could not be started, or ended before it asked for work: wait 1, 2, 4 … 60 seconds.
    mutating func failed(now: Int64) {
        failures = min(failures + 1, 10)
        notBefore = now + min(60_000, 500 << Int64(failures))
    }

    /// A pause that would be longer than any was set before the clock was set back.
    func allows(now: Int64) -> Bool { now >= notBefore || (notBefore < .max && notBefore - now > 60_000) }

    mutating func succeeded() { self = StartBudget() }

    /// Exit code 78, configuration error: not started again until the configuration is read again.
    mutating func giveUp() { notBefore = .max }
}

/// Steps by which a channel runs below its configuration because its target is overloaded
/// (job-controller specification, 6.8).
struct StressState: Equatable {
    /// By how many jobs the channel runs below its limit.
    private(set) var fewerJobs = 0
    /// How many times its `threaddepth` counts.
    private(set) var depthFactor = 1
    private var lastReport: Int64?
    /// When the next step of recovery is due.
    private var recoverAt = Int64.max

    var isStressed: Bool { fewerJobs > 0 || depthFactor > 1 }

    /// One step down, unless the report follows another one within `stressblackout`. `limit`: the jobs that the channel
    /// may have unstressed. True when something changed.
    mutating func reported(now: Int64, limit: Int, _ settings: StressSettings) -> Bool {
        if let lastReport, now >= lastReport, now - lastReport < settings.blackout * 1000 { return false }
        lastReport = now
        recoverAt = now + settings.time * 1000
        fewerJobs = min(fewerJobs + settings.jobs, max(0, limit - 1))
        // Beyond this no backlog wants a second thread.
        depthFactor = min(depthFactor * settings.factor, ScheduleBounds.largestCount)
        return true
    }

    /// One step of recovery when its time has come. True when something changed.
    mutating func recover(now: Int64, _ settings: StressSettings) -> Bool {
        // What is further ahead than it was ever set was set before the clock was set back.
        let isOver = now >= recoverAt || recoverAt - now > max(settings.time, settings.recoveryTime) * 1000
        guard isStressed, isOver else { return false }
        recoverAt = now + settings.recoveryTime * 1000
        let before = self
        fewerJobs = max(0, fewerJobs - settings.recoveryJobs)
        depthFactor = max(1, depthFactor / settings.recoveryFactor)
        // Steps of nothing would leave the channel where it is for ever.
        if self == before { (fewerJobs, depthFactor) = (0, 1) }
        return true
    }

    func maximumJobs(_ limit: Int) -> Int { max(min(1, limit), limit - fewerJobs) }

    func threadDepth(_ configured: Int) -> Int { min(max(1, configured) * depthFactor, ScheduleBounds.largestCount) }
}
