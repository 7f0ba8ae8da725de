import Envelope
import Testing

@testable import SMTPClient

@Suite(.timeLimit(.minutes(5))) struct ContentTests {
    /// A message of lines with dots, about `size` bytes, and a way to read it piece by piece.
    private func large(_ size: Int, tail: String = "") -> (text: String, content: OutgoingContent) {
        var text = "Subject: large\r\n\r\n"
        var number = 0
        while text.utf8.count < size {
            text += number % 7 == 0 ? ".line \(number)\r\n" : "line \(number) of a message that is large\r\n"
            number += 1
        }
        text += tail
        let bytes = Array(text.utf8)
        return (
            text,
            .stream(size: bytes.count) { offset, maximum in
                Array(bytes[min(offset, bytes.count)..<min(offset + maximum, bytes.count)])
            }
        )
    }

    private func job(_ content: OutgoingContent, _ number: UInt64 = 1) -> DeliveryJob {
        var job = DeliveryJob.sample(number)
        job.content = content
        return job
    }

    private func unstuffed(_ data: String) -> String {
        data.replacing("\r\n..", with: "\r\n.")
    }

    @Test func largeContentIsStreamed() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let (text, content) = large(3_000_000)
        let run = await Bench([job(content, 1), .sample(2), job(content, 3)]).run(.direct(peer.port))
        #expect(run.outcomes.values.allSatisfy { words($0) == ["delivered 2.5.0"] })
        let data = peer.record.messages.map(\.data)
        #expect(data.count == 3)
        #expect(unstuffed(data[0]) == text)
        #expect(unstuffed(data[2]) == text)
    }

    /// Hostile inputs, "End of data and line endings", outbound side: "a stored message containing any of these must
    /// leave with unambiguous CRLF".
    @Test(arguments: [
        ("a\n.\r\n", "a\r\n..\r\n"), ("a\r\n.\nb\r\n", "a\r\n..\r\nb\r\n"), ("a\r.\r\n", "a\r\n..\r\n"),
        ("a\r\n.\rb\r\n", "a\r\n..\r\nb\r\n"), ("a\rb\r\n", "a\r\nb\r\n"), ("a\n", "a\r\n"),
        ("a\n.\nMAIL FROM:<x@y>\r\n", "a\r\n..\r\nMAIL FROM:<x@y>\r\n"),
    ])
    func bareLineEndsNeverLeave(tail: String, expected: String) async throws {
        for offer in [Peer.fullOffer, Peer.chunkOffer] {
            let isChunked = offer == Peer.chunkOffer
            let peer = try Peer { $0.stage == .ehlo ? .say(offer) : .usual }.start()
            defer { peer.stop() }
            let (start, content) = large(300_000, tail: tail)
            let run = await Bench([
                .sample(1, content: "Subject: x\r\n\r\n" + tail), .sample(2), job(content, 3),
            ]).run(.direct(peer.port))
            #expect((1...3).allSatisfy { words(run.outcomes[$0]) == ["delivered 2.5.0"] })
            let wanted = isChunked ? expected.replacing("\r\n..", with: "\r\n.") : expected
            #expect(peer.record.messages.map(\.data).first == "Subject: x\r\n\r\n" + wanted)
            #expect(peer.record.messages.count == 3)
            let large = start.dropLast(tail.count)
            #expect(peer.record.messages.last?.data.hasSuffix(wanted) == true)
            if isChunked { #expect(peer.record.messages.last?.data == large + wanted) }
        }
    }

    @Test func contentThatCannotBeReadIsTemporary() async throws {
        struct Broken: Error {}
        let peer = try Peer().start()
        defer { peer.stop() }
        let broken = OutgoingContent.stream(size: 1000) { _, _ in throw Broken() }
        #expect(words(await Bench([job(broken)]).run(.direct(peer.port)).outcomes[1]) == ["temporary 4.3.0"])
        let short = OutgoingContent.stream(size: 1000) { offset, _ in offset == 0 ? Array("a\r\n".utf8) : [] }
        #expect(words(await Bench([job(short)]).run(.direct(peer.port)).outcomes[1]) == ["temporary 4.3.0"])
        #expect(peer.record.messages.isEmpty)
    }

    /// A peer that takes nothing more: the limit for sending counts from the last progress.
    @Test func stalledPeerTimesOut() async throws {
        let peer = try Peer { event in event.stage == .data ? .silence : .usual }.start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.timeouts.status = 0.1
        settings.timeouts.dataTransmit = 0.1
        let (_, content) = large(8_000_000)
        #expect(words(await Bench([job(content)]).run(settings).outcomes[1]) == ["temporary 4.4.2"])
    }

    /// SMTP specification, 7.4; channels specification, 5 (`eightbit` family).
    @Test(arguments: [
        (Peer.fullOffer, ClientSettings.EightBit.convert, "delivered 2.5.0", true),
        (Peer.fullOffer, .send, "delivered 2.5.0", true),
        ("250-peer.example\r\n250 DSN", .convert, "delivered 2.5.0", false),
        ("250-peer.example\r\n250 DSN", .send, "delivered 2.5.0", false),
    ])
    func eightBit(offer: String, choice: ClientSettings.EightBit, expected: String, isNamed: Bool) async throws {
        let peer = try Peer { $0.stage == .ehlo ? .say(offer) : .usual }.start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.eightBit = choice
        let run = await Bench.deliver(.sample(content: "Subject: x\r\n\r\nGr\u{fc}\u{df}e\r\n"), settings)
        #expect(words(run.outcomes[1]) == [expected])
        #expect(peer.record.commands.contains { $0.hasSuffix(" BODY=8BITMIME") } == isNamed)
        if case .stream = large(10).content {} else { Issue.record("not a stream") }
        let plain = await Bench.deliver(.sample(), settings)
        #expect(words(plain.outcomes[1]) == ["delivered 2.5.0"])
    }

    @Test func limitsOfTheServer() async throws {
        let offer = "250-peer.example\r\n250-DSN\r\n250-LIMITS RCPTMAX=1\r\n250 SIZE 100"
        let peer = try Peer { $0.stage == .ehlo ? .say(offer) : .usual }.start()
        defer { peer.stop() }
        let big = String(repeating: "x", count: 101) + "\r\n"
        let run = await Bench([.sample(1, content: big), .sample(2)]).run(.direct(peer.port))
        #expect(words(run.outcomes[1]) == ["permanent 5.3.4"])
        #expect(words(run.outcomes[2]) == ["delivered 2.5.0"])
        let two = ["b", "c"].map { QueueRecipient(address: "\($0)@d.example", given: "") }
        let split = await Bench.deliver(.sample(to: two), .direct(peer.port))
        #expect(words(split.outcomes[1]) == ["delivered 2.5.0", "temporary 4.5.3"])
        #expect(split.log.map(\.action.rawValue) == ["D", "Z"])
    }
}
