import Configuration
import Enqueue
import InternetMessage
import Testing

/// `$D` (mappings specification, 7.6; access-and-filtering specification, 5.3 and 6).
@Suite struct AccessDelayTests {
    @Test(arguments: [
        ("S4", "$N$D30|Relaying$ not$ allowed", 0, 30, "Relaying not allowed"),
        ("S5", "30|Relaying$ not$ allowed$D$N", 0, 30, "Relaying not allowed"),
        ("this address alone", "$N$D-30|no", 30, 0, "no"),
        ("at most 300 seconds", "$N$D999999999|no", 0, 30_000, "no"),
        ("no number", "$N$Dx|no", 0, 0, "no"),
        ("empty", "$N$D|no", 0, 0, "no"),
        ("with a status", "$N$D$X30|5.7.9|no", 0, 30, "no"),
    ])
    func refusals(_ name: String, _ template: String, _ address: Int, _ transaction: Int, _ text: String) throws {
        let (result, delay) = try route("[mapping:SEND_ACCESS]\n  *  \(template)")
        guard case .refused(let refusal) = result else {
            Issue.record("\(name)")
            return
        }
        #expect(refusal.text == text, "\(name)")
        #expect(delay.address == address && delay.transaction == transaction, "\(name): \(delay)")
    }

    /// Who is let in may have to wait, too; the longer of two tables counts.
    @Test func acceptedWithDelay() throws {
        let (result, delay) = try route("[mapping:SEND_ACCESS]\n  *  $Y$D20\n[mapping:MAIL_ACCESS]\n  *  $Y$D10\n")
        guard case .accepted = result else {
            Issue.record("refused")
            return
        }
        #expect(delay.beforeReply == 20)
    }

    /// A client cannot get round a table by making its probe too long for every entry.
    @Test func probeThatNoEntryCanMatch() throws {
        let site = try Site("[mapping:MAIL_ACCESS]\n  *  $Y\n")
        let session = try site.session(.stranger)
        var facts = session.facts
        facts.applicationInformation = "SMTP/" + String(repeating: "x", count: 5000)
        guard case .refused(let refusal) = try route(session, facts).0 else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.status == "5.7.1" && refusal.detail.contains("longer than 4096 octets"))
    }

    private func route(_ tables: String) throws -> (Router.Result, AccessDelay) {
        let session = try Site(tables).session(.stranger)
        return try route(session, session.facts)
    }

    private func route(_ session: Session, _ facts: AccessFacts) throws -> (Router.Result, AccessDelay) {
        let findings = AccessFindings()
        let result = session.site.router.route(
            try #require(Mailbox("anna@example.com")), recipient: QueueRecipientFacts(given: "anna@example.com"),
            channel: session.channel, completion: session.completion, facts: facts, findings: findings)
        return (result, findings.effects.delay)
    }
}
