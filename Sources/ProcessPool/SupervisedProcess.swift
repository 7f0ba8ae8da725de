import Glibc
package import SystemCalls

/// How a process of a pool ended. Exit codes: dispatcher specification, section 7.2 item 7 (as in sysexits.h).
package enum ProcessEnding: Hashable, Sendable, CustomStringConvertible {
    /// Exit code 0.
    case orderly
    /// Exit code 75 (EX_TEMPFAIL): start another one after a pause.
    case temporaryFailure
    /// Exit code 78 (EX_CONFIG): another one would fail as well until somebody changes the configuration.
    case configurationError
    case failed(code: Int32)
    case signalled(Int32)

    package init(_ exit: Processes.Exit) {
        self =
            switch exit {
            case .exited(0): .orderly
            case .exited(75): .temporaryFailure
            case .exited(78): .configurationError
            case .exited(let code): .failed(code: code)
            case .signalled(let number): .signalled(number)
            }
    }

    package var description: String {
        switch self {
        case .orderly: "exit 0"
        case .temporaryFailure: "exit 75 (temporary failure)"
        case .configurationError: "exit 78 (configuration error)"
        case .failed(let code): "exit \(code)"
        case .signalled(let number): "signal \(number) (\(String(cString: strsignal(number))))"
        }
    }
}

/// A child with its control socket (descriptor 3 of the child) and its pidfd. Confined to the thread that owns it.
package final class SupervisedProcess {
    /// What to start.
    package struct Launch: Sendable {
        /// Path of the executable; no shell, no search path.
        package var path: String
        package var arguments: [String]
        /// `NAME=value`; nothing is inherited.
        package var environment: [String]
        package var directory: String
        /// The process gets no ambient capabilities.
        package var dropsCapabilities = false

        package init(path: String, arguments: [String] = [], environment: [String], directory: String = "/") {
            self.path = path
            self.arguments = arguments
            self.environment = environment
            self.directory = directory
        }
    }

    package let processID: Int32
    package var control: ControlSocket
    /// Set once the process has been waited for; its id means nothing from then on.
    package private(set) var ending: ProcessEnding?
    private let watch: OwnedDescriptor

    private init(processID: Int32, control: consuming ControlSocket, watch: consuming OwnedDescriptor) {
        self.processID = processID
        self.control = control
        self.watch = watch
    }

    /// Readable when the process has ended.
    package var exitDescriptor: Int32 { watch.number }

    /// Starts the process. `log` becomes its standard output and error and stays the caller's; nil inherits.
    package static func start(_ launch: Launch, log: Int32?) throws(SystemCallError) -> SupervisedProcess {
        let pair = try Sockets.sequencedPacketPair()
        let mine = OwnedDescriptor(owning: pair.0)
        let theirs = OwnedDescriptor(owning: pair.1)
        var request = Processes.Request(
            path: launch.path, arguments: launch.arguments, environment: launch.environment,
            control: theirs.number, output: log, directory: launch.directory)
        request.dropsCapabilities = launch.dropsCapabilities
        let processID = try Processes.spawn(request)
        do throws(SystemCallError) {
            let watch = try Processes.pidDescriptor(processID)
            return SupervisedProcess(processID: processID, control: ControlSocket(owning: mine), watch: watch)
        } catch {
            // Nobody could notice its end: it must not live.
            kill(processID, SIGKILL)
            waitpid(processID, nil, 0)
            throw error
        }
    }

    /// A child that the former image of this process started.
    package static func adopt(
        processID: Int32, control: consuming OwnedDescriptor
    ) throws(SystemCallError) -> SupervisedProcess {
        let watch = try Processes.pidDescriptor(processID)
        return SupervisedProcess(processID: processID, control: ControlSocket(owning: control), watch: watch)
    }

    /// How the process ended; nil while it runs.
    package func reap() -> ProcessEnding? {
        if ending == nil { ending = Processes.reap(processID).map(ProcessEnding.init) }
        return ending
    }

    /// Sends a signal, unless the process has been waited for.
    package func signal(_ number: Int32) {
        if ending == nil { kill(processID, number) }
    }
}
