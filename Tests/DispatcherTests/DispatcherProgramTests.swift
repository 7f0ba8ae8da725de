import Glibc
import SystemCalls
import Testing

/// The executable as systemd and root start it.
@Suite struct DispatcherProgramTests {
    /// Receives what is said to NOTIFY_SOCKET; waits half a minute at most.
    private final class NotifySocket {
        let socket = OwnedDescriptor(owning: Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))

        init(_ path: String) {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let number = socket.number
            withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            var limit = timeval(tv_sec: 30, tv_usec: 0)
            setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }

        func wait(for word: String) -> Bool {
            var buffer = [UInt8](repeating: 0, count: 512)
            while true {
                let count = recv(socket.number, &buffer, buffer.count, 0)
                if count < 0 { return false }
                if String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").contains(Substring(word)) {
                    return true
                }
            }
        }
    }

    @Test func servesOnAnActivatedSocketAndTellsItsManager() throws {
        let listener = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 16)
        let port = Sockets.localAddress(listener.number).port
        let program = try DispatcherProgram(image: TestImage.echo, port: port)
        let notify = NotifySocket("\(program.root)/notify")
        // The connection waits in the socket before anybody serves it.
        let client = try #require(TestClient(port: port))
        try program.start(
            ["NOTIFY_SOCKET=\(program.root)/notify", "WATCHDOG_USEC=1000000"], socket: listener.number)
        #expect(notify.wait(for: "READY=1"))
        #expect(client.greetingPID() != nil)
        #expect(notify.wait(for: "WATCHDOG=1"))
        kill(program.processID, SIGHUP)
        #expect(notify.wait(for: "RELOADING=1"))
        #expect(notify.wait(for: "READY=1"))
        client.say("quit")
        kill(program.processID, SIGTERM)
        #expect(notify.wait(for: "STOPPING=1"))
        #expect(program.end() == .exited(0))
        #expect(program.output.contains("file descriptors"))
    }

    /// `Uid`, `Gid` and others of a process, blanks made single.
    private func identity(_ process: Int32) -> [String: String] {
        let status = String(decoding: (try? Files.read("/proc/\(process)/status")) ?? [], as: UTF8.self)
        var values: [String: String] = [:]
        for line in status.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            if let name = words.first { values[String(name)] = words.dropFirst().joined(separator: " ") }
        }
        return values
    }

    private static let needsRoot: Comment = "changing the user needs root; run the tests as root to have this one"
    private static let worker = "printf 'HELO\\nprotocol=1\\n' >&3; printf 'REDY\\n' >&3; exec sleep 1000"

    @Test(.enabled(if: Users.isRoot && Users.named("nobody") != nil, needsRoot))
    func changesItsUserForGood() throws {
        let nobody = try #require(Users.named("nobody"))
        // A port that nobody but root may bind, if one of these is free.
        guard
            let port = (UInt16(900)..<1000).first(where: { port in
                (try? Sockets.listen(SocketAddress(host: "127.0.0.1", port: port), backlog: 1)) != nil
            })
        else { return }
        let program = try DispatcherProgram(image: nil, port: port, owner: nobody, restricted: "user=nobody\n")
        try program.write("image", "#!/bin/sh\n\(Self.worker)\n", mode: 0o755)
        try program.start()
        program.wait(for: "a worker") { program.ask("status").contains("\"pid\":") }
        let worker = program.ask("status").split(separator: "\"pid\":").dropFirst().first.flatMap {
            Int32($0.prefix { $0.isNumber })
        }
        for process in [program.processID, try #require(worker)] {
            let values = identity(process)
            let user = Array(repeating: "\(nobody.user)", count: 4).joined(separator: " ")
            let group = Array(repeating: "\(nobody.group)", count: 4).joined(separator: " ")
            #expect(values["Uid:"] == user)
            #expect(values["Gid:"] == group)
            #expect(values["Groups:"]?.split(separator: " ").contains("0") == false)
            #expect(values["CapEff:"] == "0000000000000000")
            #expect(values["CapPrm:"] == "0000000000000000")
        }
        #expect(TestClient(port: port) != nil)
        kill(program.processID, SIGQUIT)
        #expect(program.end() == .exited(0))
    }

    @Test(
        .enabled(if: Users.isRoot, needsRoot),
        arguments: [
            ("user=martlet-nobody-has-this-name\n", "there is no user martlet-nobody-has-this-name"),
            ("usr=nobody\n", "unknown setting usr"),
        ])
    func doesNotStartAsRootWhenTheUserIsWrong(restricted: String, reason: String) throws {
        let program = try DispatcherProgram(image: TestImage.echo, port: 0, restricted: restricted)
        try program.start()
        #expect(program.end() == .exited(78))
        #expect(program.output.contains(reason))
    }
}
