import Testing

@testable import Channels

/// Keywords of the server's extensions as values.
@Suite struct ExtensionKeywordTests {
    private static func channel(_ settings: [String: [String]]) -> Channel {
        Channel(
            name: "tcp_local", officialHost: "tcp-daemon",
            settings: settings.mapValues { ChannelSetting(arguments: $0, isInherited: false) })
    }

    @Test(arguments: [
        ("silentetrn", Channel.RemoteQueueStarts.all(echo: false)), ("allowetrn", .all(echo: true)),
        ("domainetrn", .domains), ("disableetrn", .none), ("smtp", .all(echo: false)),
    ])
    func remoteQueueStarts(keyword: String, expected: Channel.RemoteQueueStarts) {
        #expect(Self.channel([keyword: []]).remoteQueueStarts == expected)
    }

    @Test(
        arguments: [
            ("-4..4", -4...4), ("-9:9", -9...9), ("0,3", 0...3), ("4..-4", nil), ("-10..0", nil), ("0..10", nil),
            ("3", nil),
            ("a..b", nil), ("", nil),
        ] as [(String, ClosedRange<Int>?)])
    func transferPriorities(text: String, expected: ClosedRange<Int>?) {
        #expect(Self.channel(["mtprioritiesallowed": [text]]).transferPriorities == expected)
    }

    @Test func others() {
        let channel = Self.channel([
            "sourcenosolicit": ["net.example:ADV,org.x"], "destinationnosolicit": ["a"], "futurerelease": ["600"],
            "utf8negotiate": [], "proxyprotocol": [], "blocketrn": [],
        ])
        #expect(channel.refusedSolicitations == ["net.example:ADV", "org.x"])
        #expect(channel.refusedSolicitationsTo == ["a"])
        #expect(channel.futureRelease == 600)
        #expect(channel.offersSMTPUTF8 && channel.expectsProxyHeader && channel.blocksRemoteQueueStarts)
        let plain = Self.channel([:])
        #expect(plain.refusedSolicitations.isEmpty && plain.futureRelease == nil && plain.transferPriorities == nil)
        #expect(!plain.offersSMTPUTF8 && !plain.expectsProxyHeader && !plain.blocksRemoteQueueStarts)
    }
}
