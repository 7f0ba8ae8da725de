import Envelope
import Glibc
import OptionSyntax
import Spool
import SystemCalls

/// `clean` and `top`, which look into messages (commands specification, section 6.4).
extension QueueManager {
    /// What `clean` and `top` look at, in the order in which `top` reports.
    enum Field: String, CaseIterable {
        case content, from, subject, to, domainTo = "domain_to"

        /// Above the list of `top`, and above its column.
        var titles: (list: String, column: String) {
            switch self {
            case .content: ("Message content", "Content")
            case .from: ("Envelope From: addresses", "Envelope From: address")
            case .subject: ("Subject: header lines", "Subject")
            case .to: ("Envelope To: addresses", "Envelope To: address")
            case .domainTo: ("Envelope To: domains", "Envelope To: domain")
            }
        }

        /// The values of a message.
        func values(_ row: QueueItem, _ message: QueueMessage) -> [String] {
            switch self {
            case .content: return [message.bodyText]
            case .from: return [message.envelope.sender]
            case .subject: return [message.subject]
            case .to: return QueueMessage.recipients(of: row, in: message.envelope).map(\.address)
            case .domainTo:
                return QueueMessage.recipients(of: row, in: message.envelope).map {
                    String($0.address.split(separator: "@").last ?? "").lowercased()
                }
            }
        }
    }

    /// `clean`: holds, or deletes, what contains the texts.
    func clean(_ line: QueueLine) throws -> Int32 {
        let wanted = try substrings(line)
        let isAnd = try QueueFilter.isAnd(line, usually: true)
        if line.on.contains("delete"), line.on.contains("hold") {
            throw QueueFailure("%QM-E-BOTH, either -delete or -hold, not both", status: 64)
        }
        let found = try scan(line, limit: wanted.contains { $0.field == .content } ? nil : 64 << 10) { item, message in
            let answers = wanted.map { want in
                want.field.values(item, message).contains { Self.contains($0, want.text) }
            }
            return isAnd ? answers.allSatisfy { $0 } : answers.contains(true)
        }
        guard !found.isEmpty else {
            around.complain("%QM-W-NOMATCH, no message matches")
            if line.has("json") { around.say(Outcome().json.text) }
            return 1
        }
        guard try source.ask("list 0 1") != nil else { throw QueueFailure.noController(facility) }
        let verb = line.on.contains("delete") ? "delete" : "hold"
        let asks = verb == "delete" ? line.hasUnlessNegated("confirm") : line.on.contains("confirm")
        if !line.has("json") { around.say("\(found.count) messages match") }
        if asks, around.ask("\(verb) \(found.count) messages? [no] ")?.lowercased().hasPrefix("y") != true {
            around.complain("%QM-I-NOTHING, nothing was changed")
            return 1
        }
        let rows = found.enumerated().map { QueueRow(id: $0.offset + 1, item: $0.element) }
        let outcome = try act(verb, on: rows, waits: false, says: !line.has("json"))
        if line.has("json") { around.say(outcome.json.text) }
        return outcome.failed.isEmpty ? 0 : 1
    }

    /// What is looked for; short texts would match too much.
    private func substrings(_ line: QueueLine) throws -> [(field: Field, text: String)] {
        guard let shortest = Int(line.values["min_length"] ?? "24"), shortest >= 0 else {
            throw QueueFailure("%QM-E-LENGTH, -min_length is a number", status: 64)
        }
        var wanted: [(field: Field, text: String)] = []
        if line.values["from"] != nil, line.values["env_from"] != nil {
            throw QueueFailure("%QM-E-TWICE, -from and -env_from are the same", status: 64)
        }
        for field in Field.allCases {
            guard let text = line.values[field.rawValue] ?? (field == .from ? line.values["env_from"] : nil) else {
                continue
            }
            let isEmptySender = field == .from && text == "<>"
            guard text.count >= shortest || isEmptySender else {
                throw QueueFailure(
                    "%QM-E-TOOSHORT, the text for -\(field.rawValue) has \(text.count) characters, fewer than"
                        + " \(shortest): -min_length=\(text.count) takes it", status: 64)
            }
            wanted.append((field, isEmptySender ? "" : text))
        }
        guard !wanted.isEmpty else {
            throw QueueFailure("%QM-E-NOTHING, say what to look for: \(line.verb.usage)", status: 64)
        }
        return wanted
    }

    /// Case does not matter; nothing is contained only in nothing, as for the empty return path.
    static func contains(_ text: String, _ part: String) -> Bool {
        if part.isEmpty { return text.isEmpty }
        let text = Array(text.lowercased().utf8)
        let part = Array(part.lowercased().utf8)
        return text.withUnsafeBytes { text in
            part.withUnsafeBytes { text.holds($0) }
        }
    }

    /// Reads the messages of a channel, or of all, and gives those that `takes` wants. `limit`: bytes of the content.
    @discardableResult
    private func scan(
        _ line: QueueLine, limit: Int?, _ takes: (QueueItem, QueueMessage) -> Bool
    ) throws -> [QueueItem] {
        if let threads = line.values["threads"], !(Int(threads).map { (1...8).contains($0) } ?? false) {
            throw QueueFailure("%QM-E-THREADS, -threads is a number from 1 to 8, not \(threads)", status: 64)
        }
        var filter = QueueFilter()
        filter.channel = line.parameters.first ?? "*"
        if line.verb.name == "top" { filter.isHeld = line.on.contains("held") ? true : nil }
        let isQuiet = line.has("json")
        if !isQuiet { around.say("%QM-I-QCLISTING, building a list of message files to scan from the queue cache") }
        let items = try rows(filter, hasEnvelope: false).map(\.item).filter {
            !line.has("ignore_zz") || $0.attempts > 0
        }
        if !isQuiet { around.say("%QM-I-SCANNING, scanning \(items.count) message files") }
        let start = SystemClock.monotonicNanoseconds
        var found: [QueueItem] = []
        for (index, item) in items.enumerated() {
            if index % 500 == 499 { around.progress("scanned \(index + 1) of \(items.count)") }
            do throws(SpoolError) {
                let message = try QueueMessage(try source.message(of: item), limit: limit)
                if takes(item, message) { found.append(item) }
            } catch {
                if error.code != .notFound { around.complain("%QM-W-UNREADABLE, \(item.fullName): \(error)") }
            }
        }
        around.progress("")
        let microseconds = max(1, (SystemClock.monotonicNanoseconds - start) / 1000)
        if !isQuiet {
            let seconds = Self.decimal(Int(microseconds), places: 6, shown: 4)
            let rate = Self.decimal(Int(Int64(items.count) * 100_000_000 / microseconds), places: 2, shown: 2)
            around.say(
                "%QM-I-SCANNED, scanned \(items.count) message files in \(seconds) seconds (\(rate) messages/second)")
        }
        return found
    }

    /// `1234567` with 6 places as `1.2345`.
    private static func decimal(_ value: Int, places: Int, shown: Int) -> String {
        var digits = String(value)
        digits = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return "\(digits.dropLast(places)).\(digits.suffix(places).prefix(shown))"
    }

    /// `top`: equal values of fields, the most frequent first.
    func top(_ line: QueueLine) throws -> Int32 {
        let ranges = try self.ranges(line)
        let most = max(1, Int(line.values["top"] ?? "") ?? 20)
        let least = max(1, Int(line.values["min_count"] ?? "") ?? 2)
        var counts = ranges.map { _ in [String: Int]() }
        let end = ranges.first { $0.field == .content }.map { $0.start + $0.length } ?? 0
        let limit = end > 1 << 30 ? nil : (64 << 10) + end
        var scanned = 0
        try scan(line, limit: limit) { item, message in
            scanned += 1
            for (index, range) in ranges.enumerated() {
                for value in range.field.values(item, message) { counts[index][range.part(of: value), default: 0] += 1 }
            }
            return false
        }
        let lists = counts.map { counts in
            counts.filter { $0.value >= least }.sorted { (-$0.value, $0.key) < (-$1.value, $1.key) }.prefix(most)
        }
        if line.has("json") {
            let fields = zip(ranges, lists).map { range, list -> JSONValue in
                [
                    "field": .string(range.field.rawValue),
                    "values": .array(list.map { ["count": .integer($0.value), "value": .string($0.key)] }),
                ]
            }
            around.say(JSONValue.object([.init("scanned", .integer(scanned)), .init("fields", .array(fields))]).text)
            return 0
        }
        page(
            zip(ranges, lists).flatMap { range, list in
                [
                    "", "Top \(most) \(range.field.titles.list) which occur \(least) or more times",
                    "Count \(range.field.titles.column)",
                ] + list.map { QueueText.padded("\($0.value)", 6) + QueueText.shown($0.key) }
            })
        return 0
    }

    /// A field and the part of its values that counts: bytes from `start`, counted from 1.
    struct Range {
        var field: Field
        var start = 1
        var length: Int

        func part(of value: String) -> String {
            let bytes = value.utf8.dropFirst(start - 1).prefix(length)
            return bytes.count == value.utf8.count ? value : String(decoding: bytes, as: UTF8.self)
        }
    }

    private func ranges(_ line: QueueLine) throws -> [Range] {
        var ranges: [Range] = []
        if line.has("from"), line.has("env_from") {
            throw QueueFailure("%QM-E-TWICE, -from and -env_from are the same", status: 64)
        }
        for field in Field.allCases {
            let name = field == .from && line.has("env_from") ? "env_from" : field.rawValue
            guard line.has(name) else { continue }
            var range = Range(field: field, length: field == .content ? 256 : 2_147_483_647)
            if let text = line.values[name] { try Self.read(text, into: &range) }
            ranges.append(range)
        }
        return ranges.isEmpty ? [Range(field: .subject, length: 2_147_483_647)] : ranges
    }

    /// `(START=n,LENGTH=n)`.
    private static func read(_ text: String, into range: inout Range) throws {
        let inner = text.hasPrefix("(") && text.hasSuffix(")") ? String(text.dropFirst().dropLast()) : text
        for part in inner.split(separator: ",") {
            let sides = part.split(separator: "=").map { $0.lowercased().split(separator: " ").joined() }
            guard sides.count == 2, let number = Int(sides[1]), number > 0, number <= 2_147_483_647 else {
                throw QueueFailure("%QM-E-RANGE, \(text) is no range: write (START=1,LENGTH=256)", status: 64)
            }
            switch sides[0] {
            case let word where "start".hasPrefix(word): range.start = number
            case let word where "length".hasPrefix(word): range.length = number
            default: throw QueueFailure("%QM-E-RANGE, \(text) is no range: write (START=1,LENGTH=256)", status: 64)
            }
        }
    }
}
