import SystemCalls
import TransactionLog

/// The roll-over of the transaction logs (job-controller specification, 11.3).
extension JobControllerLoop {
    /// Beside the loop: the log of a day may be long, and deliveries do not wait for it.
    func rollLogs() {
        let rollover = LogRollover(directory: options.logDirectory)
        let period = settings.logRolloverPeriod
        let log = log
        do throws(SystemCallError) {
            try SystemThread.tryStart("log roll-over") {
                do throws(SystemCallError) {
                    if try rollover.run(period: period) { log.write("return job: the logs are rolled over") }
                } catch {
                    log.write("error: the logs could not be rolled over: \(error); the next return job tries again")
                }
            }
        } catch {
            log.write("error: the logs could not be rolled over: \(error); the next return job tries again")
        }
    }
}
