import Envelope
import Glibc
import InternetMessage
import TransactionLog

/// The envelope of an exported message as text, for people and for import (job-controller specification, section 9.4).
/// Beside the letters of the specification: `n` client address, `l` TLS, `y` ENVID, `q` transfer priority, `w` deadline
/// of RFC 2852. `p` and `d` belong to the entry they stand behind.
enum EnvelopeText {
    /// What is wrong, and in which line.
    struct Problem: Error, Equatable, CustomStringConvertible {
        var line: Int
        var reason: String
        var description: String { "line \(line): \(reason)" }
    }

    private static let priorities: [(Priority, String)] = [
        (.urgent, "urgent"), (.normal, "normal"), (.nonurgent, "nonurgent"), (.secondClass, "secondclass"),
        (.thirdClass, "thirdclass"),
    ]
    private static let bodies: [(BodyType, String)] = [
        (.sevenBit, "7BIT"), (.eightBitMIME, "8BITMIME"), (.binaryMIME, "BINARYMIME"),
    ]
    private static let returns: [(ReturnContent, String)] = [(.full, "FULL"), (.headers, "HDRS")]
    private static let conditions: [(NotifyConditions, String)] = [
        (.never, "NEVER"), (.success, "SUCCESS"), (.failure, "FAILURE"), (.delay, "DELAY"),
    ]

    // MARK: Writing

    /// `items`: the entries that are written, of this message; settled recipients are left out.
    static func lines(_ message: QueuedMessage, items: [QueueItem], size: Int) -> [String] {
        var lines = ["v;1", "t;\(time(milliseconds: message.arrival))"]
        func add(_ letter: String, _ value: String?) {
            if let value, !value.isEmpty { lines.append("\(letter);\(escaped(value))") }
        }
        add("c", message.sourceChannel)
        add("s", message.submission.helo)
        add("n", message.submission.clientAddress)
        add("a", message.submission.user)
        add("l", message.submission.usedTLS ? "TLS" : nil)
        add("i", message.envelopeID)
        add("y", message.clientEnvelopeID)
        add("h", message.messageIDHeader)
        lines.append("m;\(escaped(message.sender))")
        add("q", message.transferPriority.map { "\($0)" })
        lines.append("z;\(blockCount(ofBytes: size))")
        add("r", returns.first { $0.0 == message.returnContent }?.1)
        add("b", bodies.first { $0.0 == message.body }?.1)
        add("g", message.needsSMTPUTF8 ? "SMTPUTF8" : nil)
        for item in items {
            guard let number = item.entryName?.entry, message.entries.indices.contains(number) else { continue }
            lines += entry(message.entries[number], number, item)
        }
        return lines + ["."]
    }

    private static func entry(_ entry: QueueEntry, _ number: Int, _ item: QueueItem) -> [String] {
        let state = item.held.map { "held:\(escaped($0))" } ?? (item.state == "delayed" ? "delayed" : "ready")
        var lines = ["e;\(number);\(escaped(entry.channel));\(escaped(entry.host));\(state)"]
        if entry.priority != .normal, let name = priorities.first(where: { $0.0 == entry.priority })?.1 {
            lines.append("p;\(name)")
        }
        if entry.notBefore > 0 { lines.append("d;\(time(milliseconds: entry.notBefore * 1000))") }
        if let deliverBy = entry.deliverBy {
            let mode = deliverBy.mode == .giveBack ? "R" : "N"
            lines.append("w;\(mode);\(time(milliseconds: deliverBy.deadline * 1000))")
        }
        for index in item.pending where entry.recipients.indices.contains(index) {
            lines += recipient(entry.recipients[index])
        }
        for outcome in item.outcomes {
            let address =
                entry.recipients.indices.contains(outcome.recipient) ? entry.recipients[outcome.recipient].address : ""
            let text = [outcome.result, outcome.status, outcome.text].filter { !$0.isEmpty }.joined(separator: " ")
            let fields = ["\(item.attempts)", field(address), field(outcome.remote), escaped(text)]
            lines.append("x;\(time(milliseconds: item.lastAttempt * 1000));" + fields.joined(separator: ";"))
        }
        return lines
    }

    private static func recipient(_ recipient: QueueRecipient) -> [String] {
        var lines: [String] = []
        if !recipient.notify.isEmpty {
            let names = conditions.filter { recipient.notify.contains($0.0) }.map(\.1)
            lines.append("k;\(names.joined(separator: ","))")
        }
        if let original = recipient.originalRecipient {
            let parts = original.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { lines.append("j;\(escaped(String(parts[0])))") }
            lines.append("f;\(escaped(String(parts.last ?? "")))")
        }
        if recipient.given != recipient.address { lines.append("o;\(escaped(recipient.given))") }
        let address = escaped(recipient.address)
        // It must not look like another line.
        let bytes = Array(address.utf8)
        let isMistakable = bytes.isEmpty || address == "." || (bytes.count > 1 && bytes[1] == UInt8(ascii: ";"))
        return lines + [isMistakable && !bytes.isEmpty ? hex(bytes[0]) + address.dropFirst() : address]
    }

    private static func time(milliseconds: Int64) -> String {
        var bytes: [UInt8] = []
        let seconds = milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
        MessageDate.appendISO8601(seconds, to: &bytes)
        let rest = milliseconds - seconds * 1000
        if rest == 0 { return String(decoding: bytes, as: UTF8.self) }
        let digits = "\(rest + 1000)".dropFirst()
        return String(decoding: bytes.dropLast(), as: UTF8.self) + ".\(digits)Z"
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count < 2 ? "%0\(digits)" : "%\(digits)"
    }

    /// Control characters, and what would be taken for one of these, as `%` and two digits.
    private static func escaped(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if byte < 0x20 || byte == 0x7F || octet(bytes, at: index) != nil {
                output += Array(hex(byte).utf8)
            } else {
                output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// A part of a line that has semicolons between its parts.
    private static func field(_ text: String) -> String {
        escaped(text).split(separator: ";", omittingEmptySubsequences: false).joined(separator: "%3B")
    }

    /// The octet that `%` and two digits or capital letters mean.
    private static func octet(_ bytes: [UInt8], at index: Int) -> UInt8? {
        guard bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count else { return nil }
        let digits = bytes[(index + 1)...(index + 2)]
        guard digits.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x46).contains($0) }) else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private static func plain(_ text: some StringProtocol) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if let octet = octet(bytes, at: index) {
                output.append(octet)
                index += 3
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    // MARK: Reading

    /// The message with the id 0. Letters that this version does not know, sizes and histories change nothing.
    static func message(_ text: String) throws(Problem) -> QueuedMessage {
        var reader = Reader()
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for line in lines {
            reader.line += 1
            let line = Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
            if line == "." { return try reader.finished() }
            try reader.take(line)
        }
        reader.line += 1
        throw reader.problem("the line with a period that ends the envelope is missing")
    }

    private struct Reader {
        var line = 0
        private var message = QueuedMessage(
            id: MessageID(rawValue: 0), arrival: 0, sourceChannel: "", sender: "", entries: [])
        private var hasSender = false
        private var hasArrival = false
        private var next = QueueRecipient(address: "", given: "")
        private var originalType: String?
        private var original: String?

        func problem(_ reason: String) -> Problem { Problem(line: line, reason: reason) }

        mutating func finished() throws(Problem) -> QueuedMessage {
            if !hasSender { throw problem("there is no envelope From (m;)") }
            if message.entries.isEmpty { throw problem("there is no entry (e;)") }
            if message.entries.contains(where: \.recipients.isEmpty) { throw problem("an entry has no recipient") }
            // Without one the message would be taken for old, and go back to its sender.
            if !hasArrival { throw problem("there is no arrival (t;)") }
            return message
        }

        mutating func take(_ line: Substring) throws(Problem) {
            let bytes = line.utf8
            guard bytes.count > 1, bytes[bytes.index(after: bytes.startIndex)] == UInt8(ascii: ";"),
                let letter = line.first
            else { return try takeRecipient(plain(line)) }
            let value = line.dropFirst(2)
            switch letter {
            case "v": if value != "1" { throw problem("version \(value) of the format is not known") }
            case "t": (message.arrival, hasArrival) = (try milliseconds(value), true)
            case "c": message.sourceChannel = plain(value)
            case "s": message.submission.helo = plain(value)
            case "n": message.submission.clientAddress = plain(value)
            case "a": message.submission.user = plain(value)
            case "l": message.submission.usedTLS = value == "TLS"
            case "i": message.envelopeID = plain(value)
            case "y": message.clientEnvelopeID = plain(value)
            case "h": message.messageIDHeader = plain(value)
            case "m": (message.sender, hasSender) = (plain(value), true)
            case "q":
                guard let number = Int8(value), (-9...9).contains(number) else { throw problem("q is -9 to 9") }
                message.transferPriority = number
            case "r": message.returnContent = try choice(value, returns)
            case "b": message.body = try choice(value, bodies)
            case "g": message.needsSMTPUTF8 = value == "SMTPUTF8"
            default: try takeOfEntry(letter, value)
            }
        }

        private mutating func takeOfEntry(_ letter: Character, _ value: Substring) throws(Problem) {
            switch letter {
            case "e": try takeEntry(value)
            case "p":
                let priority = try choice(value, priorities)
                try change { $0.priority = priority }
            case "d":
                let seconds = try milliseconds(value) / 1000
                try change { $0.notBefore = seconds }
            case "w":
                guard let mode = value.first, "RN".contains(mode), value.dropFirst().first == ";" else {
                    throw problem("w has R or N, a semicolon and a time")
                }
                let deadline = try milliseconds(value.dropFirst(2)) / 1000
                try change { $0.deliverBy = DeliverBy(deadline: deadline, mode: mode == "R" ? .giveBack : .notify) }
            case "k":
                for name in value.split(separator: ",") { next.notify.insert(try choice(name, conditions)) }
            case "j": originalType = plain(value)
            case "f": original = plain(value)
            case "o": next.given = plain(value)
            default: break
            }
        }

        private mutating func takeEntry(_ value: Substring) throws(Problem) {
            let parts = value.split(separator: ";", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, !parts[1].isEmpty else { throw problem("e has number, channel, host and state") }
            let held = parts[3].hasPrefix("held:") ? plain(parts[3].dropFirst(5)) : nil
            message.entries.append(
                QueueEntry(channel: plain(parts[1]), host: plain(parts[2]), recipients: [], heldReason: held))
        }

        private mutating func takeRecipient(_ address: String) throws(Problem) {
            if address.isEmpty { throw problem("an empty line") }
            var recipient = next
            recipient.address = address
            if recipient.given.isEmpty { recipient.given = address }
            recipient.originalRecipient = original.map { text in originalType.map { "\($0);\(text)" } ?? text }
            try change { $0.recipients.append(recipient) }
            (next, original, originalType) = (QueueRecipient(address: "", given: ""), nil, nil)
        }

        private mutating func change(_ body: (inout QueueEntry) -> Void) throws(Problem) {
            guard let last = message.entries.indices.last else { throw problem("this belongs behind an entry (e;)") }
            body(&message.entries[last])
        }

        private func choice<Value>(_ text: Substring, _ names: [(Value, String)]) throws(Problem) -> Value {
            guard let found = names.first(where: { $0.1 == text }) else {
                throw problem("\(text) is none of \(names.map(\.1).joined(separator: ", "))")
            }
            return found.0
        }

        /// `2025-01-31T12:00:00.123Z`, with or without a fraction.
        private func milliseconds(_ text: Substring) throws(Problem) -> Int64 {
            let wrong = problem("\(text) is no time as 2025-01-31T12:00:00Z")
            let numbers = text.split { "-T:.Z".contains($0) }.map { Int32($0) ?? -1 }
            guard (6...7).contains(numbers.count), (1970...9999).contains(numbers[0]) else { throw wrong }
            var time = tm()
            (time.tm_year, time.tm_mon, time.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
            (time.tm_hour, time.tm_min, time.tm_sec) = (numbers[3], numbers[4], numbers[5])
            let value = Int64(timegm(&time)) * 1000 + Int64(numbers.count > 6 ? numbers[6] : 0)
            // A day that does not exist, and a fraction that is not in thousandths, come out as another time.
            guard EnvelopeText.time(milliseconds: value) == text.replacing(".000Z", with: "Z") else { throw wrong }
            return value
        }
    }
}
