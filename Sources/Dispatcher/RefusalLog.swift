import Configuration
import SystemCalls
import TransactionLog

/// `T` records of the connection log: clients that PORT_ACCESS refused with `$T`. Dispatcher specification, section
/// 9.6. LOG_CONNECTION bit 1 asks for them.
final class RefusalLog: Sendable {
    private let log: TransactionLog

    init(_ configuration: MTAConfiguration) {
        log = TransactionLog(
            directory: configuration.paths.log,
            options: LogOptions { configuration.options.integer("mta.\($0)") }, node: configuration.hostname
        ) { DispatcherProcess.complain("transaction log: \($0)") }
    }

    func write(_ service: ServiceSettings, probe: String, text: String) {
        let isLMTP = service.image.hasSuffix("tcp_lmtp_server") || service.image.hasSuffix("tcp_lmtpn_server")
        log.write(
            ConnectionLogEntry(
                .refusedByPortAccess, channel: service.defaultChannel, isInbound: true, transport: probe,
                application: isLMTP ? "LMTP" : "SMTP", diagnostic: text))
    }
}
