import Channels
import Enqueue
import Envelope
import InternetMessage
import Testing

/// The table of the channels specification, section 4.9: what completes an address without a domain, in the header and in
/// MAIL FROM, and in RCPT TO.
@Suite struct HostCompletionTests {
    @Test(arguments: [
        ("smtp authhost defaulthost = d1.example d2.example", true, "own.example", "own.example"),
        ("smtp authhost defaulthost = d1.example d2.example", false, "d1.example", "d2.example"),
        ("smtp defaulthost = d1.example d2.example", true, "d1.example", "d2.example"),
        ("smtp submit defaulthost = d1.example d2.example", true, "d1.example", "d2.example"),
        ("smtp submit defaulthost = d1.example", true, "d1.example", "d1.example"),
        ("smtp defaulthost = d1.example", true, "d1.example", "mail.example.com"),
        ("smtp nodefaulthost", true, "", "mail.example.com"),
        ("smtp nodefaulthost remotehost", true, "", "mail.example.com"),
        ("smtp submit remotehost", true, "[192.0.2.9]", "mail.example.com"),
        ("smtp remotehost", true, "[192.0.2.9]", "mail.example.com"),
        ("smtp", true, "mail.example.com", "mail.example.com"),
    ])
    func table(_ keywords: String, _ isAuthenticated: Bool, _ sender: String, _ recipient: String) throws {
        let lines = keywords.replacing(" defaulthost", with: "\n  defaulthost")
        let site = try Site("[channel:tcp_gate]\n  official_host_name = gate.example\n  \(lines)")
        let channel = try site.channel("tcp_gate")
        let completion = HostCompletion(
            clientLiteral: "[192.0.2.9]", authenticatedDomain: isAuthenticated ? "own.example" : nil)
        let given = site.router.sender(Mailbox("bob"), channel: channel, completion: completion)
        #expect(given == (sender.isEmpty ? "bob" : "bob@\(sender)"))
        let trace = RouteTrace()
        _ = site.router.route(
            try #require(Mailbox("bob")), recipient: QueueRecipientFacts(given: "bob"), channel: channel,
            completion: completion, facts: AccessFacts(sourceChannel: channel.name, sender: ""), trace: trace)
        guard case .completed(_, let host)? = trace.steps.first else {
            Issue.record("nothing was completed: \(trace.steps)")
            return
        }
        #expect(host == recipient)
    }

    /// `<postmaster>` is that of the local host everywhere.
    @Test func postmaster() throws {
        let site = try Site(
            "[channel:tcp_gate]\n  official_host_name = gate.example\n  smtp submit authhost\n"
                + "  defaulthost = d1.example d2.example")
        let trace = RouteTrace()
        _ = site.router.route(
            try #require(Mailbox("Postmaster")), recipient: QueueRecipientFacts(given: "Postmaster"),
            channel: try site.channel("tcp_gate"), completion: HostCompletion(authenticatedDomain: "own.example"),
            facts: AccessFacts(sourceChannel: "tcp_gate", sender: ""), trace: trace)
        guard case .completed(_, "mail.example.com")? = trace.steps.first else {
            Issue.record("\(trace.steps)")
            return
        }
    }

    /// What was accepted before is completed as it was then.
    @Test func storedSubmission() throws {
        let site = try Site()
        let router = site.router
        #expect(router.completion(of: Submission()) == HostCompletion())
        let client = Submission(clientAddress: "2001:db8::1", user: "anna@example.com")
        #expect(
            router.completion(of: client)
                == HostCompletion(clientLiteral: "[IPv6:2001:db8::1]", authenticatedDomain: "example.com"))
    }
}
