import Envelope
import Glibc
import TransactionLog

/// A line of `mail.log` about a message, in any of its formats (notifications-logging specification, sections 2.2 and
/// 2.5).
struct QueueLogLine: Hashable {
    /// `dd-Mon-yyyy hh:mm:ss.cc`, local time.
    var stamp: String
    /// Seconds since 1970.
    var time: Int64
    /// `E`, `Q` …, with its modifiers.
    var action: String
    var source: String
    /// Empty in dequeue entries.
    var destination: String
    var blocks: Int
    var sender: String
    var originalRecipient: String
    var recipient: String
    /// `channel/entry name`; nil when the log does not carry it.
    var entry: String?
    /// What stands behind: message id, reason, diagnostic.
    var detail: String

    var entryName: EntryName? { entry.flatMap { EntryName($0) } }

    /// Nil for a line of another kind.
    init?(_ line: Substring) {
        switch line.utf8.first {
        case UInt8(ascii: "<"), UInt8(ascii: "{"): self.init(element: line)
        default: self.init(columns: line)
        }
    }

    // MARK: Formats 1 to 3

    private static let actions: Set<Character> = ["E", "D", "Q", "R", "K", "J", "W", "Z", "B", "V", "H"]

    private init?(columns line: Substring) {
        var fields = LoggedColumns.fields(of: line).texts
        guard fields.count > 6, fields[0].utf8.count == 11, fields[1].utf8.count >= 8,
            let place = (2..<min(fields.count - 4, 40)).first(where: { Self.isAction(fields[$0], fields[$0 + 1]) }),
            let time = LocalTime.seconds("\(fields[0]) \(fields[1].prefix(8))")
        else { return nil }
        stamp = "\(fields[0]) \(fields[1])"
        // What stands before the addresses has no length in any format, and they have all three, or none.
        let counted = LoggedColumns.fields(of: line, isCounted: true)
        if counted.counted.isSuperset(of: [place + 2, place + 3, place + 4]) { fields = counted.texts }
        self.time = time
        action = fields[place]
        // Node and process may stand before; channels are padded with blanks.
        let words = fields[2..<place].filter { !$0.isEmpty }
        let isEnqueue = ["E", "J", "H", "B", "V"].contains(action.first)
        source = (isEnqueue && words.count > 1 ? words.dropLast().last : words.last) ?? ""
        destination = isEnqueue && words.count > 1 ? words.last ?? "" : ""
        blocks = Int(fields[place + 1]) ?? 0
        sender = fields[place + 2] == "<>" ? "" : fields[place + 2]
        originalRecipient = fields[place + 3]
        recipient = fields.indices.contains(place + 4) ? fields[place + 4] : ""
        let rest = fields.dropFirst(place + 5)
        let name = rest.firstIndex { $0.contains("/") && EntryName($0) != nil }
        entry = name.map { fields[$0] }
        detail = (name.map { fields[($0 + 1)...] } ?? rest).joined(separator: " ")
    }

    private static func isAction(_ word: String, _ next: String) -> Bool {
        guard let first = word.first, actions.contains(first) else { return false }
        return word.dropFirst().allSatisfy { "ELPSAC".contains($0) } && Int(next) != nil
    }

    // MARK: Formats 4 to 6

    private init?(element line: Substring) {
        guard let element = LoggedElement(Array(line.utf8)), element.kind == "en", let action = element.fields["ac"],
            let stamp = element.fields["ts"].flatMap(Self.stamp)
        else { return nil }
        let fields = element.fields
        (self.stamp, time) = stamp
        self.action = action
        source = fields["sc"] ?? ""
        destination = fields["dc"] ?? ""
        blocks = fields["sz"].flatMap { Int($0) } ?? 0
        sender = fields["so"] ?? ""
        originalRecipient = fields["od"] ?? ""
        recipient = fields["de"] ?? ""
        entry = fields["fi"].flatMap { EntryName($0) == nil ? nil : $0 }
        let rest = ["ei", "mi", "us", "ss", "re", "di", "rm", "tr", "ap", "tl"]
        detail = rest.compactMap { fields[$0] }.filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// `2014-06-02T09:45:50.29`, local time, as formats 1 to 3 write it.
    private static func stamp(_ text: String) -> (String, Int64)? {
        let halves = text.split(separator: "T")
        guard halves.count == 2 else { return nil }
        let day = halves[0].split(separator: "-")
        guard day.count == 3, let year = Int32(day[0]), let month = Int32(day[1]), (1...12).contains(month),
            let number = Int32(day[2]),
            let time = LocalTime.seconds(
                year, month - 1, number, halves[1].prefix(8).split(separator: ":").compactMap { Int32($0) })
        else { return nil }
        return ("\(day[2])-\(LocalTime.months[Int(month) - 1])-\(day[0]) \(halves[1])", time)
    }

    /// What the action means, for people.
    var meaning: String {
        switch action.first {
        case "E": "taken"
        case "D": "delivered"
        case "Q": "failed, to be tried again"
        case "R": "failed for good, returned"
        case "K": "failed for good, the sender wanted no notice"
        case "J": "refused"
        case "W": "the sender was warned of the delay"
        case "Z": "to be tried again at once, others are settled"
        case "H": "held"
        case "V": "given up by the client"
        default: "rejected"
        }
    }
}
