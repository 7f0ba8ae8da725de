import Glibc
import ProcessPool
import SystemCalls
import Testing

/// The executable `dispatcher` as a process of its own, with an instance that has one service, `ECHO`.
final class DispatcherProgram {
    let root: String
    private(set) var processID: Int32 = 0
    private let image: String
    private let port: UInt16
    private let names: [String] = ["config/martlet.conf", "config/restricted.cnf", "image", "notify", "new"]
    private let directories = ["config", "data/log", "data", "run"]

    static let path = Files.parent(of: Processes.executablePath) + "/dispatcher"

    /// `image` nil: the file `image` below the root. `port` 0: the service gets its socket otherwise. `owner`: whose `data` and `run` are.
    /// `options`: further options of the service, each `name = value`.
    init(
        image: String?, port: UInt16, owner: Users.Identity? = nil, restricted: String? = nil, options: [String] = []
    ) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        root = try #require(mkdtemp(&template).map { String(cString: $0) })
        self.image = image ?? "\(root)/image"
        self.port = port
        chmod(root, 0o755)
        for name in directories.reversed() {
            try Files.createDirectory("\(root)/\(name)", mode: 0o755)
            // Whatever umask this process has from another test.
            chmod("\(root)/\(name)", 0o755)
        }
        if let owner {
            for name in ["data", "data/log", "run"] { try Files.give("\(root)/\(name)", to: owner) }
        }
        try configure(options)
        if let restricted { try write("config/restricted.cnf", restricted) }
    }

    /// Writes the configuration. `options`: `name = value` of the service; `interface`: where it listens, nil: everywhere;
    /// `sections`: what follows.
    func configure(_ options: [String], interface: String? = "127.0.0.1", _ sections: String = "") throws {
        let service =
            ["image = \(image)", "tcp_ports = \(port)"] + options
            + (interface.map { ["interface_address = \($0)"] } ?? [])
        let lines =
            ["base.hostname = host.example.test", "channel:l.official_host_name = host.example.test"]
            + service.map { "dispatcher.service:ECHO.\($0)" }
        try write("config/martlet.conf", lines.joined(separator: "\n") + "\n" + sections)
    }

    /// Writes a file below the root that everybody may read.
    func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws {
        try Files.replace("\(root)/\(name)", with: Array(text.utf8), mode: mode)
        chmod("\(root)/\(name)", mode)
    }

    deinit {
        if processID > 0 {
            kill(processID, SIGKILL)
            waitpid(processID, nil, 0)
        }
        for directory in directories {
            for name in (try? Files.list("\(root)/\(directory)")) ?? [] { unlink("\(root)/\(directory)/\(name)") }
        }
        for name in names { unlink("\(root)/\(name)") }
        for name in directories { rmdir("\(root)/\(name)") }
        rmdir(root)
    }

    /// `socket` becomes descriptor 3, announced as systemd does it. `wrapper` runs the program.
    func start(
        _ environment: [String] = [], socket: Int32? = nil, wrapper: String = ""
    ) throws {
        let announce = socket == nil ? "" : "LISTEN_FDS=1 LISTEN_PID=$$ "
        let output = try OwnedDescriptor.open("\(root)/data/log/output", O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
        processID = try Processes.spawn(
            Processes.Request(
                path: "/bin/sh", arguments: ["-c", "\(announce)exec \(wrapper) \(Self.path)"],
                environment: ["MARTLET_ROOT=\(root)", "PATH=/usr/bin:/bin"] + environment, control: socket,
                output: output.number))
    }

    func ask(_ command: String) -> String {
        (try? CommandClient.ask("\(root)/run/dispatcher.sock", command)) ?? ""
    }

    /// Everything the Dispatcher wrote, logs and standard error.
    var output: String {
        ((try? Files.list("\(root)/data/log")) ?? []).map { name in
            String(decoding: (try? Files.read("\(root)/data/log/\(name)")) ?? [], as: UTF8.self)
        }.joined()
    }

    @discardableResult
    func wait(for what: String, _ condition: () -> Bool) -> Bool {
        for _ in 0..<3000 {
            if condition() { return true }
            poll(nil, 0, 20)
        }
        Issue.record("waited in vain for \(what)\n\(output)")
        return false
    }

    /// How the process ended, after at most a minute.
    func end() -> Processes.Exit? {
        var exit: Processes.Exit?
        wait(for: "the end") {
            exit = Processes.reap(processID)
            return exit != nil
        }
        if exit != nil { processID = 0 }
        return exit
    }
}
