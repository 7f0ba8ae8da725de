import Channels
import DNS
import Envelope
import Testing

@testable import SMTPClient

/// Worked examples of the client: SMTP specification, 18, and channel-programs specification, 18. S-28 is in
/// ``ChunkingTests``.
@Suite(.timeLimit(.minutes(5))) struct WorkedExampleTests {
    /// A channel that asks the DNS, on a port of this host.
    private func settings(_ port: UInt16, lastResort: String? = nil) -> ClientSettings {
        var settings = ClientSettings.direct(port)
        settings.selection = HostSelection(officialHost: "tag", port: port, mx: .inOrder, lastResort: lastResort)
        settings.timeouts.connect = 2
        return settings
    }

    private func dns(_ port: UInt16) -> TableResolver {
        TableResolver([
            ("d.example", .mx, [.mailExchange(preference: 10, host: "mx.d.example")]),
            ("mx.d.example", .a, [.address("127.0.0.3")]), ("relay.example", .a, [.address("127.0.0.4")]),
        ])
    }

    @Test("S-24: lastresort set; host has one MX refusing connections -> lastresort tried")
    func example24() async throws {
        let relay = try Peer(host: "127.0.0.4").start()
        defer { relay.stop() }
        let run = await Bench([.sample()]).run(
            settings(relay.port, lastResort: "relay.example"), resolver: dns(relay.port))
        #expect(words(run.outcomes[1]) == ["delivered 2.5.0"])
        #expect(relay.record.messages.count == 1)
    }

    @Test("S-24: same, but the MX answers 554 banner -> bounce, lastresort not tried")
    func example24Banner() async throws {
        let relay = try Peer(host: "127.0.0.4").start()
        let exchanger = try Peer(host: "127.0.0.3", port: relay.port) {
            $0.stage == .banner ? .say("554 5.7.1 go away") : .usual
        }.start()
        defer {
            relay.stop()
            exchanger.stop()
        }
        let run = await Bench([.sample()]).run(
            settings(relay.port, lastResort: "relay.example"), resolver: dns(relay.port))
        #expect(words(run.outcomes[1]) == ["permanent 5.7.1"])
        #expect(run.notifications.map(\.kind) == [.failed])
        #expect(relay.record.connections == 0)
    }

    @Test("S-25: client, channel notlsclient, peer offers STARTTLS -> STARTTLS not sent")
    func example25() async throws {
        let offer = "250-peer.example\r\n250-STARTTLS\r\n250 DSN"
        let peer = try Peer { $0.stage == .ehlo ? .say(offer) : .usual }.start()
        defer { peer.stop() }
        let channel = Channel("tcp_x smtp notlsclient daemon [127.0.0.1] port \(peer.port)", host: "tag")
        let run = await Bench.deliver(.sample(), ClientSettings(channel, localHost: "us.example", own: OwnHost()))
        #expect(words(run.outcomes[1]) == ["delivered 2.5.0"])
        #expect(!peer.record.commands.contains("STARTTLS"))
    }

    @Test("S-25: musttlsclient, peer does not offer -> no MAIL sent, message kept")
    func example25Required() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let channel = Channel("tcp_x smtp musttlsclient daemon [127.0.0.1] port \(peer.port)", host: "tag")
        let run = await Bench.deliver(.sample(), ClientSettings(channel, localHost: "us.example", own: OwnHost()))
        #expect(words(run.outcomes[1]) == ["temporary 4.7.5"])
        #expect(!peer.record.commands.contains { $0.hasPrefix("MAIL") })
    }

    @Test(
        "S-26: 552 reply to RCPT, no option -> kept; with 522_PERMANENT_ERROR_STRING=5.2.2 Mailbox full -> fails",
        arguments: [
            (nil, "temporary 4.2.2"), ("5.2.2 Mailbox full", "permanent 5.2.2"),
            ("5.3.4 Too big|5.2.2 Mailbox full", "permanent 5.2.2"), ("5.3.4 Too big", "temporary 4.2.2"),
        ])
    func example26(option: String?, expected: String) async throws {
        let peer = try Peer { $0.stage == .rcpt ? .say("552 5.2.2 Mailbox full") : .usual }.start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        if let option { settings.classifier = ReplyClassifier(options: ["522_permanent_error_string": option]) }
        #expect(words(await Bench.deliver(.sample(), settings).outcomes[1]) == [expected])
    }

    @Test("S-27: defaultmx, destination port 587 -> no MX lookup")
    func example27() {
        let submission = HostRoute(HostSelection(Channel("tcp_x smtp port 587", host: "tag")), entryHost: "d.example")
        #expect(submission.place == .name("d.example", usesMX: false))
        let mail = HostRoute(HostSelection(Channel("tcp_x smtp", host: "tag")), entryHost: "d.example")
        #expect(mail.place == .name("d.example", usesMX: true))
    }

    @Test("25: LMTP client, three recipients, replies 250, 452, 550 after data -> delivered; kept for retry; returned")
    func programExample25() async throws {
        let replies = "250 2.1.5 ok\r\n452 4.2.2 full\r\n550 5.1.1 nobody"
        let peer = try Peer { $0.stage == .dot ? .say(replies) : .usual }.start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.isLMTP = true
        let recipients = ["a", "b", "c"].map { QueueRecipient(address: "\($0)@d.example", given: "") }
        let run = await Bench.deliver(.sample(to: recipients), settings)
        #expect(words(run.outcomes[1]) == ["delivered 2.1.5", "temporary 4.2.2", "permanent 5.1.1"])
        #expect(run.notifications.map(\.kind) == [.failed])
        #expect(run.notifications.first?.outcomes.map(\.recipient) == [2])
    }

    @Test(
        "30: LMTP store answers 450 4.2.1 after the data -> next try within 30 to 90 s; with MAILBOX_BUSY_FAST_RETRY=0 by backoff",
        arguments: [true, false])
    func programExample30(isFast: Bool) async throws {
        let peer = try Peer { $0.stage == .dot ? .say("450 4.2.1 mailbox busy") : .usual }.start()
        defer { peer.stop() }
        let channel = Channel("tcp_lmtpcs lmtp daemon [127.0.0.1] port \(peer.port)", host: "tag")
        var settings = ClientSettings(channel, localHost: "us.example", own: OwnHost())
        settings.retriesBusyMailbox = isFast
        let run = await Bench.deliver(.sample(), settings)
        #expect(words(run.outcomes[1]) == ["temporary 4.2.1"])
        #expect(run.retries[1].map { (30_000...90_000).contains($0) } == (isFast ? true : nil))
    }
}
