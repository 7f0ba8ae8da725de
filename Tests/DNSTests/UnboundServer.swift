import Glibc
import SystemCalls

@testable import DNS

/// A real name server for tests: unbound on 127.0.0.1 with local data, in a directory of its own.
final class UnboundServer {
    private let process: Int32
    private let directory: String
    let port: UInt16

    /// The setting of a resolver that asks this server.
    var address: String { "127.0.0.1@\(port)" }

    static let binary = ["/usr/sbin/unbound", "/sbin/unbound", "/usr/local/sbin/unbound"]
        .first { Files.isExecutable($0) }

    struct DidNotStart: Error { let log: String }

    /// `settings`: lines of the `server:` section.
    init(_ settings: [String]) throws {
        let binary = Self.binary ?? ""
        var template = Array("/tmp/martlet-dns-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        port = try Self.freePort()
        let lines = [
            "server:", "interface: 127.0.0.1", "port: \(port)", "do-daemonize: no", "chroot: \"\"", "username: \"\"",
            "directory: \"\(directory)\"", "pidfile: \"\"", "use-syslog: no", "num-threads: 1",
            "access-control: 127.0.0.0/8 allow",
        ]
        let file = "\(directory)/unbound.conf"
        try Files.replace(file, with: Array((lines + settings).joined(separator: "\n").utf8) + [10])
        var pipes: [Int32] = [-1, -1]
        guard pipe(&pipes) == 0 else { throw SystemCallError.current("pipe") }
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(pipes[0]) }
        process = try Processes.spawn(
            Processes.Request(
                path: binary, arguments: ["-d", "-v", "-c", file], environment: [], output: pipes[1]))
        close(pipes[1])
        // On failure the object is complete, and so its deinit ends the process.
        try Self.waitForService(pipes[0])
    }

    /// Reads the log until the server says that it serves.
    private static func waitForService(_ pipe: Int32) throws {
        var log = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !log.contains("start of service") {
            let count = read(pipe, &buffer, buffer.count)
            if count <= 0 { throw DidNotStart(log: log) }
            log += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    private static func freePort() throws -> UInt16 {
        let socket = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 1)
        return Sockets.localAddress(socket.number).port
    }

    deinit {
        kill(process, SIGKILL)
        if let watch = try? Processes.pidDescriptor(process) {
            var poll = pollfd(fd: watch.number, events: Int16(POLLIN), revents: 0)
            _ = Glibc.poll(&poll, 1, 10_000)
        }
        _ = Processes.reap(process)
        unlink("\(directory)/unbound.conf")
        rmdir(directory)
    }
}
