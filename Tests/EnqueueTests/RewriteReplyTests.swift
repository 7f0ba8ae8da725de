import Channels
import Configuration
import Enqueue
import InternetMessage
import OptionSyntax
import Testing

/// What RCPT TO answers when the rewrite rules find no channel (rewrite-rules specification, 5.9, 7 and 12).
@Suite struct RewriteReplyTests {
    private func refusal(_ rule: String, _ address: String) throws -> RoutingRefusal? {
        let text = """
            base.hostname = local-host
            [rewrites]
              a  $U@local-host
              \(rule)
            [channel:l]
              official_host_name = local-host
            """
        let load = MTAConfiguration.load(
            paths: InstancePaths(instanceRoot: "/i", bin: "/i/bin"), files: .memory(["/i/config/martlet.conf": text]))
        let configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        let channel = try #require(configuration.channels.channel(named: "l"))
        let result = Router(configuration: configuration) { _ in }.route(
            try #require(Mailbox(address)), recipient: QueueRecipientFacts(given: address), channel: channel,
            completion: HostCompletion(), facts: AccessFacts(sourceChannel: "l", sender: "x@y"))
        if case .refused(let refusal) = result { return refusal }
        return nil
    }

    @Test(arguments: [
        ("C5", "b  $U@local-host", 550, "5.1.2", "unknown host or domain"),
        (
            "T10", ".  $?Unrecognized address; contact postmaster@siroe.com", 550, "5.1.2",
            "Unrecognized address; contact postmaster@siroe.com"
        ),
        ("T14", ".  $4002001?try later", 450, "4.2.1", "try later"),
    ])
    func replies(_ name: String, _ rule: String, _ code: Int, _ status: String, _ text: String) throws {
        let refusal = try #require(try refusal(rule, "u@nowhere"))
        #expect(refusal.code == code, "\(name)")
        #expect(refusal.status == status, "\(name)")
        #expect(refusal.text == text, "\(name)")
    }
}
