import AddressRewriting
import InternetMessage
import Mappings
import OptionSyntax
import Testing

@testable import Enqueue

/// Aliases specification, sections 7 and 10.6.
@Suite struct ReversalTests {
    private static let siroe = "REVERSE\n\n  *@*.siroe.com        $0@siroe.com$Y$D\n\n"

    private func reversal(_ table: String = "", database text: String = "", bits: Int = 5) -> AddressReversal {
        AddressReversal(
            mappings: mappingTables(table), context: MappingContext(), database: text.isEmpty ? nil : database(text),
            bits: bits)
    }

    private func reversed(
        _ address: String, _ reversal: AddressReversal, kind: AddressKind = .header,
        direction: AddressDirection = .backward, from source: String = "l", to destination: String = "tcp_local"
    ) -> String {
        let subject = AddressReversal.Subject(
            address: address, kind: kind, direction: direction, sourceChannel: source, destinationChannel: destination)
        return reversal.decide(subject)?.result ?? address
    }

    /// V1 to V3.
    @Test(arguments: [
        ("name@anyhost.siroe.com", "name@siroe.com"), ("user@host1.siroe.com", "first.last@siroe.com"),
        ("user@other.com", "user@other.com"),
    ])
    func mappingThenDatabase(_ address: String, _ result: String) {
        let reversal = reversal(Self.siroe, database: "user@siroe.com  first.last@siroe.com\n")
        #expect(reversed(address, reversal) == result)
    }

    /// V4: the router never asks for an envelope To.
    @Test func neverEnvelopeTo() throws {
        let site = try Site("[mapping:REVERSE]\n  *  $Yreversed@siroe.com")
        #expect(
            try site.session(.ourselves).entries("<user@host1.siroe.com>")
                == ["tcp_local | host1.siroe.com | user@host1.siroe.com"])
        let (outcome, _) = site.router.explain(
            "user@host1.siroe.com", kind: .envelope, direction: .forward, sourceChannel: "l")
        guard case .rewritten(let rewritten) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(rewritten.address == "user@host1.siroe.com")
    }

    /// V5 and V6.
    @Test(arguments: [("tcp_local", "Rebecca.Woods@siroe.com"), ("ims-ms", "binky@macho.siroe.com")])
    func channelSpecific(_ destination: String, _ result: String) {
        let reversal = reversal(
            "REVERSE\n\n  tcp_*|tcp_local|binky@macho.siroe.com    $D$YRebecca.Woods@siroe.com\n\n", bits: 13)
        #expect(reversed("binky@macho.siroe.com", reversal, from: "tcp_intranet", to: destination) == result)
    }

    private static let patterns = """
        REVERSE

          *|mr_local|"*,$ *"@am.sigurd.example.com   $Y"$1,$ $2"@am.sigurd.example.com
          *|mr_local|"*,*"@am.sigurd.example.com     $Y"$1,$ $2"@am.sigurd.example.com
          *|*|"*,$ *"@am.sigurd.example.com          $Y$3.$2@am.sigurd.example.com
          *|*|"*,*"@am.sigurd.example.com            $Y$3.$2@am.sigurd.example.com
          *|mr_local|*.*@am.sigurd.example.com       $Y"$2,$ $1"@am.sigurd.example.com
          *|*|*.*@am.sigurd.example.com              $Y$2.$3@am.sigurd.example.com

        """

    /// Y1 and Y2.
    @Test(arguments: [
        ("l", "mr_local", "\"Smith,John\"@am.sigurd.example.com", "\"Smith, John\"@am.sigurd.example.com"),
        ("mr_local", "tcp_local", "\"Smith, John\"@am.sigurd.example.com", "John.Smith@am.sigurd.example.com"),
    ])
    func patterns(_ source: String, _ destination: String, _ address: String, _ result: String) {
        #expect(reversed(address, reversal(Self.patterns, bits: 13), from: source, to: destination) == result)
    }

    /// `$Y` makes the output count; `$N` and no flag do not.
    @Test(arguments: [("$Yn@x", "n@x"), ("$Nn@x", "a@b"), ("n@x", "a@b"), ("$Yno address at all@", "a@b")])
    func outputFlags(_ template: String, _ result: String) {
        let template = template.replacing(" ", with: "$ ")
        #expect(reversed("a@b", reversal("REVERSE\n\n  a@b  \(template)\n\n")) == result)
    }

    /// A hit skips the mapping unless bit 5 says otherwise; 0 is never, 4 without the database.
    @Test(arguments: [(5, "d@x"), (37, "m@x"), (0, "a@b"), (4, "a@b"), (1, "d@x")])
    func bits(_ bits: Int, _ result: String) {
        let reversal = reversal("REVERSE\n\n  d@x  $Ym@x\n\n", database: "a@b  d@x", bits: bits)
        #expect(reversed("a@b", reversal) == result)
    }

    /// Bit 2: forward-pointing addresses too.
    @Test(arguments: [(1, "a@b"), (5, "d@x")])
    func allAddresses(_ bits: Int, _ result: String) {
        #expect(reversed("a@b", reversal(database: "a@b  d@x", bits: bits), direction: .forward) == result)
    }

    /// Bits 4 and 7, 3 and 8: channels in keys and probes.
    @Test(arguments: [(21, "c|d|a@b"), (149, "d|a@b"), (13, "c|d|a@b"), (269, "d|a@b")])
    func keys(_ bits: Int, _ key: String) {
        let isDatabase = bits & 16 != 0
        let table = isDatabase ? "" : "REVERSE\n\n  \(key)  $Yr@x\n\n"
        let reversal = reversal(table, database: isDatabase ? "\(key)  r@x" : "", bits: bits)
        #expect(reversed("a@b", reversal, from: "c", to: "d") == "r@x")
    }

    /// Input flags: envelope or header, forward or backward.
    @Test(arguments: [
        (AddressKind.envelope, AddressDirection.backward, "E|R"), (.header, .backward, "B|R"),
        (.header, .forward, "B|F"),
    ])
    func inputFlags(_ kind: AddressKind, _ direction: AddressDirection, _ result: String) {
        let flags = result.split(separator: "|").map { "$:\($0)" }.joined()
        let reversal = reversal("REVERSE\n\n  a@b  \(flags)$Yr@x\n\n")
        #expect(reversed("a@b", reversal, kind: kind, direction: direction) == "r@x")
    }

    // MARK: The envelope From

    @Test(arguments: [(1, "anna@public.example"), (0, "anna@host.siroe.com")])
    func envelopeFrom(_ option: Int, _ sender: String) throws {
        let site = try Site(
            "[mapping:REVERSE]\n  *@*.siroe.com  $Y$0@public.example", options: "mta.reverse_envelope = \(option)\n")
        let session = try site.session(.stranger, sender: "<anna@host.siroe.com>")
        #expect(session.facts.sender == sender)
        #expect(try site.session(.stranger, sender: "<>").facts.sender.isEmpty)
    }

    @Test func reverseText() throws {
        let site = try Site(
            others: ["reverse.txt": "anna@ims-ms-daemon nobody@x\nANNA@example.com  anna.adams@example.com\n"],
            options: "mta.use_text_databases = 2\n")
        #expect(
            try site.session(.ourselves, sender: "<anna@example.com>").facts.sender == "anna.adams@example.com")
        for (direction, kind) in [(AddressDirection.backward, AddressKind.header), (.backward, .envelope)] {
            let (outcome, _) = site.router.explain(
                "anna@example.com", kind: kind, direction: direction, sourceChannel: "l")
            guard case .rewritten(let rewritten) = outcome else {
                Issue.record("\(outcome)")
                continue
            }
            #expect(rewritten.address == "anna.adams@example.com")
        }
    }

    // MARK: FROM_ACCESS

    /// Access-and-filtering specification, 3: a probe of ten fields.
    @Test func fromAccessProbe() throws {
        let session = try Site("[mapping:FROM_ACCESS]\n  *  $N$0").session(.stranger)
        #expect(
            session.site.router.judgeSender(session.facts)
                == .refused(
                    RoutingRefusal(
                        code: 550, status: "5.7.1",
                        text: "TCP|192.0.2.25|2525|203.0.113.9|40000|SMTP/client.example|MAIL|tcp_local|"
                            + "bob@remote.example|")))
        let inner = AccessFacts(sourceChannel: "process", sender: "a@b", user: "anna")
        guard case .refused(let refusal) = session.site.router.judgeSender(inner) else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.text == "||MAIL|process|a@b|anna")
    }

    @Test(arguments: [
        ("$Y", Router.SenderJudgement.accepted(sender: "bob@remote.example")),
        ("$Y$H", .accepted(sender: "bob@remote.example")),
        ("$Y$Jother@remote.example", .accepted(sender: "other@remote.example")),
        ("$N", .refused(RoutingRefusal(code: 550, status: "5.7.1", text: "unknown host or domain"))),
        ("$N$X4.7.1|later", .refused(RoutingRefusal(code: 450, status: "4.7.1", text: "later"))),
    ])
    func fromAccessResults(_ template: String, _ judgement: Router.SenderJudgement) throws {
        let session = try Site("[mapping:FROM_ACCESS]\n  *|MAIL|tcp_local|bob@remote.example|*  \(template)")
            .session(.stranger)
        #expect(session.site.router.judgeSender(session.facts) == judgement)
    }
}
