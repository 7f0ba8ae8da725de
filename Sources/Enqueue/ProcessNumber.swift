import Glibc
import SystemCalls

/// A number from 0 to 4095 that no other message submitter of the queue has as long as this value lives: it is part of
/// every message id, and two processes that share it would sooner or later give one id twice. Process ids cannot serve,
/// only 12 of their bits fit.
final class ProcessNumber: Sendable {
    static let count = 4096

    let value: Int
    /// Holds the lock on octet `value` of the file.
    private let file: OwnedDescriptor

    /// Takes the first free number from that of the process id on.
    init(queue: String) throws(SystemCallError) {
        let path = "\(queue)/process-numbers"
        let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        let first = Int(getpid()) % Self.count
        for offset in 0..<Self.count {
            let number = (first + offset) % Self.count
            if try Self.lock(file.number, octet: number, path) {
                value = number
                self.file = file
                return
            }
        }
        throw .busy("fcntl", path)
    }

    /// Locks one octet for this open file, not for the process: a second submitter of the process gets another one.
    private static func lock(_ descriptor: Int32, octet: Int, _ path: String) throws(SystemCallError) -> Bool {
        var request = flock()
        request.l_type = Int16(F_WRLCK)
        request.l_whence = Int16(SEEK_SET)
        request.l_start = off_t(octet)
        request.l_len = 1
        while fcntl(descriptor, F_OFD_SETLK, &request) < 0 {
            switch errno {
            case EINTR: continue
            case EAGAIN, EACCES: return false
            default: throw .current("fcntl", path)
            }
        }
        return true
    }
}
