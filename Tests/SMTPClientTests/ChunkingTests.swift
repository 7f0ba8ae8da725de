import Channels
import DNS
import Envelope
import Testing

@testable import SMTPClient

/// SMTP specification, 12.5 and example S-28; RFC 3030.
@Suite(.timeLimit(.minutes(5))) struct ChunkingTests {
    private func chunkingPeer(_ script: @escaping Peer.Script = { _ in .usual }, more: String = "") throws -> Peer {
        try Peer { $0.stage == .ehlo ? .say(more + Peer.chunkOffer) : script($0) }.start()
    }

    private func commands(_ peer: Peer) -> [String] {
        peer.record.commands.filter { $0.hasPrefix("BDAT") || $0.hasPrefix("DATA") || $0.hasPrefix("RSET") }
    }

    @Test("S-28: peer offers CHUNKING, default channel -> BDAT; nochunkingclient -> DATA", arguments: [true, false])
    func example28(usesChunking: Bool) async throws {
        let peer = try chunkingPeer()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.usesChunking = usesChunking
        let content = "Subject: x\r\n\r\n.dot\r\nlast"
        let run = await Bench.deliver(.sample(content: content), settings)
        #expect(words(run.outcomes[1]) == ["delivered 2.5.0"])
        #expect(commands(peer) == (usesChunking ? ["BDAT 26 LAST"] : ["DATA"]))
        let data = peer.record.messages.first?.data
        #expect(data == content.replacing("\r\n.", with: usesChunking ? "\r\n." : "\r\n..") + "\r\n")
        #expect(run.log.first?.modifiers == (usesChunking ? "ECP" : "EP"))
    }

    @Test func keyword() {
        func settings(_ line: String) -> ClientSettings {
            ClientSettings(Channel(line, host: "tag"), localHost: "us.example", own: .init())
        }
        #expect(settings("tcp_x smtp").usesChunking)
        #expect(!settings("tcp_x smtp nochunkingclient").usesChunking)
    }

    @Test func manyMessagesOnOneConnection() async throws {
        let peer = try chunkingPeer()
        defer { peer.stop() }
        let run = await Bench((1...20).map { .sample($0) }).run(.direct(peer.port))
        #expect((1...20).allSatisfy { words(run.outcomes[$0]) == ["delivered 2.5.0"] })
        #expect(peer.record.connections == 1)
        #expect(peer.record.messages.allSatisfy { $0.data == "Subject: x\r\n\r\nhello\r\n" })
    }

    /// No recipient is left: no content at all, and the next transaction begins anew.
    @Test func nothingToSend() async throws {
        let peer = try chunkingPeer { event in
            event.stage == .rcpt && event.transaction == 0 ? .say("550 5.1.1 nobody") : .usual
        }
        defer { peer.stop() }
        let run = await Bench([.sample(1), .sample(2)]).run(.direct(peer.port))
        #expect(words(run.outcomes[1]) == ["permanent 5.1.1"])
        #expect(words(run.outcomes[2]) == ["delivered 2.5.0"])
        #expect(commands(peer) == ["RSET", "BDAT 21 LAST"])
    }

    @Test func withoutPipelining() async throws {
        let offer = "250-peer.example\r\n250-CHUNKING\r\n250 DSN"
        let peer = try Peer { $0.stage == .ehlo ? .say(offer) : .usual }.start()
        defer { peer.stop() }
        let run = await Bench([.sample(1), .sample(2)]).run(.direct(peer.port))
        #expect(words(run.outcomes[1]) == ["delivered 2.5.0"] && words(run.outcomes[2]) == ["delivered 2.5.0"])
        #expect(commands(peer) == ["BDAT 21 LAST", "BDAT 21 LAST"])
    }

    private func large(_ size: Int) -> (text: String, job: DeliveryJob) {
        let text =
            "Subject: large\r\n\r\n" + String(repeating: ".line of a message that is large\r\n", count: size / 33)
        let bytes = Array(text.utf8)
        var job = DeliveryJob.sample(7)
        job.content = .stream(size: bytes.count) { offset, maximum in
            Array(bytes[min(offset, bytes.count)..<min(offset + maximum, bytes.count)])
        }
        return (text, job)
    }

    @Test func largeContentInChunks() async throws {
        let peer = try chunkingPeer()
        defer { peer.stop() }
        let (text, job) = large(3_000_000)
        let run = await Bench([.sample(1), job, .sample(2)]).run(.direct(peer.port))
        #expect([1, 2, 7].allSatisfy { words(run.outcomes[$0]) == ["delivered 2.5.0"] })
        #expect(peer.record.messages.map(\.data).dropFirst().first == text)
        let sizes = commands(peer).filter { $0.hasSuffix("LAST") }
        #expect(sizes == ["BDAT 21 LAST", "BDAT 0 LAST", "BDAT 21 LAST"])
    }

    @Test(arguments: [("452 4.3.1 no room", "temporary 4.3.1"), ("554 5.6.0 no", "permanent 5.6.0")])
    func refusedChunk(reply: String, expected: String) async throws {
        let peer = try chunkingPeer { $0.stage == .chunk ? .say(reply) : .usual }
        defer { peer.stop() }
        let run = await Bench([large(3_000_000).job]).run(.direct(peer.port))
        #expect(words(run.outcomes[7]) == [expected])
        // What the server makes of the chunks under way is not certain: the connection ends.
        #expect(!peer.record.commands.contains("QUIT"))
    }

    @Test func lmtp() async throws {
        let peer = try chunkingPeer { $0.stage == .dot ? .say("250 2.1.5 a\r\n452 4.2.2 full") : .usual }
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.isLMTP = true
        let recipients = ["a", "b"].map { QueueRecipient(address: "\($0)@d.example", given: "") }
        let run = await Bench.deliver(.sample(to: recipients), settings)
        #expect(words(run.outcomes[1]) == ["delivered 2.1.5", "temporary 4.2.2"])
        #expect(run.log.first?.modifiers == "LCP")
    }

    /// RFC 3030 section 3: binary content goes as it is where it is taken; elsewhere it is lines, encoded where they must be.
    @Test(arguments: ["250-BINARYMIME\r\n", ""])
    func binary(more: String) async throws {
        let offer = Peer.chunkOffer.replacing("250-DSN", with: more + "250-DSN")
        let peer = try Peer { $0.stage == .ehlo ? .say(offer) : .usual }.start()
        defer { peer.stop() }
        let content = "Subject: x\r\n\r\na\nb\rc"
        let run = await Bench.deliver(.sample(content: content) { $0.body = .binaryMIME }, .direct(peer.port))
        if more.isEmpty {
            #expect(words(run.outcomes[1]) == ["delivered 2.5.0"])
            let data = peer.record.messages.first?.data ?? ""
            #expect(
                data.contains("\r\nContent-transfer-encoding: ") && !data.replacing("\r\n", with: "").contains("\r"))
            #expect(peer.record.messages.first?.mail.contains(" BODY=") == false)
        } else {
            #expect(words(run.outcomes[1]) == ["delivered 2.5.0"])
            #expect(peer.record.messages.first?.data == content)
            #expect(peer.record.messages.first?.mail.contains(" BODY=BINARYMIME") == true)
        }
    }
}
