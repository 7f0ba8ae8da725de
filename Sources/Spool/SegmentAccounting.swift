/// What is known of one segment.
struct SegmentState: Hashable, Sendable {
    /// Everything before it has been taken into the index.
    var readTo: Int
    /// The segment is never written again, and everything in it has been read.
    var isClosed = false
    var liveMessages = 0
    /// Bytes of records with a live entry.
    var liveBytes = 0
    /// Number of the ledger record that must be durable before the file may go.
    var freeAfter: UInt64 = 0

    /// Nothing in it is needed.
    var isDead: Bool { isClosed && liveMessages == 0 }

    /// Under a quarter of it is live.
    var isMostlyDead: Bool { isClosed && liveMessages > 0 && liveBytes * 4 < readTo - LogHeader.size }
}

/// The space that live messages take, segment by segment.
struct SegmentAccounting: Sendable {
    private(set) var states: [String: SegmentState] = [:]

    subscript(_ name: String) -> SegmentState? { states[name] }

    /// Begins to account for a segment; nothing when it is known.
    mutating func introduce(_ name: String) {
        if states[name] == nil { states[name] = SegmentState(readTo: LogHeader.size) }
    }

    mutating func restore(_ name: String, readTo: Int, isClosed: Bool) {
        states[name, default: SegmentState(readTo: LogHeader.size)].readTo = readTo
        states[name]?.isClosed = isClosed
    }

    mutating func read(_ name: String, upTo end: Int) {
        introduce(name)
        guard let state = states[name], end > state.readTo else { return }
        states[name]?.readTo = end
    }

    mutating func close(_ name: String, at end: Int) {
        introduce(name)
        states[name]?.readTo = end
        states[name]?.isClosed = true
    }

    mutating func add(_ location: SpoolLocation) {
        introduce(location.segment)
        states[location.segment]?.liveMessages += 1
        states[location.segment]?.liveBytes += location.length
    }

    /// `record`: number of the ledger record that ended or moved the message.
    mutating func remove(_ location: SpoolLocation, record: UInt64) {
        states[location.segment]?.liveMessages -= 1
        states[location.segment]?.liveBytes -= location.length
        require(record, of: location.segment)
    }

    mutating func require(_ record: UInt64, of name: String) {
        guard let state = states[name], record > state.freeAfter else { return }
        states[name]?.freeAfter = record
    }

    /// The file is gone, durably: a file that could come back in a crash must stay known, or it would be taken for
    /// unread mail.
    mutating func forget(_ name: String) { states[name] = nil }

    /// Segments that may go when every ledger record up to `durable` is on the disk. A segment is kept while an earlier
    /// one of the same writer is not closed: its header says where that one ended.
    func freeable(durable: UInt64, except isKept: (String) -> Bool) -> [String] {
        let dead = states.filter { name, state in
            state.isDead && state.freeAfter <= durable && !isKept(name)
        }
        if dead.isEmpty { return [] }
        var firstOpen: [String: UInt64] = [:]
        for (name, state) in states where !state.isClosed {
            guard let (writer, number) = LogLayout.parse(segment: name) else { continue }
            firstOpen[writer] = min(firstOpen[writer] ?? .max, number)
        }
        return dead.keys.sorted().filter { name in
            guard let (writer, number) = LogLayout.parse(segment: name) else { return true }
            return number < firstOpen[writer] ?? .max
        }
    }

    /// The segment whose live messages should be copied: the one with the fewest live bytes.
    func compactable(except isKept: (String) -> Bool) -> String? {
        states.filter { $1.isMostlyDead && !isKept($0) }
            .min { ($0.value.liveBytes, $0.key) < ($1.value.liveBytes, $1.key) }?.key
    }
}
