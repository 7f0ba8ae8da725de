import Envelope
import Glibc
import OptionSyntax

/// Which entries a command is about: all conditions must hold, but of `-from` and `-to` one is enough unless
/// `-match=and` is given (commands specification, section 6.4, "directory").
struct QueueFilter: Hashable {
    var channel = "*"
    /// Nil: either.
    var isHeld: Bool?
    var state: String?
    var host: String?
    /// An address, or one with `*` and `?`; empty: the empty return path.
    var from: String?
    var to: String?
    var owner: String?
    var needsBoth = false
    /// Seconds in the queue, at least and at most.
    var olderThan: Int64?
    var newerThan: Int64?

    init() {}

    init(_ line: QueueLine) throws(QueueFailure) {
        if let channel = line.values["channel"] { self.channel = channel }
        if line.on.contains("held") { isHeld = true }
        if line.off.contains("held") { isHeld = false }
        state = line.values["state"]?.lowercased()
        if let state, !["active", "delayed", "held", "ready"].contains(state) {
            throw QueueFailure("%QM-E-STATE, \(state) is no state: ready, delayed, active or held", status: 64)
        }
        host = line.values["host"]
        from = line.values["from"].map(Self.address)
        to = line.values["to"].map(Self.address)
        owner = line.values["owner"]
        needsBoth = try Self.isAnd(line)
        olderThan = try line.values["older"].map { (text) throws(QueueFailure) in try Self.seconds(text) }
        newerThan = try line.values["newer"].map { (text) throws(QueueFailure) in try Self.seconds(text) }
    }

    /// `-match=and`; `or` otherwise.
    static func isAnd(_ line: QueueLine, usually: Bool = false) throws(QueueFailure) -> Bool {
        switch line.values["match"]?.lowercased() {
        case nil: return usually
        case "and": return true
        case "or": return false
        case let other?: throw QueueFailure("%QM-E-MATCH, -match is and or or, not \(other)", status: 64)
        }
    }

    /// Something beyond the channel chooses entries.
    var isSelective: Bool {
        channel != "*" || isHeld != nil || state != nil || host != nil || from != nil || to != nil || owner != nil
            || olderThan != nil || newerThan != nil
    }

    /// The envelope has to be read from the spool.
    var needsEnvelope: Bool { from != nil || to != nil || owner != nil }

    private static func address(_ text: String) -> String {
        text.hasPrefix("<") && text.hasSuffix(">") ? String(text.dropFirst().dropLast()) : text
    }

    /// What the index alone decides. `now`: milliseconds since 1970.
    func takes(_ item: QueueItem, now: Int64) -> Bool {
        let age = (now - item.arrival) / 1000
        return fnmatch(channel, item.channel, 0) == 0 && (isHeld ?? item.isHeld) == item.isHeld
            && (state ?? item.state) == item.state && (host.map { Self.matches($0, item.host) } ?? true)
            && (olderThan.map { age >= $0 } ?? true) && (newerThan.map { age <= $0 } ?? true)
    }

    /// What the envelope decides.
    func takes(_ message: QueuedMessage, _ item: QueueItem) -> Bool {
        if let owner, !Self.matches(owner, message.submission.user) { return false }
        let sender = from.map { Self.matches($0, message.sender) }
        let recipient = to.map { wanted in
            QueueMessage.recipients(of: item, in: message).contains {
                Self.matches(wanted, $0.address) || Self.matches(wanted, $0.given)
            }
        }
        let answers = [sender, recipient].compactMap { $0 }
        return answers.isEmpty || (needsBoth ? answers.allSatisfy { $0 } : answers.contains(true))
    }

    private static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = pattern.lowercased()
        let text = text.lowercased()
        guard pattern.contains(where: { $0 == "*" || $0 == "?" }) else { return pattern == text }
        return fnmatch(pattern, text, FNM_NOESCAPE) == 0
    }

    /// `90s`, `30m`, `2h`, `1d`, `2w`, or a duration of ISO 8601.
    static func seconds(_ text: String) throws(QueueFailure) -> Int64 {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        if let last = text.last, let unit = units[last], let count = Int64(text.dropLast()), count >= 0,
            count < 1_000_000
        {
            return count * unit
        }
        if let seconds = DurationValue.seconds(text) { return Int64(seconds) }
        throw QueueFailure("%QM-E-TIME, \(text) is no time: write 30m, 2h, 1d or PT30M", status: 64)
    }
}
