import Glibc
import ProcessPool
import SystemCalls

/// A part of an instance that is started, stopped and killed by itself (dispatcher specification, section 8). While
/// its mark is in the run directory, `martlet run` does not start it again.
enum Component: String, CaseIterable {
    case dispatcher
    case jobController = "job_controller"

    /// Parts of the family's systems that are here but no processes of their own: starting and stopping them is nothing
    /// to be done (commands specification, section 8).
    static func isPartOfOthers(_ word: String) -> Bool { ["sched", "watcher"].contains(word.lowercased()) }

    /// Nil for the name of a service.
    init?(word: String) {
        self.init(rawValue: word.lowercased())
    }

    private func mark(_ root: String) -> String { "\(root)/run/stopped.\(rawValue)" }

    func isHeld(_ root: String) -> Bool { Files.exists(mark(root)) }

    func hold(_ root: String) throws {
        _ = try OwnedDescriptor.open(mark(root), O_WRONLY | O_CREAT | O_NOFOLLOW, mode: 0o644)
    }

    func release(_ root: String) { unlink(mark(root)) }

    /// The process that its pid file names, if it lives.
    func process(_ root: String) -> Int32? {
        PIDFile.read("\(root)/run/pid.\(rawValue)").flatMap { kill($0, 0) == 0 || errno == EPERM ? $0 : nil }
    }

    func client(_ root: String) -> DaemonClient {
        DaemonClient(root: root, self == .dispatcher ? .dispatcher : .jobController)
    }

    func answers(_ root: String) -> Bool { (try? client(root).command("status")) != nil }

    /// Waits for `condition`, looking ten times a second.
    static func wait(seconds: Int, for what: String, _ condition: () -> Bool) throws {
        for _ in 0..<seconds * 10 {
            if condition() { return }
            usleep(100_000)
        }
        throw CommandFailure("waited \(seconds) s in vain for \(what) (martlet status)")
    }

    // MARK: Orders

    /// Starts it in an instance that runs.
    func start(_ root: String) throws {
        release(root)
        if answers(root) {
            Terminal.line("martlet: the \(rawValue) runs already")
            return
        }
        try Self.wait(seconds: 30, for: "the \(rawValue)") { answers(root) }
        Terminal.line("martlet: the \(rawValue) runs")
    }

    /// Sessions and jobs that are under way are finished first.
    func stop(_ root: String) throws {
        guard let process = process(root) else { throw CommandFailure("the \(rawValue) of \(root) is not running") }
        try hold(root)
        _ = try client(root).command("shutdown")
        // Sessions have 300 s, dispatcher specification, section 8, rule 3.
        try Self.wait(seconds: 330, for: "the end of the \(rawValue), process \(process)") {
            self.process(root) != process
        }
        Terminal.line("martlet: the \(rawValue) has stopped")
    }

    /// Stop, then start. A new Dispatcher binds at once; workers of the old one finish their sessions by themselves
    /// and do not count in its pools (section 8, rule 4).
    func restart(_ root: String) throws {
        guard StopCommand.runningProcess(root) != nil, let old = process(root) else {
            throw CommandFailure("the \(rawValue) of \(root) is not running; only what runs can be restarted")
        }
        release(root)
        _ = try client(root).command(self == .dispatcher ? "leave" : "shutdown")
        try Self.wait(seconds: 120, for: "the new \(rawValue)") { process(root) != old && answers(root) }
        Terminal.line("martlet: the \(rawValue) has been restarted")
    }
}
