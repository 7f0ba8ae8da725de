import Envelope

/// The ready entries of one destination host of a channel, and how many threads serve it. A channel that is not sorted
/// by host has one of these.
struct HostQueue {
    var name: String
    /// Ready entries that have not been handed out.
    private(set) var ready = 0
    /// Threads of jobs that work for this host.
    var threads = 0
    /// Entries in any state that belong to this host; at 0 the queue goes away.
    var entries = 0
    /// Threads that the rules still ask for, as last computed; the channel keeps the sum.
    var wanted = 0
    /// It wants a thread and has none, as last computed.
    var isWaiting = false
    var standing = HostStanding.unknown
    /// An operator has stopped deliveries to this host.
    var isStopped = false
    /// Number of the host's present place among the unserved hosts, and the rank it stands there with.
    var ticket: UInt64 = 0
    var ticketRank = UInt8.max
    private var line = ReadyLine()

    init(name: String) { self.name = name }

    /// Nobody needs the queue any more; its place may be another host's.
    var isGone: Bool { entries == 0 && threads == 0 }

    mutating func add(_ slot: Int32, _ table: EntryTable) {
        let entry = table[slot]
        line.insert(ReadyItem(rank: entry.rank, generation: entry.generation, slot: slot, arrival: entry.arrival))
        ready += 1
        if line.count > 2 * ready + 32 { line.filter { table.isCurrent($0.slot, $0.generation) } }
    }

    /// The entry has left the ready state: what the line holds of it is stale from now on.
    mutating func forget(_ slot: Int32, _ table: inout EntryTable) {
        table[slot].generation &+= 1
        ready -= 1
    }

    /// The best ready entry; nil when there is none.
    mutating func first(_ table: EntryTable) -> ReadyItem? {
        while let item = line.min {
            if table.isCurrent(item.slot, item.generation) { return item }
            line.removeMin()
        }
        return nil
    }

    /// Takes the best ready entry out.
    mutating func takeFirst(_ table: inout EntryTable) -> Int32? {
        guard let item = first(table) else { return nil }
        line.removeMin()
        forget(item.slot, &table)
        return item.slot
    }

    /// Threads wanted beyond those that serve: one for every `depth` entries of backlog begun, so that a further
    /// one comes when the backlog has grown past a multiple (job-controller specification, 6.3), and no more than the
    /// host may have.
    func wantedThreads(_ rule: ThreadRule) -> Int {
        if isStopped { return 0 }
        return max(0, min((ready + rule.depth - 1) / rule.depth, rule.most(standing)) - threads)
    }
}

/// What the attempts so far have shown of a host. A destination that is dead, or that may be, does not take the threads
/// of the others while that is found out.
enum HostStanding: UInt8 {
    /// No attempt has come to an end yet.
    case unknown
    /// The last attempt settled somebody.
    case answers
    /// The last attempt settled nobody.
    case fails
}

/// How the threads of a channel are shared out among its hosts.
struct ThreadRule {
    /// `threaddepth`, as stress leaves it.
    var depth: Int
    /// Most threads of one host: the thread limit of a process, since a host that is served never has a process
    /// started for it (job-controller specification, 6.3). Nil for a channel that is not sorted by host.
    var limit: Int?
    /// Threads beyond what the backlog wants end, because the target is overloaded.
    var isStressed = false

    func most(_ standing: HostStanding) -> Int {
        guard let limit else { return .max }
        return switch standing {
        case .unknown: max(1, limit / 2)
        case .answers: limit
        case .fails: 1
        }
    }

    /// One thread too many serves this host, which is about to take more work.
    func isCrowded(_ host: HostQueue) -> Bool {
        host.threads > most(host.standing)
            || (isStressed && host.threads > max(1, (host.ready + depth - 1) / depth))
    }
}

/// A host with backlog that no thread serves, in the order in which such hosts get their turn: priority of the best
/// entry, then who waits longest. So no host is passed over for ever, whatever the others have.
struct UnservedHost: Comparable {
    var rank: UInt8
    var ticket: UInt64
    var host: Int32

    static func < (left: UnservedHost, right: UnservedHost) -> Bool {
        (left.rank, left.ticket) < (right.rank, right.ticket)
    }
}
