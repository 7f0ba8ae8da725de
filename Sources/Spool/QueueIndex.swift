import Envelope

/// One message with at least one live entry.
struct LiveMessage: Sendable, Equatable {
    var location: SpoolLocation
    var arrival: Int64
    var size: Int
    var entries: [LiveEntry]

    /// Some entry has a time by which it is to be delivered.
    var hasDeadline: Bool { entries.contains { $0.deliverBy != 0 } }

    /// The content is in a file of its own.
    var hasLargeContent: Bool { size > location.length }
}

/// What a ledger record did to the index.
enum IndexEffect: Equatable {
    case nothing
    /// The entry or its place changed.
    case changed
    /// The last entry of the message ended: its content may go when the record is durable.
    case ended(MessageID, LiveMessage)
}

/// All live entries, as a value: a copy costs nothing, and after it a change copies one shard only, so that a snapshot
/// of a million entries can be written while mail flows.
struct QueueIndex: Sendable {
    private static let shardCount = 1024
    private var shards: [[MessageID: LiveMessage]] = Array(repeating: [:], count: shardCount)
    private(set) var messageCount = 0
    private(set) var entryCount = 0
    /// With more entries than this no answers of hosts are kept.
    private var mostDetailed = Int.max
    var segments = SegmentAccounting()
    /// Derived messages (notifications, requeued copies) that ended lately: their enqueuing may be repeated after a
    /// crash and must then change nothing. The value is the snapshot after which it was.
    private(set) var finished: [MessageID: UInt64] = [:]
    /// Channel and host names, each kept once.
    private var names: [String: String] = [:]
    private static let nameLimit = 65_536

    private static func shard(_ id: MessageID) -> Int {
        let bits = id.rawValue
        return Int(truncatingIfNeeded: (bits ^ bits >> 10 ^ bits >> 23) & UInt64(shardCount - 1))
    }

    subscript(_ id: MessageID) -> LiveMessage? { shards[Self.shard(id)][id] }

    /// All live messages, shard by shard.
    var messages: some Sequence<(key: MessageID, value: LiveMessage)> { shards.lazy.joined() }

    /// True when a record with this id would change nothing.
    func isKnown(_ id: MessageID) -> Bool { self[id] != nil || finished[id] != nil }

    /// Takes a message in; false when there is one with its id (the first one counts).
    mutating func add(_ facts: CommittedMessageFacts) -> Bool {
        if isKnown(facts.message) || facts.entries.isEmpty { return false }
        let entries = facts.entries.map { entry in
            LiveEntry(
                number: entry.number, channel: unique(entry.channel), host: unique(entry.host),
                priority: entry.priority, notBefore: entry.notBefore, deliverBy: entry.deliverBy?.rawValue ?? 0,
                recipients: UInt32(clamping: entry.recipients),
                progress: LiveEntry.Progress(heldReason: entry.heldReason))
        }
        restore(
            facts.message,
            LiveMessage(location: facts.location, arrival: facts.arrival, size: facts.size, entries: entries))
        return true
    }

    /// Takes in a message of a snapshot.
    mutating func restore(_ id: MessageID, _ message: LiveMessage) {
        guard self[id] == nil else { return }
        shards[Self.shard(id)][id] = message
        messageCount += 1
        entryCount += message.entries.count
        segments.add(message.location)
    }

    mutating func unique(_ name: String) -> String {
        if let known = names[name] { return known }
        if names.count >= Self.nameLimit { names = [:] }
        names[name] = name
        return name
    }

    /// Sets how many entries may keep answers of hosts; when there are more now, all forget them.
    mutating func keepAnswers(upTo entries: Int) {
        mostDetailed = entries
        guard entryCount > entries else { return }
        for shard in shards.indices {
            for (id, message) in shards[shard] where message.entries.contains(where: { $0.hasAnswers }) {
                for index in message.entries.indices {
                    shards[shard][id]?.change(index) { $0.progress.lastOutcomes = [] }
                }
            }
        }
    }

    /// Marks a derived message as ended, for the duplicates that may still come.
    mutating func markFinished(_ id: MessageID, generation: UInt64) { finished[id] = generation }

    /// Forgets ended derived messages that are older than the snapshot before `generation`.
    mutating func forgetFinished(before generation: UInt64) { finished = finished.filter { $0.value >= generation } }

    /// Ends a message without a ledger record: recovery found that its content is gone.
    mutating func drop(_ id: MessageID) {
        guard let message = shards[Self.shard(id)].removeValue(forKey: id) else { return }
        messageCount -= 1
        entryCount -= message.entries.count
        segments.remove(message.location, record: 0)
    }

    /// Applies a record. `number`: its place in the ledger of this process, 0 in recovery; `generation`: number of the
    /// snapshots so far.
    mutating func apply(_ record: LedgerRecord, number: UInt64, generation: UInt64) -> IndexEffect {
        switch record {
        case .attempt(let key, let attempt):
            let keepsAnswers = entryCount <= mostDetailed
            guard change(key, { $0.take(attempt, keepsAnswers: keepsAnswers) }) else { return .nothing }
            let isSettled = self[key.message]?.entry(key.entry)?.progress.pending?.isEmpty ?? false
            return isSettled ? end(key, number, generation) : .changed
        case .done(let key, _), .delete(let key, _), .requeue(let key, _):
            return end(key, number, generation)
        case .hold(let key, let reason):
            return change(key) { $0.progress.heldReason = reason } ? .changed : .nothing
        case .release(let key):
            return change(key) {
                $0.progress.heldReason = nil
                $0.progress.nextTime = 0
            } ? .changed : .nothing
        case .warned(let key, let threshold):
            return change(key) { $0.progress.warned = UInt32(clamping: threshold) } ? .changed : .nothing
        case .moved(let id, let location):
            return move(id, location, number) ? .changed : .nothing
        case .read(let segment, let end):
            segments.read(segment, upTo: end)
        case .closed(let segment, let end):
            segments.close(segment, at: end)
            segments.require(number, of: segment)
        }
        return .changed
    }

    private mutating func change(_ key: QueueEntryKey, _ body: (inout LiveEntry) -> Void) -> Bool {
        let shard = Self.shard(key.message)
        guard let index = shards[shard][key.message]?.entries.firstIndex(where: { $0.number == key.entry }) else {
            return false
        }
        shards[shard][key.message]?.change(index, body)
        return true
    }

    private mutating func end(_ key: QueueEntryKey, _ number: UInt64, _ generation: UInt64) -> IndexEffect {
        let shard = Self.shard(key.message)
        guard let message = shards[shard][key.message],
            let index = message.entries.firstIndex(where: { $0.number == key.entry })
        else { return .nothing }
        entryCount -= 1
        if message.entries.count > 1 {
            shards[shard][key.message]?.entries.remove(at: index)
            return .changed
        }
        shards[shard][key.message] = nil
        messageCount -= 1
        segments.remove(message.location, record: number)
        if key.message.isDerived { markFinished(key.message, generation: generation) }
        return .ended(key.message, message)
    }

    private mutating func move(_ id: MessageID, _ location: SpoolLocation, _ number: UInt64) -> Bool {
        let shard = Self.shard(id)
        guard let old = shards[shard][id]?.location, old != location else { return false }
        segments.remove(old, record: number)
        segments.add(location)
        shards[shard][id]?.location = location
        return true
    }
}

extension MessageID {
    /// Made from an entry, an attempt and a kind, so that making it again gives the same message.
    var isDerived: Bool { rawValue >> 63 == 1 }
}

extension LiveMessage {
    func entry(_ number: UInt32) -> LiveEntry? { entries.first { $0.number == number } }

    fileprivate mutating func change(_ index: Int, _ body: (inout LiveEntry) -> Void) { body(&entries[index]) }
}
