import Envelope
import Testing

@testable import SMTPClient

/// SMTPUTF8 towards servers that have it and others (RFC 6531 section 3).
@Suite(.timeLimit(.minutes(5))) struct InternationalTests {
    private static let header = "Subject: Gr\u{fc}\u{df}e\r\n\r\nhello\r\n"

    private func run(
        offersUTF8: Bool, sender: String = "a@s.example", recipients: [String] = ["b@d.example"],
        content: String = "Subject: x\r\n\r\nhello\r\n", cameAsUTF8: Bool = true
    ) async throws -> (outcomes: [String], commands: [String]) {
        let offer = offersUTF8 ? Peer.fullOffer.replacing("250-DSN", with: "250-SMTPUTF8\r\n250-DSN") : Peer.fullOffer
        let peer = try Peer { $0.stage == .ehlo ? .say(offer) : .usual }.start()
        defer { peer.stop() }
        let queued = recipients.map { QueueRecipient(address: $0, given: "") }
        let job = DeliveryJob.sample(to: queued, content: content) {
            $0.sender = sender
            $0.needsSMTPUTF8 = cameAsUTF8
            $0.body = .eightBitMIME
        }
        let record = await Bench.deliver(job, .direct(peer.port))
        return (words(record.outcomes[1]), peer.record.commands)
    }

    /// Nothing in it needs the extension: it goes anywhere.
    @Test(arguments: [true, false])
    func plainMessageThatCameWithSMTPUTF8(offersUTF8: Bool) async throws {
        let (outcomes, commands) = try await run(offersUTF8: offersUTF8)
        #expect(outcomes == ["delivered 2.5.0"])
        #expect(!commands.contains { $0.contains("SMTPUTF8") })
    }

    @Test func whereItIsOffered() async throws {
        for (recipient, content) in [("\u{fc}@d.example", "Subject: x\r\n\r\nx\r\n"), ("b@d.example", Self.header)] {
            let (outcomes, commands) = try await run(offersUTF8: true, recipients: [recipient], content: content)
            #expect(outcomes == ["delivered 2.5.0"])
            #expect(commands.contains { $0.hasPrefix("MAIL") && $0.hasSuffix(" SMTPUTF8") }, "\(commands)")
            #expect(commands.contains("RCPT TO:<\(recipient)>"))
        }
    }

    /// The local part is ASCII: the domain goes out as an A-label.
    @Test func domainsAreConverted() async throws {
        let (outcomes, commands) = try await run(
            offersUTF8: false, sender: "a@b\u{fc}cher.example",
            recipients: ["b@M\u{fc}nchen.example", "\u{fc}@d.example"])
        #expect(outcomes == ["delivered 2.5.0", "permanent 5.6.7"])
        #expect(commands.contains { $0.hasPrefix("MAIL FROM:<a@xn--bcher-kva.example>") }, "\(commands)")
        #expect(commands.contains("RCPT TO:<b@xn--mnchen-3ya.example>"))
        #expect(!commands.contains { $0.contains("SMTPUTF8") })
    }

    @Test func refused() async throws {
        let sender = try await run(offersUTF8: false, sender: "\u{fc}@s.example")
        #expect(sender.outcomes == ["permanent 5.6.7"])
        let header = try await run(offersUTF8: false, content: Self.header)
        #expect(header.outcomes == ["permanent 5.6.9"])
        #expect(!(sender.commands + header.commands).contains { $0.hasPrefix("MAIL") })
    }

    /// 8-bit headers that came without SMTPUTF8 are no reason to ask for it.
    @Test(arguments: [true, false])
    func rawHeader(offersUTF8: Bool) async throws {
        let (outcomes, commands) = try await run(offersUTF8: offersUTF8, content: Self.header, cameAsUTF8: false)
        #expect(outcomes == ["delivered 2.5.0"])
        #expect(!commands.contains { $0.contains("SMTPUTF8") })
    }
}
