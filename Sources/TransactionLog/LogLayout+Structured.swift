import Envelope

/// Formats 4 to 6: `en`, `co` and `he` elements (notifications-logging specification, 2.5).
extension LogLayout {
    func appendElement(_ entry: MessageLogEntry, time: [UInt8], process: String, to line: inout [UInt8]) {
        let element = LogElement(format: options.format)
        begin(element, "en", time, process, &line)
        element.text("sc", entry.sourceChannel, to: &line)
        element.text("dc", entry.destinationChannel, to: &line)
        element.text("ac", entry.action.rawValue + entry.modifiers.code, to: &line)
        element.number("sz", entry.blocks, to: &line)
        element.text("so", local(entry.sender), to: &line)
        element.text("od", local(entry.originalRecipient), to: &line)
        element.text("de", local(entry.currentRecipient), to: &line)
        if options.notary { element.number("rf", Int(entry.notify.rawValue), to: &line) }
        if options.filename { element.textIfAny("fi", entry.filename, to: &line) }
        if options.envelopeID { element.textIfAny("ei", entry.envelopeID, to: &line) }
        if options.messageID { element.textIfAny("mi", entry.messageID, to: &line) }
        if options.username { element.textIfAny("us", entry.username, to: &line) }
        if options.connection.contains(.information) { element.textIfAny("ss", entry.sourceSystem, to: &line) }
        if options.priority { element.number("pr", Int(entry.priority.rawValue), to: &line) }
        if options.initialAddress { element.textIfAny("ia", local(entry.initialRecipient), to: &line) }
        appendOutcome(of: entry, element, &line)
        if options.connection.contains(.transport) { element.textIfAny("tr", entry.connection.transport, to: &line) }
        if options.connection.contains(.application) {
            element.textIfAny("ap", entry.connection.application, to: &line)
        }
        if options.tls { element.textIfAny("tl", entry.connection.tls, to: &line) }
        if options.queueTime, let seconds = entry.queueSeconds {
            element.number("qt", Int(clamping: seconds), to: &line)
        }
        element.end(to: &line)
        for header in entry.headerLines {
            begin(element, "he", time, process, &line)
            element.text("va", header, to: &line)
            element.end(to: &line)
        }
    }

    private func appendOutcome(of entry: MessageLogEntry, _ element: LogElement, _ line: inout [UInt8]) {
        func text(_ key: String, _ value: String, _ field: LogOptions.EmptyFields) {
            if !value.isEmpty || options.writtenEmpty.contains(field) { element.text(key, value, to: &line) }
        }
        if options.reason { text("re", entry.reason, .reason) }
        if options.diagnostics { text("di", diagnostic(of: entry), .diagnostic) }
        if options.remoteMTA { text("rm", entry.remoteMTA, .remoteMTA) }
    }

    func appendElement(_ entry: ConnectionLogEntry, time: [UInt8], process: String, to line: inout [UInt8]) {
        let element = LogElement(format: options.format)
        begin(element, "co", time, process, &line)
        element.text("sc", entry.channel, to: &line)
        element.text("dr", entry.isInbound ? "+" : "-", to: &line)
        element.text("ac", entry.action.rawValue, to: &line)
        element.text("tr", entry.transport, to: &line)
        element.text("ap", entry.application, to: &line)
        element.textIfAny("mi", entry.information, to: &line)
        element.textIfAny("us", entry.username, to: &line)
        element.textIfAny("di", entry.diagnostic, to: &line)
        if options.tls { element.textIfAny("tl", entry.tls, to: &line) }
        if let seconds = entry.seconds { element.number("ct", Int(clamping: seconds), to: &line) }
        element.end(to: &line)
    }

    private func begin(
        _ element: LogElement, _ name: String, _ time: [UInt8], _ process: String, _ line: inout [UInt8]
    ) {
        element.begin(name, time: time, to: &line)
        if options.node { element.text("no", node, to: &line) }
        if options.process { element.text("pi", process, to: &line) }
    }
}
