import Channels
package import Configuration
package import Spool
import SystemCalls
import TransactionLog

extension MessageSubmitter {
    /// The submitter of a process of the instance: spool, log and options as configured. `report` gets lines for the log of
    /// the process; `notify` each committed batch, on the spool's thread.
    /// `isDelivering`: a master program, which works while there is no room for a segment.
    package convenience init(
        configuration: MTAConfiguration, isDelivering: Bool = false, report: @escaping @Sendable (String) -> Void,
        notify: @escaping @Sendable ([CommittedMessage]) -> Void
    ) throws(SpoolError) {
        let log = TransactionLog(
            directory: configuration.paths.log,
            options: Self.logOptions(configuration),
            node: configuration.hostname, report: { report("transaction log: \($0)") })
        var options = SpoolWriterOptions()
        options.opensAtOnce = !isDelivering
        options.minimumFree = configuration.mta.queueMinFree
        try self.init(
            queue: configuration.paths.queue, options: options, log: log,
            counters: TrafficCounters(path: configuration.paths.counters), notify: notify)
    }

    /// A reload: log fields and the wanted free space are those of `configuration` from now on. The queue directory and
    /// the log directory are looked at once, at the start.
    package func configure(_ configuration: MTAConfiguration) {
        log.configure(Self.logOptions(configuration), node: configuration.hostname)
        spool.setMinimumFree(configuration.mta.queueMinFree)
    }

    private static func logOptions(_ configuration: MTAConfiguration) -> LogOptions {
        var options = LogOptions(localHost: configuration.channels.localHost) {
            configuration.options.integer("mta.\($0)")
        }
        let selection = try? Files.read(configuration.paths.configurationFile("log_headers.opt"))
        options.header = LoggedHeader(
            options: String(decoding: selection ?? [], as: UTF8.self),
            longest: configuration.options.integer("mta.log_headers_maxchars"))
        return options
    }
}
