import Envelope
import Testing

@testable import SMTPClient

/// Default configuration specification, section 7.1, what the client does in them.
@Suite(.timeLimit(.minutes(5))) struct DefaultConfigurationExampleTests {
    /// F18: "second address of `other.example` fails temporarily in M4, first succeeds: D for friend, Z for x, x ready
    /// again at once". The last is the Job Controller's: nothing here asks for a wait.
    @Test func exampleF18() async throws {
        let peer = try Peer { event in
            event.stage == .rcpt && event.line.contains("x@") ? .say("451 4.3.0 later") : .usual
        }.start()
        defer { peer.stop() }
        let recipients = ["friend", "x"].map { QueueRecipient(address: "\($0)@other.example", given: "") }
        let run = await Bench.deliver(.sample(to: recipients, host: "other.example"), .direct(peer.port))
        #expect(words(run.outcomes[1]) == ["delivered 2.5.0", "temporary 4.3.0"])
        #expect(run.log.map(\.action.rawValue) == ["D", "Z"])
        #expect(run.notifications.isEmpty)
        #expect(peer.record.messages.count == 1)
    }
}
