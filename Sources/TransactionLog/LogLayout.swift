import Envelope

/// Lays entries out as lines in formats 1 to 3 (notifications-logging specification, 2.2 and 2.4). Pure: time, node and
/// process are given.
package struct LogLayout: Sendable {
    package var options: LogOptions
    package var node: String

    package init(options: LogOptions, node: String) {
        self.options = options
        self.node = node
    }

    /// Appends one line, line feed included. `time`: `dd-Mon-yyyy hh:mm:ss.cc`; `process`: `hexpid.thread.seq`.
    package func append(_ entry: MessageLogEntry, time: [UInt8], process: String, to line: inout [UInt8]) {
        line += time
        if options.node { field(node, to: &line) }
        if options.process { field(process, to: &line) }
        padded(entry.sourceChannel, to: &line)
        padded(entry.destinationChannel, to: &line)
        field(entry.action.rawValue + entry.modifiers.code, to: &line)
        field(String(entry.blocks), to: &line)
        address(entry.sender, to: &line)
        address(entry.originalRecipient, to: &line)
        address(entry.currentRecipient, to: &line)
        if options.notary { field(String(entry.notify.rawValue), to: &line) }
        if options.filename { text(entry.filename, to: &line) }
        if options.envelopeID { text(entry.envelopeID, to: &line) }
        if options.messageID { text(entry.messageID, to: &line) }
        if options.username { text(entry.username, to: &line) }
        appendConnectionFields(of: entry, to: &line)
        line.append(UInt8(ascii: "\n"))
        for header in entry.headerLines {
            field(header, to: &line)
            line.append(UInt8(ascii: "\n"))
        }
    }

    private func appendConnectionFields(of entry: MessageLogEntry, to line: inout [UInt8]) {
        if options.connection.contains(.information) { text(entry.sourceSystem, to: &line) }
        if options.priority { field(String(entry.priority.rawValue), to: &line) }
        if options.filter { text("''", to: &line) }
        if options.reason { text(entry.reason, to: &line) }
        if options.diagnostics {
            let remote = options.remoteMTA || entry.remoteMTA.isEmpty ? "" : "dns;\(entry.remoteMTA) "
            text(remote + entry.diagnostic, to: &line)
        }
        if options.remoteMTA { text(entry.remoteMTA, to: &line) }
        if options.connection.contains(.transport) { text(entry.transport, to: &line) }
        if options.connection.contains(.application) { text(entry.application, to: &line) }
        if options.queueTime { field(entry.queueSeconds.map(String.init) ?? "", to: &line) }
    }

    /// Appends one connection line.
    package func append(_ entry: ConnectionLogEntry, time: [UInt8], process: String, to line: inout [UInt8]) {
        line += time
        if options.node { field(node, to: &line) }
        if options.process { field(process, to: &line) }
        padded(entry.channel, to: &line)
        padded(entry.isInbound ? "+" : "-", to: &line)
        field(entry.action.rawValue, to: &line)
        field(entry.transport, to: &line)
        field(entry.application, to: &line)
        if !entry.username.isEmpty { field(entry.username, to: &line) }
        if !entry.diagnostic.isEmpty { field(entry.diagnostic, to: &line) }
        line.append(UInt8(ascii: "\n"))
    }

    private func address(_ value: String, to line: inout [UInt8]) {
        options.format == 2 && value.isEmpty ? field("<>", to: &line) : text(value, to: &line)
    }

    /// A variable-length field: `N:text` in format 3, N in octets of what is written.
    private func text(_ value: String, to line: inout [UInt8]) {
        if options.format == 3 {
            field("\(Self.written(value).count):", to: &line)
            appendSafely(value, to: &line)
        } else {
            field(value, to: &line)
        }
    }

    private func field(_ value: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: " "))
        appendSafely(value, to: &line)
    }

    private func padded(_ value: String, to line: inout [UInt8]) {
        field(value, to: &line)
        for _ in 0..<max(0, 12 - value.utf8.count) { line.append(UInt8(ascii: " ")) }
    }

    /// One event is one line whatever a client put into a field: control characters become `?`.
    private func appendSafely(_ value: String, to line: inout [UInt8]) {
        for byte in Self.written(value) {
            line.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: "?") : byte)
        }
    }

    /// The octets of a field that are written; of a longer one the rest is cut, between characters.
    private static func written(_ value: String) -> Substring.UTF8View {
        let octets = value.utf8
        guard octets.count > longestField else { return value[...].utf8 }
        var end = octets.index(octets.startIndex, offsetBy: longestField)
        while end > octets.startIndex, octets[end] & 0xC0 == 0x80 { end = octets.index(before: end) }
        return value[..<end].utf8
    }

    /// Octets of one field that are written at most.
    static let longestField = 4096
}
