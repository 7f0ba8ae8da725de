import Glibc
import ProcessPool
import Synchronization
import SystemCalls

/// What `job_controller.debug` has written besides (job-controller specification, section 13). Its other bits ask for checks
/// that a queue without files of its own to lose does not need.
struct JobControllerDebug: OptionSet {
    let rawValue: UInt32

    /// Every message from and to jobs.
    static let traffic = JobControllerDebug(rawValue: 1)
    /// Every message that has become known.
    static let messages = JobControllerDebug(rawValue: 2)
    /// Everything the schedule decides.
    static let states = JobControllerDebug(rawValue: 4)
    /// What was recovered at the start.
    static let recovery = JobControllerDebug(rawValue: 8)
    /// The state of queues and jobs after everything that happens: very large.
    static let dumps = JobControllerDebug(rawValue: 16)
}

/// `job_controller.log-uniqueid`: one line a record, `hh.mm.ss.cc: text` in local time
/// (job-controller specification, 13).
final class JobControllerLog: Sendable {
    /// Becomes the standard output and error of jobs.
    let descriptor: Int32
    private let file: VersionedLogFile?
    private let mask = Atomic<UInt32>(0)

    /// `job_controller.debug`.
    var debugs: JobControllerDebug {
        get { JobControllerDebug(rawValue: mask.load(ordering: .relaxed)) }
        set { mask.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// A log that cannot be opened leaves standard error. The newest `versions` stay; 0: all.
    init(directory: String, versions: Int = 5) {
        do throws(SystemCallError) {
            let opened = try VersionedLogFile(next: "\(directory)/job_controller.log")
            VersionedLogFile.purge("\(directory)/job_controller.log", keeping: versions, sparing: [opened.path])
            descriptor = opened.descriptor
            file = consume opened
        } catch {
            descriptor = 2
            file = nil
        }
    }

    /// A line that somebody asked for.
    func debug(_ area: JobControllerDebug, _ text: @autoclosure () -> String) {
        if debugs.contains(area) { write(text()) }
    }

    func write(_ text: String) {
        let now = SystemClock.wallNanoseconds
        var seconds = time_t(now / 1_000_000_000)
        var local = tm()
        localtime_r(&seconds, &local)
        let hundredths = Int(now / 10_000_000 % 100)
        let parts = [Int(local.tm_hour), Int(local.tm_min), Int(local.tm_sec), hundredths]
        let stamp = parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ".")
        let line = Array("\(stamp): \(LogRecordFormat.escaped(text))\n".utf8)
        line.withUnsafeBytes { bytes in
            // A full disk must not stop deliveries for the sake of the log.
            try? Files.writeAll(descriptor, bytes)
        }
    }
}
