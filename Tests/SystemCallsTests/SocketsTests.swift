import Glibc
import Testing

@testable import SystemCalls

@Suite struct SocketsTests {
    @Test func descriptorPassesThroughASequencedPacketPair() throws {
        let (left, right) = try Sockets.sequencedPacketPair()
        let (near, far) = try Sockets.sequencedPacketPair()
        defer { for descriptor in [left, right, near] { close(descriptor) } }
        let sent = try "CONN".utf8CString.withUnsafeBytes { bytes in
            try Sockets.send(left, UnsafeRawBufferPointer(rebasing: bytes[..<4]), descriptor: far)
        }
        #expect(sent)
        close(far)
        var buffer = [UInt8](repeating: 0, count: 64)
        guard
            case .message(let count, let passed?, .nothing) = try buffer.withUnsafeMutableBytes({
                try Sockets.receive(right, into: $0)
            })
        else {
            Issue.record("no message with a descriptor")
            return
        }
        #expect(String(decoding: buffer[..<count], as: UTF8.self) == "CONN")
        #expect(fcntl(passed, F_GETFD) & FD_CLOEXEC != 0)
        close(passed)
        // The far end is closed everywhere now.
        #expect(
            {
                if case .end = try? buffer.withUnsafeMutableBytes({ try Sockets.receive(near, into: $0) }) {
                    true
                } else {
                    false
                }
            }())
    }

    @Test func truncatedMessageIsSaid() throws {
        let (left, right) = try Sockets.sequencedPacketPair()
        defer { for descriptor in [left, right] { close(descriptor) } }
        _ = try [UInt8](repeating: 7, count: 100).withUnsafeBytes { try Sockets.send(left, $0) }
        var buffer = [UInt8](repeating: 0, count: 10)
        guard
            case .message(10, nil, .bytes) = try buffer.withUnsafeMutableBytes({ try Sockets.receive(right, into: $0) })
        else {
            Issue.record("truncation was not reported")
            return
        }
    }

    @Test(arguments: [("127.0.0.1", "[127.0.0.1]"), ("::1", "[IPv6:::1]")])
    func literal(host: String, literal: String) {
        let address = SocketAddress(host: host, port: 25)
        #expect(address.literal == literal)
        #expect(address.kernelForm.flatMap { SocketAddress($0.storage) } == address)
    }

    @Test func mappedAddressIsIPv4() throws {
        let listener = try Sockets.listen(SocketAddress(host: "", port: 0), backlog: 4)
        let port = Sockets.localAddress(listener.number).port
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        let target = try #require(SocketAddress(host: "127.0.0.1", port: port).kernelForm)
        var storage = target.storage
        let result = withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, target.length) }
        }
        #expect(result == 0)
        guard case .connection(let accepted, let peer) = Sockets.accept(listener.number) else {
            Issue.record("nothing accepted")
            return
        }
        #expect(peer.host == "127.0.0.1")
        #expect(Sockets.localAddress(accepted) == SocketAddress(host: "127.0.0.1", port: port))
        close(accepted)
    }
}

@Suite struct ProcessesTests {
    @Test func childHasNothingButWhatItWasGiven() throws {
        let (ours, theirs) = try Sockets.sequencedPacketPair()
        let pid = try Processes.spawn(
            Processes.Request(
                path: "/bin/sh", arguments: ["-c", "ls /proc/self/fd | tr '\\n' ' ' >&3; exit 7"],
                environment: ["PATH=/usr/bin:/bin"], control: theirs))
        close(theirs)
        var buffer = [UInt8](repeating: 0, count: 256)
        var listing = ""
        while case .message(let count, _, _) = try buffer.withUnsafeMutableBytes({
            try Sockets.receive(ours, into: $0, wait: true)
        }) {
            listing += String(decoding: buffer[..<count], as: UTF8.self)
        }
        close(ours)
        // 0, 1, 2, 3 and the one that ls itself has open on the directory; tr and the pipe add at most one.
        #expect(listing.split(separator: " ").compactMap { Int($0) }.max() ?? 99 <= 5)
        let watch = try Processes.pidDescriptor(pid)
        var poll = pollfd(fd: watch.number, events: Int16(POLLIN), revents: 0)
        #expect(Glibc.poll(&poll, 1, 10_000) == 1)
        #expect(Processes.reap(pid) == .exited(7))
    }

    @Test func missingImageIsNamed() {
        #expect(throws: SystemCallError(call: "posix_spawn", code: ENOENT, object: "/nonexistent/image")) {
            _ = try Processes.spawn(
                Processes.Request(path: "/nonexistent/image", arguments: [], environment: []))
        }
    }
}

@Suite struct ChecksumTests {
    /// RFC 3720 appendix B.4.
    @Test func crc32cOfTheStandard() {
        #expect([UInt8](repeating: 0, count: 32).withUnsafeBytes { crc32c($0) } == 0x8A91_36AA)
        #expect([UInt8](repeating: 0xFF, count: 32).withUnsafeBytes { crc32c($0) } == 0x62A8_AB43)
        #expect((0..<32).map { UInt8($0) }.withUnsafeBytes { crc32c($0) } == 0x46DD_794E)
    }
}
