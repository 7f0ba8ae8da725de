import Envelope
import Testing

@testable import Notifications

/// What others have written, and what a report shows of it.
@Suite struct ForeignTextTests {
    /// `suppressfinal`: whatever form of the address the other system knows.
    @Test(arguments: [
        ("550 <R0@Final.Example>: unknown", "550 <list@sesta.com>: unknown"),
        ("no mailbox r0@store.inside", "no mailbox list@sesta.com"),
        ("550 (r0@final.example,5)", "550 (list@sesta.com,5)"), ("550 mailbox full", "550 mailbox full"),
    ])
    func hiddenAddress(_ text: String, _ shown: String) async throws {
        let bench = try Bench(replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  suppressfinal")])
        var message = queued()
        message.entries[0].recipients[0].given = "list@sesta.com"
        let outcome = RecipientOutcome(
            recipient: 0, result: .failedPermanently, status: "5.1.1", text: text, remote: "mx.final.example")
        #expect(await bench.notify(.failed, message, outcomes: [outcome]) == nil)
        let report = try #require(try bench.finish().first).text
        #expect(report.contains("smtp;\(shown)"), "\(report)")
        #expect(!report.lowercased().contains("r0@"))
    }

    /// Recipients who are not reported have no history in the report.
    @Test func historyOfTheReported() async throws {
        let bench = try Bench()
        let earlier = EarlierAttempts(
            times: [1_700_000_000],
            outcomes: [0, 1].map {
                RecipientOutcome(recipient: $0, result: .failedTemporarily, status: "4.4.1", text: "no answer")
            })
        #expect(await bench.notify(.timedOut, queued(notify: [[], .never]), history: [earlier]) == nil)
        let text = try #require(try bench.finish().first).text
        #expect(text.contains("    r0@final.example: 4.4.1 no answer\r\n") && !text.contains("r1@"))
    }

    /// No bare CR, and an escape before a line end of either kind (RFC 5321 section 2.3.8).
    @Test(arguments: [("a%\r\nb", "a%\r\nb\r\n"), ("a\rb\r\n", "ab\r\n"), ("a%\rC", "a3\r\n"), ("a%\n", "a%\r\n")])
    func carriageReturns(_ template: String, _ expected: String) {
        let expansion = TemplateExpansion(
            header: [], recipients: [], time: .init(queued: 3, allowed: 9, countsHours: false))
        #expect(String(decoding: expansion.expand(Array(template.utf8)), as: UTF8.self) == expected)
    }

    /// Decoded words are text of others as well: what is no text stays encoded, and no character is cut.
    @Test func decodedWords() {
        func lines(_ header: String) -> [String] {
            OriginalHeaderList(Array(header.utf8), charset: "utf-8", decoding: .sameCharset).lines
                .map { String(validating: $0, as: UTF8.self) ?? "invalid" }
        }
        #expect(lines("Subject: =?utf-8?q?=C3=BC?= =?utf-8?q?=C3?=\n") == ["Subject: \u{fc} =?utf-8?q?=C3?="])
        #expect(lines("Subject: =?utf-8?q?a=C2=85b=E2=80=A8?=\n") == ["Subject: =?utf-8?q?a=C2=85b=E2=80=A8?="])
        let long = lines("Subject: x" + String(repeating: "\u{fc}", count: 600) + "\n")
        #expect(long.map(\.utf8.count).allSatisfy { (890...900).contains($0) } && long != ["invalid"])
    }

    /// Fit for a directory that a mapping makes of it.
    @Test(arguments: [
        ("fr-CH, de;q=0.8, *", "fr-CH, de;q=0.8, *"), ("../../etc/x", "etcx"), ("....", ""), ("a|b\0\u{fc}$", "ab"),
    ])
    func languages(_ given: String, _ kept: String) {
        #expect(LanguageSelection.inPath(given) == kept)
    }

    /// The label of a prefix in whatever case.
    @Test func labelOfInternationalText() async throws {
        let bench = try Bench(replacing: [Bench.options("role.mta.notary_decode = 1")])
        try bench.write(
            "locale/C/LC_MESSAGES/return_prefix.txt", "Content-type: text/plain; charset=\"US-ASCII\"\n\n%H\n")
        let content = ReturnedContent(Array("Subject: =?utf-8?q?=C3=BC?=\r\n\r\nx\r\n".utf8))
        #expect(await bench.notify(.failed, queued(), content: content) == nil)
        let text = try #require(try bench.finish().first).text
        #expect(text.lowercased().contains("charset=\"utf-8\"\r\n") && text.contains("Subject: \u{fc}\r\n"), "\(text)")
    }
}
