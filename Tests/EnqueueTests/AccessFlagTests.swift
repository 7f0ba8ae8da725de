import Configuration
import Envelope
import InternetMessage
import Testing

@testable import Enqueue

/// What access tables want besides letting in or not, and what options add to their probes (access-and-filtering
/// specification, 3 to 5, and its worked examples).
@Suite struct AccessFlagTests {
    private static func option(_ line: String) -> (old: String, new: String) {
        (old: "role.mta.enable = 1\n", new: "role.mta.enable = 1\nrole.mta.\(line)\n")
    }

    /// The table of the default configuration gives way to that of a test.
    private static let withoutTable = (old: "[mapping:ORIG_SEND_ACCESS]", new: "[mapping:SITE_RELAY]")

    /// The probe as the refusal of an entry shows it.
    private func probe(
        _ table: String, _ option: String,
        recipient: QueueRecipientFacts = QueueRecipientFacts(given: "anna@example.com"),
        _ change: (inout AccessFacts) -> Void = { _ in }
    ) throws -> String? {
        let site = try Site("[mapping:\(table)]\n  *  $N$0", replacing: [Self.option(option), Self.withoutTable])
        let session = try site.session(.stranger)
        var facts = session.facts
        change(&facts)
        let result = site.router.route(
            try #require(Mailbox("anna@example.com")), recipient: recipient, channel: session.channel,
            completion: session.completion, facts: facts)
        guard case .refused(let refusal) = result else { return nil }
        return refusal.text
    }

    private func effects(_ table: String, _ template: String) throws -> (Router.Result, AccessEffects) {
        let session = try Site("[mapping:\(table)]\n  *  \(template)").session(.stranger)
        let findings = AccessFindings()
        let result = session.site.router.route(
            try #require(Mailbox("anna@example.com")), recipient: QueueRecipientFacts(given: "anna@example.com"),
            channel: session.channel, completion: session.completion, facts: session.facts, findings: findings)
        return (result, findings.effects)
    }

    private func senderEffects(_ template: String) throws -> (Router.SenderJudgement, AccessEffects) {
        let session = try Site("[mapping:FROM_ACCESS]\n  *  \(template)").session(.stranger)
        let findings = AccessFindings()
        return (session.site.router.judgeSender(session.facts, findings: findings), findings.effects)
    }

    /// `$K`: "address: replaces the Sender address (FROM_ACCESS, needs authrewrite)"; its piece comes after that of `$J`.
    @Test(arguments: [
        ("$J$Knew@x.example|ann@y.example", "new@x.example", "ann@y.example"),
        ("$K$Jnew@x.example|ann@y.example", "new@x.example", "ann@y.example"),
        ("$Kann@y.example", "", "ann@y.example"), ("$Kno$ address", "", nil),
    ])
    func replacedAuthenticatedAddress(template: String, sender: String, authenticated: String?) throws {
        let (judgement, effects) = try senderEffects(template)
        #expect(effects.authenticatedSender == authenticated)
        if template.contains("$J") { #expect(judgement == .accepted(sender: sender)) }
        #expect(try self.effects("SEND_ACCESS", template).1.authenticatedSender == nil)
    }

    /// "The authenticated address is the user's `mail` attribute unless FROM_ACCESS overrode it": what another table says
    /// later leaves it.
    @Test func replacedAuthenticatedAddressStays() {
        var effects = AccessEffects()
        effects.authenticatedSender = "ann@y.example"
        effects.add(AccessEffects())
        #expect(effects.authenticatedSender == "ann@y.example")
    }

    // MARK: Probes

    /// A-9: the probe of FROM_ACCESS for SMTP without AUTH has ten fields, the last one empty.
    @Test func exampleA9() throws {
        let site = try Site("[mapping:FROM_ACCESS]\n  *  $N$0")
        var facts = AccessFacts(
            portAccessProbe: "TCP|192.0.2.1|25|198.51.100.7|4242", applicationInformation: "SMTP/client.example",
            sourceChannel: "tcp_local", sender: "joe@example.com")
        let probe = "TCP|192.0.2.1|25|198.51.100.7|4242|SMTP/client.example|MAIL|tcp_local|joe@example.com|"
        guard case .refused(let refusal) = site.router.judgeSender(facts) else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.text == probe)
        #expect(probe.split(separator: "|", omittingEmptySubsequences: false).count == 10)
        facts.user = "joe@example.com"
        guard case .refused(let second) = site.router.judgeSender(facts) else { return }
        #expect(second.text == probe + "joe@example.com")
    }

    /// A-11: the last field of the probe for the third RCPT, two valid so far, begins `3/2/`.
    @Test(arguments: [
        ("MAIL_ACCESS", 1, true), ("ORIG_SEND_ACCESS", 1, true), ("SEND_ACCESS", 2, false), ("SEND_ACCESS", 4, true),
        ("ORIG_SEND_ACCESS", 2, true), ("ORIG_MAIL_ACCESS", 8, true), ("MAIL_ACCESS", 16, true),
        ("MAIL_ACCESS", 8, false), ("MAIL_ACCESS", 0, false),
    ])
    func exampleA11(_ table: String, _ bits: Int, _ isThere: Bool) throws {
        let probe = try probe(table, "access_counts = \(bits)") {
            $0.recipientsPresented = 3
            $0.recipientsAccepted = 2
        }
        #expect(probe?.hasSuffix("|3/2/") == isThere, "\(probe ?? "")")
    }

    /// Section 4: original recipient, counts, conversion tags, in this order.
    @Test func addedFields() throws {
        let recipient = QueueRecipientFacts(given: "anna@example.com", originalRecipient: "rfc822;a|b@example.com")
        let all = "access_orcpt = 16\nrole.mta.access_counts = 1\nrole.mta.include_conversiontag = 64"
        let probe = try probe("MAIL_ACCESS", all, recipient: recipient) { $0.conversionTags = ["one", "two"] }
        #expect(probe?.hasSuffix("|anna@ims-ms-daemon|rfc822;a?b@example.com|0/0/|one,two") == true, "\(probe ?? "")")
        let given = try self.probe("SEND_ACCESS", "access_orcpt = 1")
        #expect(given?.hasSuffix("|anna@ims-ms-daemon|anna@example.com") == true)
    }

    /// `$G` of an ORIG_ table shows in the probes behind it.
    @Test func conversionTags() throws {
        let site = try Site(
            "[mapping:ORIG_SEND_ACCESS]\n  *  $Y$Ga,b\n[mapping:SEND_ACCESS]\n  *  $N$0",
            replacing: [Self.option("include_conversiontag = 24"), Self.withoutTable])
        let result = try site.session(.stranger).route("<anna@example.com>").result
        guard case .refused(let refusal) = result else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.text.hasSuffix("|ims-ms|anna@ims-ms-daemon|a,b"), "\(refusal.text)")
    }

    @Test func formsOfTheSender() throws {
        let given = try probe("SEND_ACCESS", "use_orig_return = 1") { $0.givenSender = "Bob@Old.Example" }
        #expect(given == "tcp_local|Bob@Old.Example|ims-ms|anna@ims-ms-daemon")
        let user = try probe("SEND_ACCESS", "use_auth_return = 1") { $0.user = "bob@example.com" }
        #expect(user == "tcp_local|bob@example.com|ims-ms|anna@ims-ms-daemon")
        let nobody = try probe("SEND_ACCESS", "use_auth_return = 1")
        #expect(nobody == "tcp_local|bob@remote.example|ims-ms|anna@ims-ms-daemon")
    }

    /// Section 5.1.
    @Test(
        arguments: [
            ("S", .success, "SMTP/x", true), ("F", .failure, "SMTP/x", true), ("D", .delay, "SMTP/x", true),
            ("D", .success, "SMTP/x", false), ("F", [], "SMTP/x", false), ("L", [], "LMTP/x", true),
            ("L", [], "SMTP/x", false),
        ] as [(String, NotifyConditions, String, Bool)])
    func inputFlags(_ flag: String, _ notify: NotifyConditions, _ application: String, _ isSet: Bool) throws {
        let site = try Site("[mapping:SEND_ACCESS]\n  *  $C$:\(flag)$NSet$E")
        let session = try site.session(.stranger)
        var facts = session.facts
        facts.applicationInformation = application
        let result = site.router.route(
            try #require(Mailbox("anna@example.com")),
            recipient: QueueRecipientFacts(given: "anna@example.com", notify: notify), channel: session.channel,
            completion: session.completion, facts: facts)
        if case .refused(let refusal) = result { #expect(isSet && refusal.text == "Set") } else { #expect(!isSet) }
    }

    /// Input flags E and L are not for FROM_ACCESS; A and T are.
    @Test(arguments: [("A", true), ("T", true), ("E", false), ("L", false)])
    func inputFlagsOfFromAccess(_ flag: String, _ isSet: Bool) throws {
        let session = try Site("[mapping:FROM_ACCESS]\n  *  $C$:\(flag)$NSet$E").session(.authenticated)
        let judgement = session.site.router.judgeSender(session.facts)
        if case .refused = judgement { #expect(isSet) } else { #expect(!isSet) }
    }

    // MARK: Effects

    /// Section 5.3: the arguments in their order; a `$>` counts only with a refusal.
    @Test func argumentsInOrder() throws {
        let template =
            "$Y$X$S$G$A$T$D$>$<$J$U$K3|new@remote.example|k@remote.example|seen|bad|40|[list]|X-Tag:$ yes|t1,t2|1,2,3|4.7.1"
        let (judgement, effects) = try senderEffects(template)
        #expect(judgement == .accepted(sender: "new@remote.example"))
        #expect(effects.notes == ["seen"])
        #expect(effects.delay.transaction == 40)
        #expect(effects.subjectTags == ["[list]"])
        #expect(effects.headerFields == ["X-Tag: yes"])
        #expect(effects.conversionTags == ["t1", "t2"])
        #expect(
            effects.limits.blockLimit == 1 && effects.limits.recipientLimit == 2 && effects.limits.recipientCutoff == 3)
        let (_, refused) = try senderEffects("$N$<$>seen|bad|No")
        #expect(refused.notes == ["seen", "bad"])
    }

    /// The last argument takes the rest; what is missing or no number is passed over.
    @Test(
        arguments: [
            ("$Y$Sx,5", nil, 5, nil), ("$Y$S,,7", nil, nil, 7), ("$Y$S", nil, nil, nil), ("$Y$S-1", nil, nil, nil),
            ("$Y$D$S10", nil, nil, nil), ("$Y$D$S10|4", 4, nil, nil),
        ] as [(String, Int?, Int?, Int?)])
    func lowerLimits(_ template: String, _ blocks: Int?, _ recipients: Int?, _ cutoff: Int?) throws {
        let limits = try senderEffects(template).1.limits
        #expect(limits.blockLimit == blocks && limits.recipientLimit == recipients && limits.recipientCutoff == cutoff)
    }

    @Test func theLastArgumentTakesTheRest() throws {
        #expect(try senderEffects("$Y$AX-A:$ a|b|c").1.headerFields == ["X-A: a|b|c"])
    }

    /// `$B`: the recipient is good, and its copy goes to the bitbucket.
    @Test(arguments: ["ORIG_MAIL_ACCESS", "SEND_ACCESS"])
    func drop(_ table: String) throws {
        guard case .accepted(let routed) = try effects(table, "$Y$B").0 else {
            Issue.record("refused")
            return
        }
        #expect(routed.map(\.channel) == ["bitbucket"])
    }

    /// `$V` and `$Z` concern all recipients; `filter_discard` and `filter_jettison` say whether copies are kept for a while.
    /// Default configuration specification, F13, has the same of a Sieve: "with `mta.filter_discard = 2`: entry on
    /// `filter_discard`".
    @Test(arguments: [
        ("$Y$V", "", "bitbucket"), ("$Y$Z", "", "bitbucket"), ("$Y$V", "filter_discard = 2", "filter_discard"),
        ("$Y$Z", "filter_discard = 2", "bitbucket"), ("$Y$Z", "filter_jettison = 2", "filter_discard"),
    ])
    func discard(_ template: String, _ option: String, _ channel: String) throws {
        let site = try Site(
            "[mapping:SEND_ACCESS]\n  *|bert@*  \(template)", replacing: option.isEmpty ? [] : [Self.option(option)])
        let session = try site.session(.stranger)
        let findings = AccessFindings()
        var routed: [RoutedRecipient] = []
        for name in ["anna", "bert"] {
            guard
                case .accepted(let found) = site.router.route(
                    try #require(Mailbox("\(name)@example.com")), recipient: QueueRecipientFacts(given: name),
                    channel: session.channel, completion: session.completion, facts: session.facts, findings: findings)
            else { return }
            routed += found
        }
        let disposed = findings.effects.disposed(routed, by: site.configuration)
        #expect(disposed.map(\.channel) == [channel, channel])
    }

    // MARK: Header

    @Test(arguments: [
        ("Subject: hello\r\n\r\nx", "Subject: [list] hello"),
        ("Subject: Re: [list] hello\r\n\r\nx", "Subject: Re: [list] hello"),
        ("From: a@b\r\n\r\nx", "Subject: [list]"),
    ])
    func header(_ content: String, _ subject: String) throws {
        var effects = AccessEffects()
        effects.subjectTags = ["[list]"]
        effects.headerFields = ["X-Seen: by us", "no field", ": empty", "Bad name: x"]
        let trace = Array("Received-SPF: pass\r\n client-ip=192.0.2.1\r\n".utf8)
        let prepared = try HeaderPreparation(localHost: "mail.example.com").prepare(
            Array(content.utf8),
            received: ReceivedField(
                origin: .internalChannel("x.example.com"), host: "mail.example.com", product: "p", transmission: nil,
                envelopeID: "0", date: Array("Mon, 1 Jan 2024 00:00:00 +0000".utf8)),
            completion: nil, additions: HeaderAdditions(effects, traceFields: [trace])
        ).get()
        let header = String(decoding: prepared.header, as: UTF8.self)
        #expect(header.hasPrefix("Received-SPF: pass\r\n client-ip=192.0.2.1\r\nReceived: "))
        #expect(header.contains("\r\n\(subject)\r\n"))
        #expect(header.contains("\r\nX-seen: by us\r\n"))
        #expect(!header.contains("no field") && !header.contains("Bad name") && !header.contains("\r\n: "))
    }
}
