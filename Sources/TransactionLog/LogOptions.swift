/// Which fields the transaction log carries (notifications-logging specification, 2.6). Names are those of the
/// `mta.log_*` options without the prefix.
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

    /// 1 to 3; 1 is the default layout.
    package var format = 1
    package var connection: Connection = []
    package var node = false
    package var process = false
    package var notary = false
    package var filename = false
    package var envelopeID = false
    package var messageID = false
    package var username = false
    package var priority = false
    package var filter = false
    package var reason = false
    package var diagnostics = true
    package var remoteMTA = false
    package var queueTime = false
    package var separateConnectionLog = false
    /// `log_header`, for channels that do not say `logheader`.
    package var headerOccasions: LoggedHeader.Occasions = []
    /// Which header lines.
    package var header = LoggedHeader()

    package init() {}

    /// Reads the options from their values; `value` gives the integer of a `log_*` option, nil when it is not set.
    package init(value: (String) -> Int?) {
        format = value("log_format") ?? 1
        connection = Connection(rawValue: value("log_connection") ?? 0)
        node = value("log_node") ?? 0 != 0
        process = value("log_process") ?? 0 != 0
        notary = value("log_notary") ?? 0 != 0
        filename = value("log_filename") ?? 0 != 0
        envelopeID = value("log_envelope_id") ?? 0 != 0
        messageID = value("log_message_id") ?? 0 != 0
        username = value("log_username") ?? 0 != 0
        priority = value("log_priority") ?? 0 != 0
        filter = value("log_filter") ?? 0 != 0
        reason = (value("log_reason") ?? 0) & 1 != 0
        diagnostics = (value("log_diagnostics") ?? 1) & 1 != 0
        remoteMTA = (value("log_remote_mta") ?? 0) & 1 != 0
        queueTime = value("log_queue_time") ?? 0 != 0
        separateConnectionLog = value("separate_connection_log") ?? 0 != 0
        headerOccasions = LoggedHeader.Occasions(rawValue: value("log_header") ?? 0)
    }
}
