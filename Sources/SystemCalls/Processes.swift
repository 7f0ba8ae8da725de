import CSystemCalls
import Glibc

/// Starting, watching and signalling child processes.
package enum Processes {
    /// What a child is started with.
    package struct Request {
        package var path: String
        package var arguments: [String]
        /// `NAME=value`; nothing is inherited.
        package var environment: [String]
        /// Becomes descriptor 3 of the child; the caller closes its copy.
        package var control: Int32?
        /// Becomes descriptors 1 and 2; nil inherits.
        package var output: Int32?
        package var directory: String
        /// The child gets no ambient capabilities, which this process keeps: its ports are no business of the child.
        package var dropsCapabilities = false
        /// The child stays in the process group of this process, so that who ends the group ends both.
        package var keepsGroup = false

        package init(
            path: String, arguments: [String], environment: [String], control: Int32? = nil, output: Int32? = nil,
            directory: String = "/"
        ) {
            self.path = path
            self.arguments = arguments
            self.environment = environment
            self.control = control
            self.output = output
            self.directory = directory
        }
    }

    /// How a child ended.
    package enum Exit: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// posix_spawn; returns the process id.
    package static func spawn(_ request: Request) throws(SystemCallError) -> Int32 {
        let arguments = ([request.path] + request.arguments).map { strdup($0) } + [nil]
        let environment = request.environment.map { strdup($0) } + [nil]
        defer {
            for pointer in arguments + environment { free(pointer) }
        }
        var pid: Int32 = 0
        let code = request.path.withCString { path in
            request.directory.withCString { directory in
                arguments.withUnsafeBufferPointer { arguments in
                    environment.withUnsafeBufferPointer { environment in
                        var form = martlet_spawn_request(
                            path: path, arguments: arguments.baseAddress, environment: environment.baseAddress,
                            control_descriptor: request.control ?? -1, output_descriptor: request.output ?? -1,
                            directory: directory, drops_capabilities: request.dropsCapabilities ? 1 : 0,
                            keeps_group: request.keepsGroup ? 1 : 0)
                        return martlet_spawn(&form, &pid)
                    }
                }
            }
        }
        if code != 0 { throw SystemCallError(call: "posix_spawn", code: code, object: request.path) }
        return pid
    }

    /// Readable when the process has ended.
    package static func pidDescriptor(_ pid: Int32) throws(SystemCallError) -> OwnedDescriptor {
        OwnedDescriptor(owning: try checked("pidfd_open") { martlet_pidfd_open(pid) })
    }

    /// How the child ended, nil while it runs. To be called once with a result; then the id means nothing any more.
    package static func reap(_ pid: Int32) -> Exit? {
        var status: Int32 = 0
        guard martlet_reap(pid, &status) == 1 else { return nil }
        let signal = martlet_exit_signal(status)
        return signal != 0 ? .signalled(signal) : .exited(martlet_exit_code(status))
    }

    /// Never returns to the old user; checks it.
    package static func dropPrivileges(to user: String) throws(SystemCallError) {
        try checked("setuid", user) { martlet_drop_privileges(user) }
    }

    /// Root becomes another user, except in ``withFilesOfRoot(_:)``.
    package static func setPrivilegesAside(for user: String) throws(SystemCallError) {
        try checked("setuid", user) { martlet_set_privileges_aside(user) }
    }

    /// What root has set aside counts for the files that `body` opens, on this thread alone. For any other user nothing
    /// changes.
    package static func withFilesOfRoot<Value: ~Copyable>(
        _ body: () throws(SystemCallError) -> Value
    ) throws(SystemCallError) -> Value {
        let own = martlet_set_file_user(0)
        defer { _ = martlet_set_file_user(own) }
        return try body()
    }

    /// Raises the soft limit of open files to the hard one; returns it.
    @discardableResult
    package static func raiseDescriptorLimit() -> Int { Int(martlet_raise_descriptor_limit()) }

    /// The path of the running program.
    package static var executablePath: String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink("/proc/self/exe", bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }
}

/// Signals as readable events: they are blocked, and arrive through a descriptor.
package final class SignalDescriptor: Sendable {
    private let owned: OwnedDescriptor

    /// Blocks `signals` in the calling thread and in threads it starts later: call it first in `main`.
    package init(_ signals: [Int32]) throws(SystemCallError) {
        martlet_ignore_sigpipe()
        owned = OwnedDescriptor(
            owning: try checked("signalfd") { martlet_signal_descriptor(signals, signals.count) })
    }

    package var descriptor: Int32 { owned.number }

    /// The next waiting signal; nil when there is none.
    package func next() -> Int32? {
        let signal = martlet_next_signal(owned.number)
        return signal == 0 ? nil : signal
    }
}

extension Processes {
    /// This process gets SIGTERM when the one that started it ends: for daemons that `martlet run` keeps, so that none is
    /// left behind when that is killed.
    package static func endWithParent() {
        _ = martlet_set_parent_death_signal(SIGTERM)
    }
}
