/// Which fields the transaction log carries and where it goes (notifications-logging specification, 2.6). Names are those
/// of the `mta.log_*` options without the prefix.
package struct LogOptions: Hashable, Sendable {
    /// `log_connection` bits.
    package struct Connection: OptionSet, Hashable, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        /// Connection information in message entries.
        package static let information = Connection(rawValue: 1)
        /// O, C, X, Y and T entries.
        package static let entries = Connection(rawValue: 2)
        package static let etrn = Connection(rawValue: 4)
        /// The text after `||` of the PORT_ACCESS result in C entries.
        package static let siteText = Connection(rawValue: 16)
        package static let transport = Connection(rawValue: 32)
        package static let application = Connection(rawValue: 64)
        package static let authentication = Connection(rawValue: 128)
    }

    /// Fields that formats 4 to 6 write even when they are empty: bit 2 of their options.
    package struct EmptyFields: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let reason = EmptyFields(rawValue: 1)
        package static let diagnostic = EmptyFields(rawValue: 2)
        package static let remoteMTA = EmptyFields(rawValue: 4)
    }

    package var format = LogFormat.columns
    package var connection: Connection = []
    package var node = false
    package var process = false
    package var notary = false
    package var filename = false
    package var envelopeID = false
    package var messageID = false
    package var username = false
    package var initialAddress = false
    package var priority = false
    package var filter = false
    package var reason = false
    package var diagnostics = true
    package var remoteMTA = false
    package var queueTime = false
    package var tls = false
    package var writtenEmpty: EmptyFields = []
    package var separateConnectionLog = false
    /// `log_local`: this is appended to addresses without a domain; empty: nothing.
    package var localHost = ""
    /// `log_header`, for channels that do not say `logheader`.
    package var headerOccasions: LoggedHeader.Occasions = []
    /// Which header lines.
    package var header = LoggedHeader()
    /// Priority and facility in syslog of message entries; 0: none, negative: no file.
    package var messagesSyslog = 0
    /// The same of connection entries.
    package var connectionsSyslog = 0
    /// `log_sndopr`: the severity in syslog of the notice that the log cannot be written; nil: no notice.
    package var failureSeverity: Int?
    /// `held_sndopr`: that of the notice that a message is held because it goes round in circles.
    package var heldSeverity: Int?

    package init() {}

    /// Reads the options from their values; `value` gives the integer of an option by its name without `mta.`, nil when
    /// it is not set. `localHost`: the official name of this host.
    package init(localHost: String = "", value: (String) -> Int?) {
        format = value("log_format").flatMap(LogFormat.init) ?? .columns
        let byFormat = format.isStructured ? 1 : 0
        func isOn(_ name: String, otherwise standard: Int = 0) -> Bool { value(name) ?? standard != 0 }
        func bits(_ name: String, otherwise standard: Int, empty field: EmptyFields) -> Bool {
            let bits = value(name) ?? standard
            if bits & 4 != 0 { writtenEmpty.insert(field) }
            return bits & 1 != 0
        }
        connection = Connection(rawValue: value("log_connection") ?? 0)
        node = isOn("log_node")
        process = isOn("log_process", otherwise: byFormat)
        notary = isOn("log_notary", otherwise: byFormat)
        filename = isOn("log_filename", otherwise: byFormat)
        envelopeID = isOn("log_envelope_id")
        messageID = isOn("log_message_id", otherwise: byFormat)
        username = isOn("log_username", otherwise: byFormat)
        initialAddress = isOn("log_intermediate")
        priority = isOn("log_priority", otherwise: byFormat)
        filter = isOn("log_filter", otherwise: byFormat)
        reason = bits("log_reason", otherwise: byFormat, empty: .reason)
        diagnostics = bits("log_diagnostics", otherwise: 1, empty: .diagnostic)
        remoteMTA = bits("log_remote_mta", otherwise: 0, empty: .remoteMTA)
        queueTime = isOn("log_queue_time", otherwise: byFormat)
        tls = isOn("log_tls")
        separateConnectionLog = isOn("separate_connection_log")
        if isOn("log_local") { self.localHost = localHost }
        headerOccasions = LoggedHeader.Occasions(rawValue: value("log_header") ?? 0)
        messagesSyslog = value("log_messages_syslog") ?? 0
        connectionsSyslog = value("log_connections_syslog") ?? 0
        if isOn("log_sndopr") { failureSeverity = value("sndopr_priority") ?? 5 }
        if isOn("held_sndopr") { heldSeverity = value("sndopr_priority") ?? 5 }
    }
}
