import Envelope

/// Lays entries out as lines (notifications-logging specification, 2.2, 2.4 and 2.5). Pure: time, node and process are
/// given. Here formats 1 to 3.
package struct LogLayout: Sendable {
    package var options: LogOptions
    package var node: String

    package init(options: LogOptions, node: String) {
        self.options = options
        self.node = node
    }

    /// Appends one line, line feed included, and one for each header line. `time`: `dd-Mon-yyyy hh:mm:ss.cc`, in formats
    /// 4 to 6 ISO 8601; `process`: `hexpid.thread.seq`.
    package func append(_ entry: MessageLogEntry, time: [UInt8], process: String, to line: inout [UInt8]) {
        guard !options.format.isStructured else {
            return appendElement(entry, time: time, process: process, to: &line)
        }
        begin(time, process, to: &line)
        padded(entry.sourceChannel, to: &line)
        padded(entry.destinationChannel, to: &line)
        plain(entry.action.rawValue + entry.modifiers.code, to: &line)
        plain(String(entry.blocks), to: &line)
        address(entry.sender, to: &line)
        address(entry.originalRecipient, to: &line)
        address(entry.currentRecipient, to: &line)
        if options.notary { plain(String(entry.notify.rawValue), to: &line) }
        if options.filename { word(entry.filename, to: &line) }
        if options.envelopeID { word(entry.envelopeID, to: &line) }
        if options.messageID { word(entry.messageID, to: &line) }
        if options.username { word(entry.username, to: &line) }
        appendConnectionFields(of: entry, to: &line)
        line.append(UInt8(ascii: "\n"))
        for header in entry.headerLines {
            line.append(UInt8(ascii: " "))
            LogText.append(header, as: .columns, to: &line)
            line.append(UInt8(ascii: "\n"))
        }
    }

    private func appendConnectionFields(of entry: MessageLogEntry, to line: inout [UInt8]) {
        if options.connection.contains(.information) { text(entry.sourceSystem, to: &line) }
        if options.priority { plain(String(entry.priority.rawValue), to: &line) }
        if options.initialAddress { address(entry.initialRecipient, to: &line) }
        if options.filter { text("''", to: &line) }
        if options.reason { text(entry.reason, to: &line) }
        if options.diagnostics { text(diagnostic(of: entry), to: &line) }
        if options.remoteMTA { text(entry.remoteMTA, to: &line) }
        if options.connection.contains(.transport) { text(entry.connection.transport, to: &line) }
        if options.connection.contains(.application) { text(entry.connection.application, to: &line) }
        if options.queueTime { plain(entry.queueSeconds.map { String($0) } ?? "", to: &line) }
    }

    /// Appends one connection line.
    package func append(_ entry: ConnectionLogEntry, time: [UInt8], process: String, to line: inout [UInt8]) {
        guard !options.format.isStructured else {
            return appendElement(entry, time: time, process: process, to: &line)
        }
        begin(time, process, to: &line)
        padded(entry.channel, to: &line)
        padded(entry.isInbound ? "+" : "-", to: &line)
        plain(entry.action.rawValue, to: &line)
        plain(entry.transport, to: &line)
        plain(entry.application, to: &line)
        if !entry.username.isEmpty { plain(entry.username, to: &line) }
        if !entry.diagnostic.isEmpty {
            line.append(UInt8(ascii: " "))
            LogText.append(entry.diagnostic, as: .columns, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
    }

    /// The diagnostic, with the remote host before it when that has no field of its own.
    func diagnostic(of entry: MessageLogEntry) -> String {
        options.remoteMTA || entry.remoteMTA.isEmpty ? entry.diagnostic : "dns;\(entry.remoteMTA) \(entry.diagnostic)"
    }

    /// LOG_LOCAL: an address without a domain gets that of this host.
    func local(_ address: String) -> String {
        guard !options.localHost.isEmpty, !address.isEmpty, !address.utf8.contains(UInt8(ascii: "@")) else {
            return address
        }
        return "\(address)@\(options.localHost)"
    }

    private func begin(_ time: [UInt8], _ process: String, to line: inout [UInt8]) {
        line += time
        if options.node { plain(node, to: &line) }
        if options.process { plain(process, to: &line) }
    }

    private func address(_ value: String, to line: inout [UInt8]) {
        options.format == .marked && value.isEmpty ? plain("<>", to: &line) : word(local(value), to: &line)
    }

    /// One word of variable length.
    private func word(_ value: String, to line: inout [UInt8]) {
        options.format == .counted ? text(value, to: &line) : plain(value, to: &line)
    }

    /// Words of variable length: `N:text` in format 3, N in octets of what is written.
    private func text(_ value: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: " "))
        let start = line.count
        LogText.append(value, as: .columns, to: &line)
        if options.format == .counted { line.insert(contentsOf: "\(line.count - start):".utf8, at: start) }
    }

    private func plain(_ value: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: " "))
        LogText.appendWord(value, to: &line)
    }

    private func padded(_ value: String, to line: inout [UInt8]) {
        let width = line.count + 13
        plain(value, to: &line)
        while line.count < width { line.append(UInt8(ascii: " ")) }
    }
}
