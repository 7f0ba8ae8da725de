import Glibc
import SystemCalls
import Testing

@testable import Dispatcher

/// systemd's store of descriptors (sd_pid_notify_with_fds(3)), with the test in the place of systemd.
@Suite struct DescriptorStoreTests {
    /// What is said to NOTIFY_SOCKET, and what comes beside it.
    private final class Manager {
        private let socket: OwnedDescriptor
        /// Name and descriptor of what is stored.
        private(set) var stored: [String: Int32] = [:]

        init(_ path: String) throws {
            socket = try UnixSockets.datagram()
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let number = socket.number
            let bound = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
        }

        deinit {
            for descriptor in stored.values { close(descriptor) }
        }

        /// Takes what has been said by now.
        func listen() -> [String: Int32] {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case .message(let count, let descriptor, _)? = try? buffer.withUnsafeMutableBytes({ bytes in
                try Sockets.receive(socket.number, into: bytes)
            }) {
                let lines = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n")
                let name = lines.first { $0.hasPrefix("FDNAME=") }.map { String($0.dropFirst(7)) } ?? ""
                if lines.contains("FDSTORE=1"), let descriptor {
                    #expect(lines.contains("FDPOLL=0"))
                    // A socket that it has already systemd keeps once.
                    if let former = stored.updateValue(descriptor, forKey: name) { close(former) }
                } else if lines.contains("FDSTOREREMOVE=1"), let descriptor = stored.removeValue(forKey: name) {
                    close(descriptor)
                }
            }
            return stored
        }
    }

    @Test func listeningSocketsOutliveACrash() throws {
        let port = try PlainSocket.freePort()
        let program = try DispatcherProgram(image: TestImage.echo, port: port)
        let manager = try Manager("\(program.root)/notify")
        let environment = ["NOTIFY_SOCKET=\(program.root)/notify", "FDSTORE=8"]
        try program.start(environment)
        let name = "martlet-\(port)-127.0.0.1"
        program.wait(for: "the socket") { manager.listen().keys.contains(name) }
        #expect(TestClient(port: port)?.greetingPID() != nil)
        kill(program.processID, SIGKILL)
        #expect(program.end() == .signalled(SIGKILL))
        // Nobody serves, nobody is refused.
        let client = try #require(TestClient(port: port))
        let stored = try #require(manager.listen()[name])
        try program.start(environment + ["LISTEN_FDNAMES=\(name)"], socket: stored)
        #expect(client.greetingPID() != nil)
        // Another address replaces the socket.
        try program.configure([], interface: "127.0.0.2")
        #expect(program.ask("upgrade \(DispatcherProgram.path)").contains("\"ok\":true"))
        program.wait(for: "the other socket") { Array(manager.listen().keys) == ["martlet-\(port)-127.0.0.2"] }
        #expect(TestClient(port: port) == nil)
        // A service that is stopped leaves the store, so that clients are refused.
        client.say("quit")
        #expect(client.line() == "")
        kill(program.processID, SIGTERM)
        #expect(program.end() == .exited(0))
        #expect(manager.listen().isEmpty)
    }

    /// Without FDSTORE in the environment nothing is kept for us.
    @Test func nothingIsStoredWhenNothingIsGranted() throws {
        let port = try PlainSocket.freePort()
        let program = try DispatcherProgram(image: TestImage.echo, port: port)
        let manager = try Manager("\(program.root)/notify")
        try program.start(["NOTIFY_SOCKET=\(program.root)/notify"])
        program.wait(for: "the start") { program.ask("status").contains("\"running\"") }
        kill(program.processID, SIGTERM)
        #expect(program.end() == .exited(0))
        #expect(manager.listen().isEmpty)
    }
}
