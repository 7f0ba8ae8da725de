import Envelope
import Glibc
import SystemCalls

/// A line of `mail.log` about a message (notifications-logging specification, section 2.2).
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

    private static let actions: Set<Character> = ["E", "D", "Q", "R", "K", "J", "W", "Z", "B", "V", "H"]

    /// Nil for a line of another kind.
    init?(_ line: Substring) {
        let fields = line.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count > 6, fields[0].utf8.count == 11, fields[1].utf8.count >= 8,
            let place = (2..<min(fields.count - 4, 40)).first(where: { Self.isAction(fields[$0], fields[$0 + 1]) }),
            let time = Self.seconds(fields[0], fields[1].prefix(8))
        else { return nil }
        stamp = "\(fields[0]) \(fields[1])"
        self.time = time
        action = String(fields[place])
        // Node and process may stand before; channels are padded with blanks.
        let words = fields[2..<place].filter { !$0.isEmpty }
        let isEnqueue = ["E", "J", "H", "B", "V"].contains(action.first)
        source = String((isEnqueue && words.count > 1 ? words.dropLast().last : words.last) ?? "")
        destination = isEnqueue && words.count > 1 ? String(words.last ?? "") : ""
        blocks = Int(fields[place + 1]) ?? 0
        sender = Self.plain(fields[place + 2])
        originalRecipient = Self.plain(fields[place + 3])
        recipient = fields.indices.contains(place + 4) ? Self.plain(fields[place + 4]) : ""
        let rest = fields.dropFirst(place + 5)
        let name = rest.firstIndex { $0.contains("/") && EntryName(Self.plain($0)) != nil }
        entry = name.map { Self.plain(fields[$0]) }
        detail = (name.map { fields[($0 + 1)...] } ?? rest).joined(separator: " ")
    }

    private static func isAction(_ word: Substring, _ next: Substring) -> Bool {
        guard let first = word.first, actions.contains(first) else { return false }
        return word.dropFirst().allSatisfy { "ELSAC".contains($0) } && Int(next) != nil
    }

    /// A field of format 3 has its length before it.
    private static func plain(_ field: Substring) -> String {
        let digits = field.prefix { $0.isASCII && $0.isNumber }
        let rest = field.dropFirst(digits.count)
        guard !digits.isEmpty, rest.first == ":", Int(digits) == rest.dropFirst().utf8.count else {
            return String(field)
        }
        return String(rest.dropFirst())
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `dd-Mon-yyyy` and `hh:mm:ss`, local time.
    private static func seconds(_ date: Substring, _ clock: Substring) -> Int64? {
        let day = date.split(separator: "-")
        let time = clock.split(separator: ":").compactMap { Int32($0) }
        guard day.count == 3, time.count == 3, let number = Int32(day[0]), let year = Int32(day[2]),
            let month = months.firstIndex(of: String(day[1]))
        else { return nil }
        var parts = tm()
        parts.tm_mday = number
        parts.tm_mon = Int32(month)
        parts.tm_year = year - 1900
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (time[0], time[1], time[2])
        parts.tm_isdst = -1
        return Int64(mktime(&parts))
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

/// The message log: `mail.log`, `mail.log_yesterday`, `mail.log_current`.
struct QueueLog {
    /// The directory of the logs.
    let directory: String

    /// Lines that hold one of the texts, oldest first.
    func lines(with texts: [String]) -> [QueueLogLine] {
        let needles = texts.filter { !$0.isEmpty }.map { Array($0.utf8) }
        guard !needles.isEmpty else { return [] }
        var found: [QueueLogLine] = []
        for name in ["mail.log", "mail.log_yesterday", "mail.log_current"] {
            Self.eachLine("\(directory)/\(name)") { line in
                guard needles.contains(where: { Self.holds(line, $0) }) else { return }
                let text = String(decoding: line, as: UTF8.self)
                if let parsed = QueueLogLine(text[...]) { found.append(parsed) }
            }
        }
        return found
    }

    private static func holds(_ line: UnsafeRawBufferPointer, _ needle: [UInt8]) -> Bool {
        needle.withUnsafeBytes { line.holds($0) }
    }

    /// A file may be large: it is read piece by piece.
    private static func eachLine(_ path: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let file = try? OwnedDescriptor.open(path, O_RDONLY | O_CLOEXEC) else { return }
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(file.number, &buffer, buffer.count)
            guard count > 0 else { break }
            pending.append(contentsOf: buffer[..<count])
            let used = pending.withUnsafeBytes { bytes -> Int in
                var start = 0
                while let stop = bytes[start...].firstIndex(of: 0x0A) {
                    body(UnsafeRawBufferPointer(rebasing: bytes[start..<stop]))
                    start = stop + 1
                }
                return start
            }
            pending.removeFirst(used)
            // No line is that long: a file without line ends.
            if pending.count > 16 << 20 { return }
        }
        if !pending.isEmpty { pending.withUnsafeBytes(body) }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes stand somewhere in these; no bytes stand everywhere.
    func holds(_ part: UnsafeRawBufferPointer) -> Bool {
        guard let first = part.first else { return true }
        guard let base = baseAddress, let wanted = part.baseAddress, count >= part.count else { return false }
        var start = base
        let last = base + (count - part.count)
        while start <= last, let found = memchr(start, Int32(first), last - start + 1) {
            if memcmp(found, wanted, part.count) == 0 { return true }
            start = UnsafeRawPointer(found) + 1
        }
        return false
    }
}

/// One attempt, as `history` tells of it.
struct QueueAttempt: Hashable {
    /// Seconds since 1970.
    var time: Int64
    var recipient: String
    var host: String
    var result: String
    var text: String
}

extension QueueAttempt {
    /// What is known of the attempts for an entry: the message log, and for the last one the ledger, which is durable
    /// and holds the answers in full.
    static func all(of item: QueueItem, recipients: [QueueRecipient], log: [QueueLogLine]) -> [QueueAttempt] {
        let mine = log.filter { line in
            guard let name = line.entryName, let own = item.entryName, let action = line.action.first else {
                return false
            }
            return name.message == own.message && name.entry == own.entry && "QZRKDW".contains(action)
        }
        let ledger = item.outcomes.map { outcome in
            QueueAttempt(
                time: item.lastAttempt,
                recipient: recipients.indices.contains(outcome.recipient)
                    ? recipients[outcome.recipient].address : "recipient \(outcome.recipient + 1)",
                host: outcome.remote.isEmpty ? item.host : outcome.remote, result: outcome.result,
                text: [outcome.status, outcome.text].filter { !$0.isEmpty }.joined(separator: " "))
        }
        // The log has the last attempt too, within a second or two.
        let earlier = mine.filter { ledger.isEmpty || abs($0.time - item.lastAttempt) > 2 || $0.action.first == "W" }
        return earlier.map {
            QueueAttempt(
                time: $0.time, recipient: $0.recipient, host: item.host, result: $0.meaning, text: $0.detail)
        } + ledger
    }
}
