import AddressRewriting
import Aliases
import Envelope
import InternetMessage
import Mappings
import OptionSyntax
import Testing

@testable import Enqueue

/// A table of the text form of a database.
func database(_ text: String) -> TextDatabase {
    var diagnostics = Diagnostics()
    let entries = TextDatabase.entries(
        of: LineReader.File(name: "database", content: Array(text.utf8)), diagnostics: &diagnostics)
    return TextDatabase(entries, diagnostics: &diagnostics)
}

func mappingTables(_ text: String) -> MappingTables {
    var diagnostics = Diagnostics()
    let sources = parseMappings(text, file: "mappings", diagnostics: &diagnostics)
    return MappingTables(compiling: sources, diagnostics: &diagnostics)
}

/// Aliases specification, sections 8 and 10.6.
@Suite struct ForwardingTests {
    private static let blue = "tcp_limited|bob@blue.com|helen@red.com   \"helen of troy\"@siroe.com\n"

    private func forwarding(_ table: String = "", database text: String = "", bits: Int = 1) -> AddressForwarding {
        AddressForwarding(
            mappings: mappingTables(table), context: MappingContext(), database: text.isEmpty ? nil : database(text),
            bits: bits)
    }

    /// W1 and W2: source-specific keys.
    @Test(arguments: [("tcp_limited", "\"helen of troy\"@siroe.com"), ("tcp_local", nil)])
    func sourceSpecific(_ channel: String, _ result: String?) {
        let question = forwarding(database: Self.blue, bits: 9).decide(
            "helen@red.com", source: "\(channel)|bob@blue.com|", flags: "")
        #expect(question.result == result)
        #expect(question.rewritesAgain == (result != nil))
        #expect(question.key == "\(channel)|bob@blue.com|helen@red.com")
    }

    /// Bit 0 enables the database.
    @Test(arguments: [(0, nil), (1, "y@y"), (8, nil)] as [(Int, String?)])
    func enabled(_ bits: Int, _ result: String?) {
        let forwarding = forwarding(database: "x@x  y@y", bits: bits)
        #expect(forwarding.isActive == (bits & 1 == 1))
        #expect(forwarding.decide("x@x", source: "a|b|", flags: "").result == result)
    }

    private static let patterns = """
        FORWARD

          "*,$ *"@am.sigurd.example.com              $Y"$0,$ $1"@am.sigurd.example.com
          "*,*"@am.sigurd.example.com                $Y"$0,$ $1"@am.sigurd.example.com
          *.*@am.sigurd.example.com                  $Y"$1,$ $0"@am.sigurd.example.com

        """

    /// Y3.
    @Test func pattern() {
        let question = forwarding(Self.patterns).decide("John.Smith@am.sigurd.example.com", source: "", flags: "")
        #expect(question.result == "\"Smith, John\"@am.sigurd.example.com")
        #expect(!question.rewritesAgain)
    }

    @Test(
        arguments: [
            ("$Ynew@x", "new@x", false, true, nil, nil),
            ("$Nnew@x", nil, false, true, nil, nil),
            ("new@x", nil, false, true, nil, nil),
            ("$Y$Dnew@x", "new@x", true, true, nil, nil),
            ("$Y$D$Hnew@x", "new@x", true, false, nil, nil),
            ("$Y$Inew@x", "new@x", false, true, "FORWARD mapping", nil),
            ("$I$0", nil, false, true, "FORWARD mapping", nil),
            ("$Y$Gkey@x", "found@x", true, true, nil, "key@x"),
            ("$Gkey@x", "found@x", true, true, nil, "key@x"),
            ("$Y$Gother@x", "other@x", false, true, nil, "other@x"),
        ] as [(String, String?, Bool, Bool, String?, String?)])
    func flags(
        _ template: String, _ result: String?, _ rewrites: Bool, _ forwards: Bool, _ held: String?, _ key: String?
    ) {
        let question = forwarding(
            "FORWARD\n\n  a@b  \(template)\n\n", database: "key@x  found@x\na@b  never@x"
        ).decide("a@b", source: "c|s|", flags: "")
        #expect(question.result == result)
        #expect(question.rewritesAgain == rewrites)
        #expect(question.forwardsAgain == forwards)
        #expect(question.heldReason == held)
        #expect(question.key == key)
    }

    /// Without a match the database is asked; bit 4 puts the source into the probe.
    @Test func noMatch() {
        let table = "FORWARD\n\n  c|s|a@b  $Ymapped@x\n\n"
        let plain = forwarding(table, database: "a@b  found@x")
        #expect(plain.decide("a@b", source: "c|s|", flags: "").result == "found@x")
        let specific = forwarding(table, database: "a@b  found@x", bits: 17)
        #expect(specific.decide("a@b", source: "c|s|", flags: "").result == "mapped@x")
        #expect(specific.decide("a@b", source: "c|s|", flags: "").probe == "c|s|a@b")
    }

    @Test func inputFlags() {
        var facts = AccessFacts(sourceChannel: "c", sender: "s", isAuthenticated: true, usesTLS: true, saidEHLO: true)
        #expect(facts.flags(notify: [.success, .delay]).description == "ADEST")
        facts = AccessFacts(applicationInformation: "LMTP/x", sourceChannel: "c", sender: "s")
        #expect(facts.flags(notify: .failure).description == "FL")
    }

    // MARK: In the router

    private static let option = "mta.use_text_databases = 4\nmta.use_forward_database = 1\n"

    /// A hit is rewritten from the start, so it may name a user or another host; the name of a user that is gone too.
    @Test(arguments: [
        ("<x@other.example>", ["tcp_local | new.example | y@new.example"]),
        ("<gone@example.com>", ["ims-ms | ims-ms-daemon | anna@ims-ms-daemon"]),
        ("<bert@example.com>", ["tcp_local | new.example | bert@new.example"]),
        ("<anna@example.com>", ["ims-ms | ims-ms-daemon | anna@ims-ms-daemon"]),
    ])
    func databaseInRouter(_ path: String, _ entries: [String]) throws {
        let site = try Site(
            others: [
                "forward.txt":
                    "! moved\nx@other.example\ty@new.example\ngone@example.com  anna@example.com\n"
                    + "bert@ims-ms-daemon  bert@new.example\n"
            ], options: Self.option)
        let session = try site.session(.ourselves)
        #expect(try session.entries(path) == entries)
    }

    /// An address that forwarding brings back to itself is unknown, as an alias loop is.
    @Test func loop() throws {
        let site = try Site(
            others: ["forward.txt": "a@other.example b@other.example\nb@other.example a@other.example\n"],
            options: Self.option)
        #expect(try site.session(.ourselves).reply("<a@other.example>").hasPrefix("550 5.1.1 "))
    }

    @Test func mappingInRouter() throws {
        let site = try Site(
            """
            [mapping:FORWARD]
              old@*            $Y$Dnew@$0
              hold@*           $Yheld@$0$I
              bad@*            $Y@
            """)
        let session = try site.session(.ourselves)
        #expect(try session.entries("<old@other.example>") == ["tcp_local | other.example | new@other.example"])
        #expect(
            try session.entries("<hold@other.example>")
                == ["tcp_local | other.example | held@other.example | FORWARD mapping"])
        #expect(try session.reply("<bad@other.example>").hasPrefix("450 4.3.5 "))
    }

    /// The trace has what `explain` shows.
    @Test func traced() throws {
        let site = try Site("[mapping:FORWARD]\n  old@*  $Y$Dnew@$0")
        let trace = RouteTrace()
        _ = site.router.route(
            mailbox("old@other.example"), recipient: QueueRecipientFacts(given: ""),
            channel: try site.channel("tcp_intranet"), completion: HostCompletion(),
            facts: AccessFacts(sourceChannel: "tcp_intranet", sender: ""), trace: trace)
        let questions = trace.steps.compactMap { step in
            if case .forwarded(let question) = step { question } else { nil }
        }
        #expect(questions.map(\.result) == ["new@other.example", nil])
        #expect(questions.first?.entry?.file == "martlet.conf")
    }
}

func mailbox(_ text: String) -> Mailbox { Mailbox(text) ?? Mailbox(localPart: "unparsable", domain: "invalid") }
