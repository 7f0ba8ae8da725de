import Envelope
import Testing

@testable import SMTPClient

/// SMTP specification, 7.4: large content is converted in steps, so that other connections of the job go on.
@Suite(.timeLimit(.minutes(2))) struct LargeDowngradeTests {
    private static let head = Array(
        """
        Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r
        Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\u{fc}n\r\n--b\r
        Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n
        """.utf8)
    private static let tail = Array("--b--\r\n".utf8)
    private static let line = Array((String(repeating: "QUJD", count: 249) + "\r\n").utf8)

    /// A message of 8-bit text and an attachment, made while it is read.
    private func message(lines: Int) -> OutgoingContent {
        let (head, tail, line) = (Self.head, Self.tail, Self.line)
        let block = Array(repeating: line, count: 256).flatMap { $0 }
        let middle = head.count + lines * line.count
        return .stream(size: middle + tail.count) { offset, maximum in
            if offset < head.count { return Array(head[offset...].prefix(maximum)) }
            guard offset < middle else { return Array(tail[min(tail.count, offset - middle)...].prefix(maximum)) }
            let start = (offset - head.count) % line.count
            return Array(block[start...].prefix(min(maximum, middle - offset)))
        }
    }

    @Test func neighboursGoOnWhile50MBAreConverted() async throws {
        let peer = try Peer { $0.stage == .ehlo ? .say("250-peer.example\r\n250-PIPELINING\r\n250 DSN") : .usual }
            .start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.mostThreads = 2
        settings.entriesPerRequest = 1
        var large = DeliveryJob.sample(1, content: "") {
            $0.sender = "large@s.example"
            $0.body = .eightBitMIME
        }
        let lines = (50 << 20) / Self.line.count
        large.content = message(lines: lines)
        let neighbours = (2...21).map { DeliveryJob.sample(UInt64($0)) }
        let run = await Bench([large] + neighbours).run(settings)
        #expect(run.outcomes.count == 21)
        #expect(run.outcomes.values.allSatisfy { words($0) == ["delivered 2.5.0"] })
        // The large message was begun first. One neighbour waits behind it for the same connection; all others were
        // faster than its conversion.
        let senders = peer.record.messages.map(\.mail)
        #expect(senders.count == 21)
        let place = try #require(senders.firstIndex { $0.contains("<large@s.example>") })
        #expect(place >= 19)
        let data = peer.record.messages[place].data
        #expect(data.utf8.count > lines * Self.line.count)
        #expect(data.prefix(400).contains("\r\nGr=C3=BCn\r\n"))
        #expect(data.hasSuffix("QUJD\r\n--b--\r\n"))
    }

    /// A server that hangs up meanwhile: the entry is tried again on another connection, and once only.
    @Test func connectionLostWhileContentIsConverted() async throws {
        let peer = try Peer { event in
            guard event.stage == .ehlo, event.connection == 0 else { return .usual }
            return .sayAndDrop("250 peer.example")
        }.start()
        defer { peer.stop() }
        var job = DeliveryJob.sample(1, content: "") { $0.body = .eightBitMIME }
        job.content = message(lines: 2000)
        var settings = ClientSettings.direct(peer.port)
        // A second entry waits, so that the thread does not end with the first connection.
        settings.entriesPerRequest = 1
        let run = await Bench([job, .sample(2)]).run(settings)
        #expect(run.outcomes.values.allSatisfy { words($0) == ["delivered 2.5.0"] })
        #expect(peer.record.connections == 2)
        #expect(peer.record.messages.count == 2)
    }

    /// What becomes larger than the server takes is refused before MAIL.
    @Test func sizeLimitCountsTheConvertedContent() async throws {
        let text = "Content-Type: text/plain\r\n\r\n" + String(repeating: "\u{fc}\u{fc}\r\n", count: 20)
        let peer = try Peer { $0.stage == .ehlo ? .say("250-peer.example\r\n250 SIZE 200") : .usual }.start()
        defer { peer.stop() }
        let run = await Bench.deliver(.sample(content: text), .direct(peer.port))
        #expect(words(run.outcomes[1]) == ["permanent 5.3.4"])
        #expect(!peer.record.commands.contains { $0.hasPrefix("MAIL") })
    }
}
