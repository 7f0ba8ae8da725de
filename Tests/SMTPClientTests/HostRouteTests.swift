import Channels
import Testing

@testable import SMTPClient

@Suite struct HostRouteTests {
    /// Channels specification, 4.2 and examples 4 and 5; SMTP specification, example S-27.
    @Test(
        arguments: [
            ("tcp_x smtp", "tag", "d.example", HostRoute.Place.name("d.example", usesMX: true), 25),
            ("tcp_x smtp port 587", "tag", "d.example", .name("d.example", usesMX: false), 587),
            ("tcp_x smtp mx port 587", "tag", "d.example", .name("d.example", usesMX: true), 587),
            ("tcp_x smtp nomx", "tag", "d.example", .name("d.example", usesMX: false), 25),
            ("tcp_x smtp nodns", "tag", "d.example", .name("d.example", usesMX: false), 25),
            (
                "tcp_x smtp mx daemon firewall.example.com", "TCP-DAEMON", "other.example",
                .name("firewall.example.com", usesMX: true), 25
            ),
            (
                "tcp_x smtp mx daemon router", "firewall.example.com", "other.example",
                .name("firewall.example.com", usesMX: true), 25
            ),
            ("tcp_x smtp daemon [127.0.0.1] port 2525", "tag", "d.example", .address("127.0.0.1"), 2525),
            ("tcp_x smtp daemon 127.0.0.1", "tag", "d.example", .address("127.0.0.1"), 25),
            ("tcp_x smtp daemon [IPv6:::1]", "tag", "d.example", .address("::1"), 25),
            ("tcp_x smtp mx daemon [hub.example]", "tag", "d.example", .name("hub.example", usesMX: false), 25),
            ("tcp_x smtp", "tag", "[192.0.2.1]", .address("192.0.2.1"), 25),
            ("tcp_x smtp", "tag", "[IPv6:2001:db8::1]", .address("2001:db8::1"), 25),
            ("tcp_x lmtp", "tag", "d.example", .name("d.example", usesMX: false), 225),
        ] as [(String, String, String, HostRoute.Place, UInt16)])
    func places(line: String, tag: String, host: String, place: HostRoute.Place, port: UInt16) {
        let route = HostRoute(HostSelection(Channel(line, host: tag)), entryHost: host)
        #expect(route.place == place)
        #expect(route.port == port)
    }

    @Test(arguments: [
        ("tcp_x smtp", true), ("tcp_x smtp mx", false), ("tcp_x smtp randommx", true), ("tcp_x nonrandommx", false),
    ])
    func shuffling(line: String, shuffles: Bool) {
        #expect(HostRoute(HostSelection(Channel(line, host: "tag")), entryHost: "d.example").shuffles == shuffles)
    }

    @Test func lastResort() {
        let selection = HostSelection(Channel("tcp_x smtp mx lastresort relay.example", host: "tag"))
        #expect(
            HostRoute(selection, entryHost: "d.example").lastResort == .name("relay.example", usesMX: false))
    }
}
