import Glibc
import Synchronization

/// The case that runs, for the line that a trap or a hang prints.
enum CurrentCase {
    private static let number = Atomic<UInt64>(0)
    private static let name = Mutex("")
    /// A case that takes longer is a finding.
    private static let secondsLimit: UInt32 = 20

    static func enter(_ target: String) { name.withLock { $0 = target } }

    static func begin(_ case: UInt64) {
        number.store(`case`, ordering: .relaxed)
        alarm(secondsLimit)
    }

    /// Prints the case when the process is about to end. The handler allocates, which is fine for a tool that has
    /// nothing left to do.
    static func watch() {
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] {
            _ = Glibc.signal(signal) { received in
                let target = CurrentCase.name.withLockIfAvailable { $0 } ?? ""
                let number = CurrentCase.number.load(ordering: .relaxed)
                let line = Array("\(target): signal \(received), again with: fuzz 0 \(target) \(number)\n".utf8)
                _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
                _exit(1)
            }
        }
    }
}
