import Glibc
import SystemCalls
import Testing

/// An instance of the whole system in a directory of its own, on ephemeral ports of the loopback interface.
final class TestInstance {
    static let domain = "example.test"

    let scratch: String
    let root: String
    let port: UInt16
    /// The directory of the executables that it runs.
    let binaries: String
    private var running: Program?

    /// Makes the instance with `martlet init`; only the SMTP service is switched on. `ownBinaries`: it runs copies of the
    /// executables, in `bin` of its scratch directory.
    init(settings: [(String, String)] = [], ownBinaries: Bool = false) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        scratch = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        root = scratch + "/instance"
        port = try Self.freePort()
        binaries = ownBinaries ? scratch + "/bin" : Self.binaries
        if ownBinaries {
            try Files.createDirectory(binaries, mode: 0o755)
            for name in ["martlet", "dispatcher", "job_controller", "tcp_smtp_server", "ims_master"] {
                try Program("cp", ["\(Self.binaries)/\(name)", binaries], scratch: scratch).wait()
            }
        }
        try martlet("init", "--domain", Self.domain, "--hostname", "mail.\(Self.domain)")
        for service in ["SMTP_SUBMIT", "LMTPSS", "ADMIN"] { try set("dispatcher.service:\(service).enable", "0") }
        try set("dispatcher.interface_address", "127.0.0.1")
        try set("dispatcher.service:SMTP.tcp_ports", String(port))
        for (name, value) in settings { try set(name, value) }
    }

    /// The directory of the executables that were built with the tests.
    static var binaries: String {
        if let given = getenv("MARTLET_BINARIES") { return String(cString: given) }
        return Files.parent(of: Processes.executablePath)
    }

    static func freePort() throws -> UInt16 {
        let listener = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 1)
        return Sockets.localAddress(listener.number).port
    }

    /// Runs `martlet` on this instance and gives what it printed; throws when it fails.
    @discardableResult
    func martlet(_ arguments: String..., input: String? = nil) throws -> String {
        let finished = try attempt(arguments, input: input)
        guard finished.exit == .exited(0) else {
            throw Program.Failure(description: "martlet \(arguments): \(finished.exit): \(finished.output)")
        }
        return finished.output
    }

    func attempt(_ arguments: [String], input: String? = nil) throws -> Program.Finished {
        try Program(
            "\(binaries)/martlet", arguments + ["--root", root], scratch: scratch, input: input
        ).wait()
    }

    func set(_ name: String, _ value: String) throws {
        try martlet("config", "set", name, value)
    }

    func addUser(_ name: String) throws {
        try martlet("user", "add", name, "--password-stdin", input: "a secret of tests\n")
    }

    /// Starts `martlet run` and waits for the banner.
    func start() throws {
        running = try Program("\(binaries)/martlet", ["run", "--root", root], scratch: scratch)
        let answers = eventually {
            guard let peer = try? SMTPPeer(port: port) else { return false }
            return (try? peer.reply().code) == 220
        }
        if !answers {
            let output = running?.output ?? ""
            throw Program.Failure(description: "no banner on port \(port): \(output)\n\(log("dispatcher.log"))")
        }
    }

    /// SIGTERM, and the exit of `martlet run`.
    @discardableResult
    func stop() throws -> Processes.Exit? {
        running?.signal(SIGTERM)
        let exit = try running?.wait(seconds: 120).exit
        running = nil
        return exit
    }

    var output: String { running?.output ?? "" }

    /// All versions of a log file with every line break and run of blanks as one blank: entries are folded.
    func words(ofLog name: String) -> String {
        log(name).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// All versions of a log file, one behind the other.
    func log(_ name: String) -> String {
        let directory = "\(root)/data/log"
        let names = ((try? Files.list(directory)) ?? []).filter { $0.hasPrefix(name) }
        return names.map { String(decoding: (try? Files.read("\(directory)/\($0)")) ?? [], as: UTF8.self) }.joined()
    }

    var mailLog: [String] { log("mail.log_current").split(separator: "\n").map(String.init) }

    /// The messages in a user's mailbox.
    func mailbox(_ user: String) -> [String] {
        let directory = "\(root)/data/store/\(user)/new"
        return ((try? Files.list(directory)) ?? []).map {
            String(decoding: (try? Files.read("\(directory)/\($0)")) ?? [], as: UTF8.self)
        }
    }

    /// Waits until the mailbox holds `count` messages.
    func arrivals(_ user: String, count: Int = 1) -> [String] {
        _ = eventually { mailbox(user).count >= count }
        return mailbox(user)
    }

    /// Ids of the processes of this instance with that name.
    func processes(_ name: String) -> [Int32] {
        let mark = Array("MARTLET_ROOT=\(root)".utf8)
        return ((try? Files.list("/proc")) ?? []).compactMap { Int32($0) }.filter { pid in
            guard pid != running?.pid, let environment = try? Files.read("/proc/\(pid)/environ"),
                environment.split(separator: 0).contains(where: { Array($0) == mark }),
                let command = try? Files.read("/proc/\(pid)/comm")
            else { return false }
            return String(decoding: command, as: UTF8.self).hasPrefix(String(name.prefix(15)))
        }
    }

    deinit {
        _ = try? stop()
        _ = try? Program("rm", ["-rf", scratch], scratch: "/tmp").wait()
    }
}
