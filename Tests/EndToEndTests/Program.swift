import Glibc
import SystemCalls

/// A program that a test has started, with what it prints; ended with the test.
final class Program {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    struct Finished {
        let exit: Processes.Exit
        let output: String
    }

    let pid: Int32
    let outputPath: String
    private var exit: Processes.Exit?

    /// `name`: a path, or a program to be looked for in PATH.
    init(_ name: String, _ arguments: [String], scratch: String, environment: [String] = [], input: String? = nil)
        throws
    {
        guard let path = Self.find(name) else { throw Failure(description: "\(name) is not installed") }
        outputPath =
            "\(scratch)/output-\(path.split(separator: "/").last ?? "program")-\(UInt32.random(in: 0...UInt32.max))"
        let output = try OwnedDescriptor.open(outputPath, O_WRONLY | O_CREAT | O_APPEND)
        var launch = [path] + arguments
        if let input {
            // The child's standard input is /dev/null; a shell of the test's own feeds it.
            let inputPath = outputPath + ".input"
            try Files.replace(inputPath, with: Array(input.utf8))
            launch = ["/bin/sh", "-c", "exec \"$0\" \"$@\" <'\(inputPath)'"] + launch
        }
        pid = try Processes.spawn(
            Processes.Request(
                path: launch[0], arguments: Array(launch.dropFirst()),
                environment: ["PATH=\(Self.searchPath)"] + environment,
                output: output.number, directory: scratch))
    }

    static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    static func find(_ name: String) -> String? {
        if name.contains("/") { return Files.isExecutable(name) ? name : nil }
        return searchPath.split(separator: ":").map { "\($0)/\(name)" }.first(where: Files.isExecutable)
    }

    /// What it has printed so far, standard output and error together.
    var output: String { String(decoding: (try? Files.read(outputPath)) ?? [], as: UTF8.self) }

    /// Waits for the end; kills it when it takes longer than `seconds`.
    @discardableResult
    func wait(seconds: Int32 = 60) throws -> Finished {
        if exit == nil {
            if let watch = try? Processes.pidDescriptor(pid) {
                var ready = pollfd(fd: watch.number, events: Int16(POLLIN), revents: 0)
                if poll(&ready, 1, seconds * 1000) == 0 { kill(pid, SIGKILL) }
            }
            var status: Int32 = 0
            while exit == nil {
                if let ended = Processes.reap(pid) {
                    exit = ended
                } else if waitid(P_PID, id_t(pid), nil, WEXITED | WNOWAIT) < 0 {
                    _ = waitpid(pid, &status, 0)
                    exit = .exited(-1)
                }
            }
        }
        return Finished(exit: exit ?? .exited(-1), output: output)
    }

    /// As ``wait(seconds:)``, on a thread of its own: for programs that take long. Other tests run on the thread of the
    /// caller meanwhile; there are only as many as processors, and tests have time limits.
    func finished(seconds: Int32) async throws -> Finished {
        let watch = try Processes.pidDescriptor(pid)
        await withCheckedContinuation { continuation in
            SystemThread.start("program") {
                var ready = pollfd(fd: watch.number, events: Int16(POLLIN), revents: 0)
                poll(&ready, 1, seconds * 1000)
                continuation.resume()
            }
        }
        return try wait(seconds: 0)
    }

    func signal(_ number: Int32) {
        if exit == nil { kill(pid, number) }
    }

    deinit {
        if exit == nil {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
    }
}

/// Looks again and again until `condition` holds; false when it does not within `seconds`.
func eventually(seconds: Double = 30, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = SystemClock.monotonicNanoseconds + Int64(seconds * 1e9)
    while true {
        if try condition() { return true }
        if SystemClock.monotonicNanoseconds > end { return false }
        usleep(20_000)
    }
}
