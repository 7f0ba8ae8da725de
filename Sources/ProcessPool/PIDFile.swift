import Glibc
package import SystemCalls

/// `run/pid.<component>`: says which process runs, and is locked as long as it does.
package struct PIDFile: ~Copyable, Sendable {
    /// The file cannot be taken: another process has it, or the file system refuses.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// The id that the file names; 0 when it could not be read.
        case alreadyRunning(path: String, processID: Int32)
        case system(SystemCallError)

        package var description: String {
            switch self {
            case .alreadyRunning(let path, let processID):
                "already running as process \(processID) (\(path) is locked); stop that process first"
            case .system(let error): error.description
            }
        }
    }

    package let path: String
    private let file: OwnedDescriptor

    /// Takes the lock and writes the id of this process. With `announces` false the file stays empty until
    /// ``announce(_:)``: a Dispatcher is there for others when its ports are bound.
    package static func take(_ path: String, announces: Bool = true) throws(Failure) -> PIDFile {
        let file: OwnedDescriptor
        do throws(SystemCallError) {
            file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o644)
        } catch { throw .system(error) }
        guard Files.lockExclusively(file.number) else {
            throw .alreadyRunning(path: path, processID: PIDFile.read(path) ?? 0)
        }
        // The former owner may have removed the file between open and lock.
        var locked = stat()
        var named = stat()
        guard fstat(file.number, &locked) == 0, stat(path, &named) == 0, locked.st_ino == named.st_ino else {
            return try take(path, announces: announces)
        }
        ftruncate(file.number, 0)
        if announces, !announce(file.number) { throw .system(.current("write", path)) }
        return PIDFile(path: path, file: file)
    }

    /// Writes the id of this process into the file that is taken; false when that is impossible.
    @discardableResult
    package static func announce(_ descriptor: Int32) -> Bool {
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        return pwrite(descriptor, text, text.count, 0) == text.count
    }

    /// The lock that the former image of this very process took (execve(2) keeps it with the descriptor).
    package init(path: String, adopting file: consuming OwnedDescriptor) {
        self.init(path: path, file: file)
    }

    /// The locked file; stays owned by this value.
    package var descriptor: Int32 { file.number }

    private init(path: String, file: consuming OwnedDescriptor) {
        self.path = path
        self.file = file
    }

    /// The id in the file; nil when there is none. Says nothing about whether that process lives.
    package static func read(_ path: String) -> Int32? {
        guard let bytes = try? Files.read(path, limit: 64) else { return nil }
        return Int32(String(decoding: bytes.prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self))
    }

    deinit {
        // Removed before the lock is given up, so that no later owner loses its file.
        unlink(path)
    }
}
