import Envelope
import Glibc
import OptionSyntax

/// A listed entry with its number and, when it was read, its envelope.
struct QueueRow: Hashable {
    var id: Int
    var item: QueueItem
    var sender: String?
    var recipients: [QueueRecipient] = []

    var json: JSONValue {
        .object(
            [
                .init("id", .integer(id)), .init("name", .string(item.name)), .init("channel", .string(item.channel)),
                .init("host", .string(item.host)), .init("state", .string(item.state)),
                .init("priority", .string(item.priority)), .init("size", .integer(item.size)),
                .init("queued", .integer(Int(item.arrival / 1000))),
                .init("next", item.next.map { .integer(Int($0)) } ?? .null),
                .init("attempts", .integer(item.attempts)), .init("held", item.held.map(JSONValue.string) ?? .null),
            ]
                + (sender.map { sender in
                    [
                        .init("from", .string(sender)),
                        .init("to", .array(recipients.map { .string($0.address) })),
                    ]
                } ?? []))
    }
}

/// What the commands on queues print: lines, without the terminal.
enum QueueText {
    static let rule = String(repeating: "-", count: 62)

    /// The listing of the family (commands specification, section 6.4).
    static func directory(
        _ rows: [QueueRow], source: String, now: Int64, hasFileInfo: Bool = true, hasTotals: Bool = true
    ) -> [String] {
        var lines = [LocalTime.heading(now), "Data gathered from \(source)"]
        var total = 0
        var start = 0
        while start < rows.count {
            let channel = rows[start].item.channel
            let end = rows[start...].firstIndex { $0.item.channel != channel } ?? rows.count
            lines += ["", padded("Channel: \(channel)", 34) + (hasFileInfo ? "Size Queued since" : ""), rule]
            var size = 0
            for row in rows[start..<end] {
                size += row.item.blocks
                lines += entry(row, hasFileInfo)
            }
            lines.append(rule)
            if hasTotals, hasFileInfo { lines.append(padded("Total size:", 28) + padded(right: "\(size)", 10)) }
            total += size
            start = end
        }
        if rows.isEmpty { lines += ["", "No messages."] }
        if hasTotals, hasFileInfo { lines += ["", padded("Grand total size:", 28) + padded(right: "\(total)", 10)] }
        return lines
    }

    private static func entry(_ row: QueueRow, _ hasFileInfo: Bool) -> [String] {
        let name = "\(row.id) \(row.item.name)"
        var lines = [
            hasFileInfo
                ? padded(name, 33) + padded(right: "\(row.item.blocks)", 5) + " "
                    + LocalTime.stamp(row.item.arrival / 1000) : name
        ]
        if let sender = row.sender {
            lines.append("    From: \(shown(sender))")
            lines += row.recipients.map { "    To: \(shown($0.address))" }
        }
        if let held = row.item.held { lines.append("    Held: \(shown(held))") }
        return lines
    }

    /// Everything the index knows, one line an entry.
    static func long(_ rows: [QueueRow], now: Int64, isColoured: Bool) -> [String] {
        var table = TextTable([
            .number("ID"), "ENTRY", "CHANNEL", "STATE", .number("SIZE"), .number("AGE"), .number("TRIES"), "NEXT",
            "HOST",
            "FROM", "TO",
        ])
        for row in rows {
            let item = row.item
            let style: TextTable.Style =
                item.isHeld ? .warning : item.state == "active" ? .good : item.state == "delayed" ? .faint : .plain
            let recipients = row.recipients.map(\.address)
            let others = recipients.count > 1 ? " +\(recipients.count - 1)" : ""
            table.add([
                .init(row.id), .init(item.name), .init(item.channel), .init(item.state, style), .init(bytes(item.size)),
                .init(LocalTime.span(now - item.arrival / 1000)), .init(item.attempts),
                .init(item.next.map { $0 > now ? "in " + LocalTime.span($0 - now) : "now" } ?? ""), .init(item.host),
                .init(row.sender.map { $0.isEmpty ? "<>" : $0 } ?? ""), .init((recipients.first ?? "") + others),
            ])
        }
        return table.lines(isColoured: isColoured)
    }

    /// `512`, `14K`, `3M`.
    static func bytes(_ count: Int) -> String {
        if count < 10_000 { return "\(count)" }
        if count < 10_000_000 { return "\((count + 1023) / 1024)K" }
        return "\((count + (1 << 20) - 1) >> 20)M"
    }

    static func summary(
        _ rows: [QueueSummaryRow], hasHeading: Bool, hasHeld: Bool, hasTotals: Bool
    ) -> [String] {
        let line =
            "----------------------- ---------  -----------  --------------------"
            + (hasHeld ? "  ---------" : "")
        var lines: [String] = []
        if hasHeading {
            lines = [
                "                         Messages",
                "Channel                    Queued    Size (Kb)  Oldest" + (hasHeld ? "                     Held" : ""),
                line,
            ]
        }
        for row in rows {
            let oldest = hasHeld ? [row.oldest, row.oldestHeld].compactMap { $0 }.min() : row.oldest
            lines.append(
                summaryLine(
                    row.name + (row.stopped ? " (stopped)" : ""), row.messages, row.bytes,
                    oldest.map { LocalTime.stamp($0 / 1000) } ?? "", hasHeld ? row.held : nil))
            lines += row.stoppedHosts.map { "  host \($0) (stopped)" }
        }
        if hasTotals {
            lines.append(line)
            lines.append(
                summaryLine(
                    "Totals", rows.reduce(0) { $0 + $1.messages }, rows.reduce(0) { $0 + $1.bytes }, "",
                    hasHeld ? rows.reduce(0) { $0 + $1.held } : nil))
        }
        return lines
    }

    private static func summaryLine(
        _ name: String, _ messages: Int, _ bytes: Int, _ oldest: String, _ held: Int?
    ) -> String {
        let hundredths = (bytes * 100 + 512) / 1024
        let rest = hundredths % 100
        let kilobytes = "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
        let line =
            padded(name, 23) + " " + padded(right: "\(messages)", 9) + "  " + padded(right: kilobytes, 11) + "  "
            + padded(oldest, 20) + (held.map { "  " + padded(right: "\($0)", 9) } ?? "")
        return String(line.reversed().drop { $0 == " " }.reversed())
    }

    static func messages(_ hosts: [QueueHost]) -> [String] {
        let width = max(32, (hosts.map(\.host.count).max() ?? 0) + 1)
        return [padded("host", width) + " active messages  delayed messages"]
            + hosts.map {
                padded(shown($0.host), width) + " " + padded("\($0.active)", 17) + "\($0.delayed)"
            }
    }

    /// The listing of 6.3: channels, their jobs, and what these work on.
    static func jobs(_ jobs: [QueueJob]) -> [String] {
        var lines: [String] = []
        let channels = Dictionary(grouping: jobs, by: \.channel).sorted { $0.key < $1.key }
        for (channel, own) in channels {
            lines.append("channel \(channel)")
            for job in own {
                lines.append("   job \(job.pid)")
                lines += job.hosts.map { "     host \(shown($0))" }
                lines.append("     \(job.hosts.count) HOST BEING PROCESSED BY JOB \(job.pid)")
                lines += job.messages.map { "     message \($0)" }
                lines.append("     processed messages: \(job.processed)")
                lines.append("     failed processing attempts: \(job.failed)")
                lines.append("     \(job.messages.count) MESSAGES BEING PROCESSED BY JOB \(job.pid)")
            }
            lines.append("   \(own.count) JOBS ACTIVE FOR CHANNEL \(channel)")
        }
        return lines + ["\(channels.count) ACTIVE CHANNELS"]
    }

    /// Envelope and header of a message (`read`).
    static func read(_ row: QueueRow, _ message: QueueMessage, hasContent: Bool) -> [String] {
        var lines = ["Message id: \(row.id)", "Filename: \(row.item.fullName)", "Transport layer information:"]
        lines.append(String(repeating: "-", count: 28))
        lines.append("Envelope From: address: " + shown(message.envelope.sender))
        let recipients = row.recipients.map { shown($0.address) }
        for (index, address) in recipients.enumerated() {
            lines.append((index == 0 ? "Envelope To: addresses: " : String(repeating: " ", count: 24)) + address)
        }
        lines += ["Message header:", String(repeating: "-", count: 15)] + message.headerLines.map(shown)
        if hasContent {
            lines += [""] + message.bodyLines.map(shown)
        }
        return lines
    }

    /// Nothing that a terminal would obey: what stands in messages comes from strangers.
    static func shown(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    let isControl = scalar.value < 0x20 && scalar != "\t" || (0x7F...0x9F).contains(scalar.value)
                    return isControl ? "?" : scalar
                }))
    }

    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func padded(right text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
