import Envelope
import InternetMessage

/// The part of a report that is for people (notifications-logging specification, 1.3 and 1.4).
extension DeliveryReport {
    /// Header and text of the first part.
    func textPart(originalHeader header: [UInt8]) -> [UInt8] {
        let charset = textCharset
        let decoding = OriginalHeaderList.Decoding(option: notaryDecode, charset: charset)
        let line = PlainLine(charset: decoding == .toUTF8 ? "utf-8" : charset)
        let expansion = TemplateExpansion(
            header: OriginalHeaderList(header, charset: charset, decoding: decoding).lines,
            recipients: reported.map { lines($0, $1, line) }, time: time,
            unit: texts.options.unit(countsHours: time.countsHours))
        var text = expansion.expand(texts.prefix) + expansion.expand(texts.kinds[kind] ?? [])
        text += attempts(line)
        text += expansion.expand(texts.suffix)
        let isEightBit = text.contains { $0 > 127 }
        var part = partHeader(isUTF8: line.isUTF8 && (isInternational || isEightBit))
        if isInternational || isEightBit { part += Array(Self.eightBit.utf8) }
        return part + [13, 10] + text
    }

    /// What an international report has to say needs UTF-8, unless its text is in a charset of its own.
    private var textCharset: String {
        isInternational && texts.charset == "us-ascii" ? "utf-8" : texts.charset
    }

    private func partHeader(isUTF8: Bool) -> [UInt8] {
        guard isUTF8, texts.charset == "us-ascii" else { return texts.partHeader }
        let header = String(decoding: texts.partHeader, as: UTF8.self)
        // In whatever case it is written.
        let name = Array("us-ascii".utf8)
        guard let label = Array(header.asciiLowercased.utf8).firstRange(of: name) else { return texts.partHeader }
        var octets = Array(header.utf8)
        octets.replaceSubrange(label, with: "utf-8".utf8)
        return octets
    }

    /// The lines of one recipient in `%R`.
    private func lines(_ recipient: QueueRecipient, _ outcome: RecipientOutcome, _ line: PlainLine) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        func add(_ name: String, _ label: String, _ value: String) {
            lines.append((texts.options.label(name) ?? Array(label.utf8)) + [32] + Array(line.line(value).utf8))
        }
        add("RECIPIENT_ADDRESS", "Recipient address:", recipient.address)
        if recipient.given != recipient.address { add("ORIGINAL_ADDRESS", "Original address:", recipient.given) }
        let why = reason(outcome)
        // An empty label leaves the line out.
        if !why.isEmpty, texts.options.label("REASON") != [] { add("REASON", "Reason:", why) }
        if let text = texts.options.text(forStatus: outcome.status) { lines.append(text) }
        if !outcome.remote.isEmpty {
            add("DIAGNOSTIC_CODE", "Diagnostic code:", "smtp;\(outcome.text)")
            add("REMOTE_SYSTEM", "Remote system:", "dns;\(outcome.remote)")
        }
        return lines
    }

    /// The attempts before this one: RETURN_DELIVERY_HISTORY. An empty `HISTORY` leaves them out.
    private func attempts(_ line: PlainLine) -> [UInt8] {
        let title = texts.options.label("HISTORY") ?? Array("Attempts so far:".utf8)
        guard !history.isEmpty, !title.isEmpty else { return [] }
        // The others are none of the sender's business, or have got the message.
        let reported = Set(outcomes.map(\.recipient))
        var text = title + [13, 10, 13, 10]
        for attempt in history {
            text += Array("  \(attempt.date)\r\n".utf8)
            for outcome in attempt.outcomes
            where reported.contains(outcome.recipient) && entry.recipients.indices.contains(outcome.recipient) {
                let words = [outcome.status, outcome.text].filter { !$0.isEmpty }.joined(separator: " ")
                let said = "\(entry.recipients[outcome.recipient].address): \(words)"
                text += Array("    \(line.line(said))\r\n".utf8)
            }
        }
        return text + [13, 10]
    }
}
