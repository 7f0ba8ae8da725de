import OptionSyntax
import Synchronization
import SystemCalls
import TransactionLog

/// The roll-over of the transaction logs on a thread of its own: whether it is at work, and what came of the latest one.
final class RolloverWork: Sendable {
    private struct State {
        var isRunning = false
        var failure: SystemCallError?
    }

    private let state = Mutex(State())

    /// False: one is at work.
    func begin() -> Bool {
        state.withLock { state in
            if state.isRunning { return false }
            state = State(isRunning: true)
            return true
        }
    }

    func end(_ failure: SystemCallError?) { state.withLock { $0 = State(failure: failure) } }

    /// For who waits for its end.
    var answer: JSONValue {
        state.withLock { state in
            [
                "ok": true, "running": .bool(state.isRunning),
                "failure": state.failure.map { .string("\($0)") } ?? .null,
            ]
        }
    }
}

/// The roll-over of the transaction logs (job-controller specification, 11.3).
extension JobControllerLoop {
    /// Beside the loop: the log of a day may be long, and deliveries do not wait for it. The command `rollover` tells
    /// when it is done.
    func rollLogs(isTurn: Bool) {
        guard rolloverWork.begin() else { return log.write("return job: an earlier roll-over of the logs is at work") }
        let rollover = LogRollover(directory: options.logDirectory)
        let (work, log) = (rolloverWork, log)
        let end: @Sendable (SystemCallError?) -> Void = { failure in
            if let failure {
                log.write("error: the logs could not be rolled over: \(failure); the next return job tries again")
            }
            work.end(failure)
        }
        do throws(SystemCallError) {
            try SystemThread.tryStart("log roll-over") {
                do throws(SystemCallError) {
                    if try rollover.run(isTurn: isTurn) { log.write("return job: the logs are rolled over") }
                    end(nil)
                } catch { end(error) }
            }
        } catch { end(error) }
    }
}
