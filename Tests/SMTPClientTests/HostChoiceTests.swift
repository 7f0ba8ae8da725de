import DNS
import Envelope
import SMTP
import Testing

@testable import SMTPClient

@Suite(.timeLimit(.minutes(5))) struct HostChoiceTests {
    private static let zone = TableResolver([
        (
            "d.example", .mx,
            [
                .mailExchange(preference: 10, host: "one.example"), .mailExchange(preference: 20, host: "two.example"),
            ]
        ),
        ("one.example", .a, [.address("127.0.0.1")]), ("two.example", .a, [.address("127.0.0.2")]),
        ("relay.example", .a, [.address("127.0.0.3")]),
        ("null.example", .mx, [.mailExchange(preference: 0, host: "")]),
    ])

    private func settings(_ port: UInt16, lastResort: String? = nil) -> ClientSettings {
        var settings = ClientSettings.direct(port)
        settings.selection = HostSelection(officialHost: "tag", port: port, mx: .inOrder, lastResort: lastResort)
        settings.timeouts.status = 0.1
        return settings
    }

    /// Three servers with one port on three loopback addresses.
    private func peers(_ scripts: [Peer.Script]) throws -> [Peer] {
        let first = try Peer(scripts[0]).start()
        return try [first]
            + scripts.dropFirst().enumerated().map { number, script in
                try Peer(host: "127.0.0.\(number + 2)", port: first.port, script).start()
            }
    }

    @Test(
        arguments: [
            (Peer.Reply.usual, [1, 0, 0], "delivered 2.5.0"),
            (.say("421 4.3.2 busy"), [0, 1, 0], "delivered 2.5.0"),
            (.say("450 4.3.2 busy"), [0, 1, 0], "delivered 2.5.0"),
            (.drop, [0, 1, 0], "delivered 2.5.0"),
            (.silence, [0, 1, 0], "delivered 2.5.0"),
            (.say("554 5.7.1 no"), [0, 0, 0], "permanent 5.7.1"),
        ] as [(Peer.Reply, [Int], String)])
    func nextExchangerIsTried(reply: Peer.Reply, counts: [Int], expected: String) async throws {
        let peers = try peers([{ $0.stage == .banner ? reply : .usual }, { _ in .usual }, { _ in .usual }])
        defer { peers.forEach { $0.stop() } }
        let run = await Bench([.sample()]).run(
            settings(peers[0].port, lastResort: "relay.example"), resolver: Self.zone)
        #expect(words(run.outcomes[1]) == [expected])
        #expect(peers.map(\.record.messages.count) == counts)
        if counts[1] == 1 { #expect(run.outcomes[1]?.first?.remote.hasPrefix("two.example (") == true) }
    }

    /// SMTP specification, 12.2 and example S-24.
    @Test func lastResortComesLast() async throws {
        let busy: Peer.Script = { $0.stage == .banner ? .say("421 4.3.2 busy") : .usual }
        let peers = try peers([busy, busy, { _ in .usual }])
        defer { peers.forEach { $0.stop() } }
        let run = await Bench([.sample()]).run(
            settings(peers[0].port, lastResort: "relay.example"), resolver: Self.zone)
        #expect(words(run.outcomes[1]) == ["delivered 2.5.0"])
        #expect(peers.map(\.record.messages.count) == [0, 0, 1])
        let without = await Bench([.sample()]).run(settings(peers[0].port), resolver: Self.zone)
        #expect(words(without.outcomes[1]) == ["temporary 4.3.2"])
        let silent: Peer.Script = { $0.stage == .banner ? .silence : .usual }
        let others = try self.peers([silent, silent, { _ in .usual }])
        defer { others.forEach { $0.stop() } }
        let timedOut = await Bench([.sample()])
            .run(settings(others[0].port, lastResort: "relay.example"), resolver: Self.zone)
        #expect(words(timedOut.outcomes[1]) == ["temporary 4.4.2"])
    }

    /// Channels specification, example 50: a domain with only `MX 0 .` takes no mail, and has no address looked up.
    @Test(arguments: [("null.example", "permanent 5.1.10"), ("[192.0.2.999]", "permanent 5.1.2")])
    func noHost(name: String, expected: String) async throws {
        let run = await Bench([.sample(host: name)]).run(settings(25), resolver: Self.zone)
        #expect(words(run.outcomes[1]) == [expected])
        #expect(run.notifications.count == 1)
    }

    /// Job-controller specification, 11.4: a host that could not be reached is not tried again at once.
    @Test func refusedHostIsRememberedForTheRun() async throws {
        let peer = try Peer()
        let port = peer.port
        peer.stop()
        var settings = ClientSettings.direct(port)
        let jobs = (1...5).map { DeliveryJob.sample(UInt64($0)) }
        let run = await Bench(jobs).run(settings)
        #expect(run.outcomes.values.allSatisfy { words($0) == ["temporary 4.4.1"] })
        #expect(run.outcomes[5]?.first?.text.contains("Connection refused") == true)
        #expect(run.connections.map(\.action.rawValue) == ["Y"])
        settings.cache = .nothing
        let again = await Bench(jobs).run(settings)
        #expect(again.connections.map(\.action.rawValue) == Array(repeating: "Y", count: 5))
    }

    /// SMTP specification, 12.5; channels specification, example 22.
    @Test(arguments: [
        (ClientSettings.Greeting.byBanner, "220 peer ESMTP", "EHLO"), (.byBanner, "220 peer", "EHLO"),
        (.byBanner, "220-peer\r\n220 go, fire away", "HELO"), (.whenAdvertised, "220 x ESMTP ready", "EHLO"),
        (.whenAdvertised, "220 x ready", "HELO"), (.alwaysEHLO, "220 fire away", "EHLO"),
        (.neverEHLO, "220 x ESMTP", "HELO"),
    ])
    func greeting(choice: ClientSettings.Greeting, banner: String, verb: String) async throws {
        let peer = try Peer { $0.stage == .banner ? .say(banner) : .usual }.start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.greeting = choice
        let run = await Bench.deliver(.sample(), settings)
        #expect(run.outcomes[1]?.first?.result != .failedTemporarily)
        #expect(peer.record.commands.first == "\(verb) client.example")
    }

    @Test func droppedAtEHLOIsGreetedWithHELO() async throws {
        let peer = try Peer { $0.stage == .ehlo ? .drop : .usual }.start()
        defer { peer.stop() }
        let run = await Bench.deliver(.sample(), .direct(peer.port))
        #expect(words(run.outcomes[1]) == ["relayed 2.5.0"])
        #expect(run.log.first?.modifiers == "")
        #expect(peer.record.connections == 2)
    }

    /// SMTP specification, 12.9 and example S-25.
    @Test func whatMayNotBeSentIsNot() async throws {
        let own = String(repeating: "A1", count: 16)
        let peer = try Peer { $0.stage == .ehlo ? .say("250-peer.example\r\n250 XLOOP \(own)") : .usual }.start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.loopValue = own
        #expect(words(await Bench.deliver(.sample(), settings).outcomes[1]) == ["permanent 5.4.6"])
        settings.loopValue = nil
        settings.tls = .required
        #expect(words(await Bench.deliver(.sample(), settings).outcomes[1]) == ["temporary 4.7.5"])
        settings.tls = .never
        settings.security.authentication = .required
        #expect(words(await Bench.deliver(.sample(), settings).outcomes[1]) == ["temporary 4.7.8"])
        #expect(peer.record.commands.allSatisfy { !$0.hasPrefix("MAIL") })
    }

    @Test func differentHostsHaveDifferentConnections() async throws {
        let peers = try peers([{ _ in .usual }, { _ in .usual }])
        defer { peers.forEach { $0.stop() } }
        let jobs = [
            DeliveryJob.sample(1, host: "[127.0.0.1]"), .sample(2, host: "[127.0.0.2]"),
            .sample(3, host: "[127.0.0.2]"),
        ]
        let run = await Bench(jobs).run(settings(peers[0].port))
        #expect(run.outcomes.values.allSatisfy { words($0) == ["delivered 2.5.0"] })
        #expect(peers.map(\.record.messages.count) == [1, 2])
        #expect(peers.map(\.record.connections) == [1, 1])
    }
}
