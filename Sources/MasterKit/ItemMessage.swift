package import Envelope
package import ProcessPool
package import Spool

/// One entry handed to a thread of a job (`ITEM`).
package struct ItemMessage: Hashable, Sendable {
    package var thread: UInt32
    package var key: QueueEntryKey
    package var location: SpoolLocation
    /// Unsuccessful attempts so far.
    package var attempts: Int
    /// The destination host by which the schedule sorts; empty for channels that are not sorted by host.
    package var host: String
    /// Indexes of the recipients that are not settled yet, ascending.
    package var pending: [Int]
    package var notice: EntryNotice
    /// Why an operator returns it, in his words; empty: he has not said.
    package var reason: String
    /// What the attempts so far did, oldest first.
    package var history: [EarlierAttempts]

    package init(
        thread: UInt32, key: QueueEntryKey, location: SpoolLocation, attempts: Int = 0, host: String = "",
        pending: [Int] = [0], notice: EntryNotice = .none, reason: String = "", history: [EarlierAttempts] = []
    ) {
        self.thread = thread
        self.key = key
        self.location = location
        self.attempts = attempts
        self.host = host
        self.pending = pending
        self.notice = notice
        self.reason = reason
        self.history = history
    }
}

extension ItemMessage {
    /// Most bytes of one line with indexes.
    private static let listLimit = 3000

    /// The item as groups of `ITEM`. One with very many scattered recipients takes several, all but the last with
    /// `more=1`.
    package var groups: [Fields] {
        let list = IndexList.text(pending)
        guard list.utf8.count > Self.listLimit else { return [withHistory(fields(list))] }
        let parts = pending.chunks(of: Self.listLimit / 12).map { IndexList.text($0) }
        return parts.enumerated().map { number, part in
            var group = fields(part)
            if number == parts.count - 1 { return withHistory(group) }
            group.append("more", "1")
            return group
        }
    }

    /// Most bytes of the history, so that a datagram holds it beside the list of recipients.
    private static let historyLimit = 4000

    /// `tried` with the times, then the recipients as in `OUTC`; the latest attempts, as many as there is room for.
    private func withHistory(_ fields: Fields) -> Fields {
        var kept: [[(key: String, value: String)]] = []
        var length = 0
        for attempts in history.reversed() {
            var lines = [("tried", attempts.times.map(String.init).joined(separator: " "))]
            for outcome in attempts.outcomes {
                lines.append(("to", OutcomeReport.line(outcome)))
                if !outcome.text.isEmpty { lines.append(("text", singleLine(outcome.text, limit: 200))) }
            }
            length += lines.reduce(0) { $0 + $1.0.utf8.count + $1.1.utf8.count + 2 }
            if length > Self.historyLimit { break }
            kept.append(lines.map { (key: $0.0, value: $0.1) })
        }
        var fields = fields
        for line in kept.reversed().joined() { fields.append(line.key, line.value) }
        return fields
    }

    private func fields(_ list: String) -> Fields {
        var fields = Fields()
        fields.append("thread", "\(thread)")
        fields.append("entry", EntryName(message: key.message, entry: Int(key.entry), attempts: attempts).description)
        fields.append("place", location.text)
        if !host.isEmpty { fields.append("host", singleLine(host, limit: 255)) }
        fields.append("pending", list)
        switch notice {
        case .none: break
        case .delayWarning(let number): fields.append("notice", "delay \(number)")
        case .timedOut: fields.append("notice", "timedout")
        case .returned: fields.append("notice", "returned")
        }
        if !reason.isEmpty { fields.append("reason", singleLine(reason, limit: 500)) }
        return fields
    }

    /// Reads one group. `isPart`: another group with the same entry follows. Nil when it is not well formed.
    package static func read(_ group: Fields) -> (item: ItemMessage, isPart: Bool)? {
        guard let thread = group["thread"].flatMap({ UInt32($0) }),
            let name = group["entry"].flatMap({ EntryName($0) }), let number = UInt32(exactly: name.entry),
            let place = group["place"].flatMap({ SpoolLocation(text: $0) }),
            let pending = group["pending"].flatMap({ IndexList.indexes($0) }),
            let notice = readNotice(group["notice"])
        else { return nil }
        var item = ItemMessage(
            thread: thread, key: QueueEntryKey(message: name.message, entry: number), location: place,
            attempts: max(0, name.attempts), host: group["host"] ?? "", pending: pending, notice: notice,
            reason: group["reason"] ?? "")
        item.history = readHistory(group)
        return (item, group["more"] == "1")
    }

    /// What cannot be read of it is left out: it is for a notification, not for the delivery.
    private static func readHistory(_ group: Fields) -> [EarlierAttempts] {
        var history: [EarlierAttempts] = []
        for field in group.all {
            if field.key == "tried" {
                history.append(
                    EarlierAttempts(times: field.value.split(separator: " ").compactMap { Int64($0) }, outcomes: []))
                continue
            }
            guard let last = history.indices.last else { continue }
            if field.key == "to", let outcome = OutcomeReport.readRecipient(field.value) {
                history[last].outcomes.append(outcome)
            } else if field.key == "text", let recipient = history[last].outcomes.indices.last {
                history[last].outcomes[recipient].text = field.value
            }
        }
        return history
    }

    private static func readNotice(_ text: String?) -> EntryNotice? {
        switch text {
        case nil: return EntryNotice.none
        case "timedout": return .timedOut
        case "returned": return .returned
        case let text?:
            guard text.hasPrefix("delay "), let number = Int(text.dropFirst(6)), (1...255).contains(number) else {
                return nil
            }
            return .delayWarning(number)
        }
    }

    /// Adds the part that has come before to this one.
    package mutating func prepend(_ earlier: ItemMessage) {
        pending = earlier.pending + pending
    }
}

extension SpoolLocation {
    /// `segment offset length`.
    var text: String { "\(segment) \(offset) \(length)" }

    init?(text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Substring.init)
        guard parts.count == 3, SpoolLocation.isSegmentName(parts[0]), let offset = Int(parts[1]),
            let length = Int(parts[2]), offset >= 0, length >= 0, offset < 1 << 48, length < 1 << 40
        else { return nil }
        self.init(segment: String(parts[0]), offset: offset, length: length)
    }

    /// The name becomes part of a path: nothing but letters, digits, `-` and `_` is let through.
    static func isSegmentName(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && name.utf8.count <= 100
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
