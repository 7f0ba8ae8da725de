import Configuration
import InternetMessage
import Testing

@testable import Enqueue

/// Access-and-filtering specification, 4, 5 and 23.
@Suite struct AccessTableTests {
    /// A table whose every entry refuses with its probe as text.
    private static let shows = "  *  $N$0"

    private func refusal(
        _ tables: String, _ path: String = "<anna@example.com>", client: Client = .stranger,
        sender: String = "<bob@remote.example>", replacing changes: [(old: String, new: String)] = []
    ) throws -> RoutingRefusal? {
        let session = try Site(tables, replacing: changes).session(client, sender: sender)
        guard case .refused(let refusal) = try session.route(path).result else { return nil }
        return refusal
    }

    /// ORIG_* see the address before the aliases, the others after; from-address after completion.
    @Test(arguments: [
        ("SEND_ACCESS", "tcp_local|bob@remote.example|ims-ms|anna@ims-ms-daemon"),
        (
            "ORIG_MAIL_ACCESS",
            "TCP|192.0.2.25|2525|203.0.113.9|40000|SMTP/client.example|MAIL|tcp_local|bob@remote.example|l|"
                + "anna@example.com"
        ),
        (
            "MAIL_ACCESS",
            "TCP|192.0.2.25|2525|203.0.113.9|40000|SMTP/client.example|MAIL|tcp_local|bob@remote.example|ims-ms|"
                + "anna@ims-ms-daemon"
        ),
    ])
    func probes(_ table: String, _ probe: String) throws {
        let refusal = try refusal("[mapping:\(table)]\n\(Self.shows)")
        #expect(refusal?.text == probe)
        #expect(refusal?.code == 550)
        #expect(refusal?.status == "5.7.1")
        #expect(probe.split(separator: "|").count == (table.contains("MAIL") ? 11 : 4))
    }

    @Test func emptySenderAndInternalEnqueue() throws {
        let site = try Site("[mapping:MAIL_ACCESS]\n\(Self.shows)")
        let process = try site.channel("process")
        let result = site.router.route(
            try #require(Mailbox("anna@example.com")), recipient: QueueRecipientFacts(given: "anna@example.com"),
            channel: process, completion: HostCompletion(), facts: AccessFacts(sourceChannel: "process", sender: ""))
        guard case .refused(let refusal) = result else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.text == "||MAIL|process||ims-ms|anna@ims-ms-daemon")
    }

    /// Every bar and control character of a client becomes `?`, so that the fields stay where they are.
    @Test func barsInsideFields() throws {
        let table = "[mapping:MAIL_ACCESS]\n\(Self.shows)"
        let refusal = try refusal(table, "<\"anna+x|l\"@example.com>", sender: "<\"a|b\"@remote.example>")
        #expect(
            refusal?.text == "TCP|192.0.2.25|2525|203.0.113.9|40000|SMTP/client.example|MAIL|tcp_local|"
                + "a?b@remote.example|ims-ms|anna+x?l@ims-ms-daemon")
        let site = try Site(table)
        let local = try site.channel("tcp_local")
        for helo in ["a|b", "a|\u{301}b", "a\u{7}b", "a\r\nb", "a\u{7F}b"] {
            let result = site.router.route(
                try #require(Mailbox("anna@example.com")), recipient: QueueRecipientFacts(given: ""), channel: local,
                completion: HostCompletion(),
                facts: AccessFacts(
                    portAccessProbe: "P", applicationInformation: "SMTP/\(helo)", sourceChannel: "tcp_local",
                    sender: "x@y"))
            guard case .refused(let refusal) = result else {
                Issue.record("accepted")
                return
            }
            #expect(refusal.text.split(separator: "|").count == 7, "\(helo)")
            #expect(refusal.text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        }
    }

    ///
    @Test(
        arguments: [
            ("<Elvis1@sesta.com>", nil), ("<fred@sesta.com>", "Mail Blocked"), ("<bob@remote.example>", nil),
        ] as [(String, String?)])
    func firstEntryDecides(_ sender: String, _ text: String?) throws {
        let table = """
            [mapping:SEND_ACCESS]
              *|Elvis1@sesta.com|*|*    $Y
              *|Nelson7@sesta.com|*|*   $Y
              *|*@sesta.com|*|*         $NMail$ Blocked
            """
        #expect(try refusal(table, sender: sender)?.text == text)
    }

    /// Section 5.3 and A-3: arguments in a fixed order, whatever the order of the flags.
    @Test(arguments: [
        ("$N$D30|Relaying$ not$ allowed", "550 5.7.1 Relaying not allowed"),
        ("30|Relaying$ not$ allowed$D$N", "550 5.7.1 Relaying not allowed"),
        ("$NGo$ away|now", "550 5.7.1 Go away|now"),
        ("$FGo$ away", "550 5.7.1 Go away"),
        ("$n$x4.7.1|Come$ back", "450 4.7.1 Come back"),
        ("$N$X5.7.0|No", "550 5.7.0 No"),
        ("$X$N$D-30|4.7.5|Later", "450 4.7.5 Later"),
        ("$N$X$D$<$>$U1|log|log2|50|5.7.9|Text|rest", "550 5.7.9 Text|rest"),
        ("$N$X4.7.1", "450 4.7.1 unknown host or domain"),
        ("$N$D30", "550 5.7.1 unknown host or domain"),
        ("$N$X", "550 5.7.1 unknown host or domain"),
        ("$N$Xrubbish|Text", "550 5.7.1 Text"),
        ("$N$X2.0.0|Text", "550 5.7.1 Text"),
        ("$N$S10,20|Text", "550 5.7.1 Text"),
        ("$N", "550 5.7.1 unknown host or domain"),
    ])
    func flagArguments(_ template: String, _ expected: String) throws {
        let refusal = try #require(try refusal("[mapping:SEND_ACCESS]\n  *  \(template)"))
        #expect("\(refusal.code) \(refusal.status) \(refusal.text)" == expected)
    }

    /// `$I`: nobody is a member of a group we do not know, so that the entry counts as no match.
    @Test func groupMembership() throws {
        #expect(try refusal("[mapping:SEND_ACCESS]\n  *  $N$Iuser|group|No$ members") == nil)
    }

    ///
    @Test func accessErrors() throws {
        let table = "[mapping:ORIG_MAIL_ACCESS]\n  *|anna@example.com  $N"
        #expect(try refusal(table)?.text == "unknown host or domain")
        let shown = (old: "role.mta.enable = 1\n", new: "role.mta.enable = 1\nrole.mta.access_errors = 1\n")
        let refusal = try refusal(table, replacing: [shown])
        #expect(refusal?.text == "you are not allowed to use this address")
        #expect(refusal?.code == 550)
        #expect(refusal?.status == "5.7.1")
    }

    @Test func textsOfTheSite() throws {
        let texts = (
            old: "role.mta.enable = 1\n",
            new: "role.mta.enable = 1\nrole.mta.error_text_unknown_host = no such place\n"
                + "role.mta.error_text_unknown_alias = nobody here\n"
        )
        #expect(try refusal("", "<x@ims-ms-daemon>", replacing: [texts])?.text == "no such place")
        #expect(try refusal("", "<nobody@example.com>", replacing: [texts])?.text == "nobody here")
    }

    /// `$H` in any of the tables.
    @Test(arguments: ["ORIG_MAIL_ACCESS", "SEND_ACCESS", "MAIL_ACCESS"])
    func hold(_ table: String) throws {
        let session = try Site("[mapping:\(table)]\n  *|anna@*  $Y$H").session(.stranger)
        #expect(
            try session.entries("<anna@example.com>", "<bert@example.com>") == [
                "ims-ms | ims-ms-daemon | anna@ims-ms-daemon | access table",
                "ims-ms | ims-ms-daemon | bert@ims-ms-daemon",
            ])
    }

    /// Of several results a refused one drops only itself.
    @Test func someOfAList() throws {
        let some = "[mapping:SEND_ACCESS]\n  *|*|tcp_local|*  $NNot$ outside"
        #expect(
            try Site(some).session(.stranger).entries("<team@example.com>") == [
                "ims-ms | ims-ms-daemon | anna@ims-ms-daemon, bert@ims-ms-daemon"
            ])
        #expect(try refusal("[mapping:SEND_ACCESS]\n  *  $NNobody", "<team@example.com>")?.text == "Nobody")
    }

    /// Input flags of 5.1.
    @Test(arguments: [
        ("A", Client.stranger, false), ("A", .authenticated, true), ("T", .stranger, false),
        ("T", .authenticated, true), ("E", .stranger, true), ("L", .stranger, false),
    ])
    func inputFlags(_ flag: String, _ client: Client, _ isSet: Bool) throws {
        let refusal = try refusal("[mapping:SEND_ACCESS]\n  *  $C$:\(flag)$NSet$E", client: client)
        #expect(refusal?.text == (isSet ? "Set" : nil))
    }

    /// SEND_ACCESS before MAIL_ACCESS; the first refusal wins.
    @Test func bothTables() throws {
        let both = "[mapping:MAIL_ACCESS]\n  *  $Nsecond\n[mapping:SEND_ACCESS]\n  *  $Nfirst"
        #expect(try refusal(both)?.text == "first")
        #expect(try refusal(both, "<v@other.example>")?.text == "Relaying not allowed")
    }
}
