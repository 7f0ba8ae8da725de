import Envelope
import SMTP
import Testing

@testable import SMTPServer

/// What the configuration and the client's wishes come to.
@Suite struct ExtensionPolicyTests {
    /// RFC 6758 section 7: 4 is urgent, 0 normal, -4 non-urgent.
    @Test(arguments: [
        (9, Priority.urgent), (4, .urgent), (3, .normal), (0, .normal), (-3, .normal), (-4, .nonurgent),
        (-6, .nonurgent),
        (-7, .secondClass), (-8, .secondClass), (-9, .thirdClass),
    ])
    func transferPriority(given: Int, expected: Priority) { #expect(Priority(transfer: given) == expected) }

    @Test func deadlines() {
        var parameters = MailParameters()
        #expect(IncomingMessage(sender: "", parameters: parameters, now: 1000).deliverBy == nil)
        parameters.deliverBy = DeliverByRequest(seconds: 60, mode: .giveBack, isTraced: true)
        let back = IncomingMessage(sender: "", parameters: parameters, now: 1000)
        #expect(back.deliverBy == DeliverBy(deadline: 1060, mode: .giveBack))
        parameters.deliverBy = DeliverByRequest(seconds: -60, mode: .notify, isTraced: false)
        let told = IncomingMessage(sender: "", parameters: parameters, now: 1000)
        #expect(told.deliverBy == DeliverBy(deadline: 940, mode: .notify))
    }

    @Test func trustedPeers() {
        var problems: [String] = []
        let none = ServerContext.TrustedPeers([:]) { problems.append($0) }
        #expect(none.proxies.contains("127.0.0.1") && none.proxies.contains("::1"))
        #expect(!none.proxies.contains("192.0.2.1"))
        #expect(none.xclient.isEmpty && none.xforward.isEmpty)
        let named = ServerContext.TrustedPeers(
            ["proxy_hosts": "192.0.2.1", "xclient_hosts": "192.0.2.0/24, host.example"]
        ) { problems.append($0) }
        #expect(!named.proxies.contains("127.0.0.1"))
        #expect(named.xclient.contains("192.0.2.9") && named.xforward.isEmpty)
        #expect(problems == ["option XCLIENT_HOSTS: host.example is no address"])
    }
}
