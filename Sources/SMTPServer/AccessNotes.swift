import Logging
import SystemCalls

/// The texts of `$<` and `$>` of access tables, for syslog; what that does not take is said in the log of the worker
/// (access-and-filtering specification, 5.3).
struct AccessNotes: Sendable {
    private let log: SystemLog?
    private let logger: Logger

    init(_ logger: Logger) {
        self.logger = logger
        log = try? SystemLog(program: "tcp_smtp_server")
    }

    func say(_ texts: [String]) {
        for text in texts where log?.say(text) != true { logger.notice("syslog: \(text)") }
    }
}
