import Glibc
import SystemCalls
import Testing

/// Clients that send and never read (hostile inputs, "Resources"): what is answered them stays in bounds, neighbours go
/// on, and they are let go after STATUS_TRANSMIT_TIME.
@Suite(.serialized) struct SlowPeerTests {
    /// Sends again and again, until the server has not taken anything for a second. Octets sent.
    private func flood(_ peer: SMTPPeer, _ line: String) -> Int {
        let bytes = Array(String(repeating: line, count: 65_536 / line.utf8.count).utf8)
        var sent = 0
        while sent < 256 << 20 {
            let count = Glibc.send(peer.socket.number, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            if count > 0 {
                sent += count
                continue
            }
            var ready = pollfd(fd: peer.socket.number, events: Int16(POLLOUT), revents: 0)
            if poll(&ready, 1, 1000) <= 0 { break }
            if ready.revents & Int16(POLLERR | POLLHUP) != 0 { break }
        }
        return sent
    }

    /// Resident memory of a process in KiB.
    private func memory(_ process: Int32) throws -> Int {
        let status = String(decoding: try Files.read("/proc/\(process)/status"), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
    }

    @Test func clientsThatNeverRead() throws {
        let instance = try TestInstance(settings: [
            ("channel:tcp_local.options.TIMEOUT_MULTIPLIER", "1"),
            ("channel:tcp_local.options.STATUS_TRANSMIT_TIME", "4"),
            ("channel:tcp_local.options.COMMAND_RECEIVE_TIME", "600"),
        ])
        try instance.addUser("anna")
        try instance.start()
        let worker = try #require(instance.processes("tcp_smtp_server").first)
        let before = try memory(worker)
        var peers: [SMTPPeer] = []
        for line in ["HELP\r\n", "EHLO x\r\n", "FOO\r\n"] {
            let peer = try SMTPPeer(port: instance.port)
            #expect(flood(peer, line) < 64 << 20, "the server goes on reading \(line.debugDescription)")
            peers.append(peer)
        }
        #expect(try memory(worker) - before < 64 << 10)
        let neighbour = try SMTPPeer(port: instance.port)
        try neighbour.greet()
        let reply = try neighbour.deliver(from: "a@example.com", to: "anna@example.test", "Subject: x\r\n\r\nx")
        #expect(reply.code == 250)
        // Nothing is read before their time is over, or they would be clients that read.
        sleep(10)
        #expect(peers.allSatisfy { $0.isClosedAtLast(seconds: 30) })
        #expect(instance.processes("tcp_smtp_server").contains(worker))
        #expect(instance.arrivals("anna").count == 1)
    }
}
