import CSystemCalls
import Glibc

/// Replacing the program of this process, and what survives that: open descriptors, children, process id.
package enum Images {
    /// A file in memory with `content`, close-on-exec, to be read from its beginning.
    package static func memoryFile(
        _ name: String, _ content: [UInt8] = []
    ) throws(SystemCallError) -> OwnedDescriptor {
        let file = OwnedDescriptor(owning: try checked("memfd_create") { martlet_memory_file(name) })
        var failure: SystemCallError?
        content.withUnsafeBytes { bytes in
            do throws(SystemCallError) { try Files.writeAll(file.number, bytes, name) } catch { failure = error }
        }
        if let failure { throw failure }
        return file
    }

    /// The whole content of a file, whatever its position; `limit` is the most bytes that are taken.
    package static func content(_ file: Int32, limit: Int = 16 << 20) -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while content.count <= limit {
            let count = pread(file, &buffer, buffer.count, off_t(content.count))
            guard count > 0 else { break }
            content.append(contentsOf: buffer[..<count])
        }
        return content
    }

    /// Whether a descriptor stays open when the program is replaced.
    package static func keep(_ descriptor: Int32, _ isKept: Bool = true) {
        _ = fcntl(descriptor, F_SETFD, isKept ? 0 : FD_CLOEXEC)
    }

    /// A copy of a descriptor that does not survive a replacement.
    package static func duplicate(_ descriptor: Int32) throws(SystemCallError) -> OwnedDescriptor {
        OwnedDescriptor(owning: try checked("fcntl") { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) })
    }

    /// execve(2): returns only when it failed. `environment`: `NAME=value`, all of it. `kept`: the descriptors that stay
    /// open beside the standard ones; of others nobody knows, libraries open some without close-on-exec.
    package static func replace(with path: String, environment: [String], kept: [Int32]) -> SystemCallError {
        do throws(SystemCallError) {
            for name in try Files.list("/proc/self/fd") {
                if let descriptor = Int32(name), descriptor > 2 { keep(descriptor, false) }
            }
        } catch { return error }
        for descriptor in kept { keep(descriptor) }
        defer {
            for descriptor in kept { keep(descriptor, false) }
        }
        var arguments = [strdup(path), nil]
        var variables = environment.map { strdup($0) } + [nil]
        execve(path, &arguments, &variables)
        let error = SystemCallError.current("execve", path)
        for pointer in arguments + variables { free(pointer) }
        return error
    }

    /// The environment of this process as `NAME=value`.
    package static var environment: [String] {
        var all: [String] = []
        var next = environ
        while let entry = next.pointee {
            all.append(String(cString: entry))
            next += 1
        }
        return all
    }
}
