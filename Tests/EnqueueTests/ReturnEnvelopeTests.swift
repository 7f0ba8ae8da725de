import Channels
import Configuration
import Enqueue
import InternetMessage
import OptionSyntax
import Testing

/// RETURN_ENVELOPE (notifications-logging specification, 1.1 rule 7).
@Suite struct ReturnEnvelopeTests {
    private func site(_ option: String, keyword: String = "") throws -> (Router, Channel) {
        let text = """
            base.hostname = mail.example.com
            role.mta.enable = 1
            \(option)
            [rewrites]
              mail.example.com   $U%$D@mail.example.com
              far.example        $U%$D@tcp-daemon
            [channel:l]
              official_host_name = mail.example.com
              viaaliasrequired
            [channel:tcp_local]
              official_host_name = tcp-daemon
              smtp
              \(keyword)
            """
        let load = MTAConfiguration.load(
            paths: InstancePaths(instanceRoot: "/i", bin: "/b"), files: .memory(["/i/config/martlet.conf": text]))
        let configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        let channel = try #require(configuration.channels.channel(named: "tcp_local"))
        return (Router(configuration: configuration) { _ in }, channel)
    }

    private func refusal(_ router: Router, _ channel: Channel, _ address: String) throws -> RoutingRefusal? {
        router.returnEnvelopeRefusal(try #require(Mailbox(address)), channel: channel, completion: HostCompletion())
    }

    /// Nobody asks about the empty sender.
    @Test(arguments: [
        ("role.mta.return_envelope = 4", "", true), ("", "returnenvelope = 4", true), ("", "", false),
        ("role.mta.return_envelope = 4", "returnenvelope = 1", false),
    ])
    func example18aSenderThatRewritesToNoChannel(_ option: String, _ keyword: String, _ isRefused: Bool) throws {
        let (router, channel) = try site(option, keyword: keyword)
        let refusal = try refusal(router, channel, "a@nowhere.invalid")
        #expect((refusal != nil) == isRefused)
        if let refusal {
            #expect(refusal.code == 550 && refusal.status == "5.1.8")
            #expect(refusal.text == "invalid/no host in return address")
        }
        #expect(try self.refusal(router, channel, "a@far.example") == nil)
        #expect(router.sender(nil, channel: channel, completion: HostCompletion()) == "")
    }

    @Test func emptySenderBecomesThePostmaster() throws {
        let (router, channel) = try site("role.mta.return_envelope = 2")
        #expect(
            router.sender(nil, channel: channel, completion: HostCompletion()) == "postmaster@mail.example.com")
    }

    @Test func localSenderMustBeSomebody() throws {
        let (router, channel) = try site("role.mta.return_envelope = 16")
        #expect(try refusal(router, channel, "nobody@mail.example.com")?.status == "5.1.8")
        #expect(try refusal(router, channel, "a@nowhere.invalid") == nil)
        #expect(try refusal(router, channel, "a@far.example") == nil)
    }
}
