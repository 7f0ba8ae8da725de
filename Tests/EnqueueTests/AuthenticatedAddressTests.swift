import Channels
import Enqueue
import InternetMessage
import Testing

/// Access-and-filtering specification, 13; channels specification, 4.7 and worked example 46.
@Suite struct AuthenticatedAddressTests {
    private func send(
        _ text: String, _ value: Int, address: String = "joe@example.com", table: String = "", options: String = ""
    ) throws -> ContentSite.Result {
        let site = try ContentSite(
            source: "\n  authrewrite = \(value)\n",
            added: table.isEmpty ? "" : "[mapping:AUTH_REWRITE]\n\(table)\n", options: options)
        let router = site.site.router
        return try site.send(text + "\r\n") { work, channel in
            work.authenticated = router.authenticatedAddress(work.source, channel: channel, address: address)
        }
    }

    /// A-13: "`authrewrite 1`, user's mail attribute `joe@example.com`, header From `boss@example.com`, no Resent- ->
    /// `Sender: joe@example.com` added", and the other values.
    @Test(arguments: [
        (0, "From: boss@x\r\n", "From: boss@x\r\n"),
        (1, "From: boss@x\r\n", "From: boss@x\r\nSender: joe@example.com\r\n"),
        (1, "Resent-From: b@x\r\nFrom: a@x\r\n", "Resent-sender: joe@example.com\r\nResent-From: b@x\r\nFrom: a@x\r\n"),
        (1, "Sender: liar@x\r\n", "Sender: joe@example.com\r\n"),
        (2, "Resent-From: b@x\r\n", "Resent-From: b@x\r\nSender: joe@example.com\r\n"),
        (5, "From: boss@x\r\nSubject: s\r\n", "Subject: s\r\nFrom: joe@example.com\r\n"),
        (5, "Resent-Sender: b@x\r\n", "Resent-from: joe@example.com\r\nResent-Sender: b@x\r\n"),
        (6, "Resent-Sender: b@x\r\n", "Resent-Sender: b@x\r\nFrom: joe@example.com\r\n"),
        (9, "From: boss@x\r\n", "From: boss@x\r\n"),
    ])
    func exampleA13(_ value: Int, _ given: String, _ expected: String) throws {
        #expect(try send(given, value).content == expected + "\r\n")
        #expect(try send(given, value, address: "").content == given + "\r\n")
    }

    /// "`authrewrite 35` (3 + 32), source channel tcp_auth: AUTH_REWRITE probe starts with `tcp_auth` and a vertical bar";
    /// here the channel is `from`.
    @Test(arguments: [
        (35, "  from|a@x.example|s@x|f@x|joe@example.com  $Y$Tnew@x", "From: F <f@x>\r\nSender: s@x\r\n", "new@x"),
        (3, "  a@x.example|rs@x|rf@x|joe@example.com  $Tnew@x", "Resent-From: rf@x\r\nResent-Sender: rs@x\r\n", nil),
        (4, "  a@x.example||f@x|joe@example.com  $Ynew@x", "From: f@x\r\nResent-From: rf@x\r\n", "new@x"),
        (4, "  a@x.example||f@x|  $Ynew@x", "From: f@x\r\n", nil),
    ])
    func example46(_ value: Int, _ entry: String, _ text: String, _ sender: String?) throws {
        let result = try send(text, value, table: entry).content
        #expect(result.contains("\r\nSender: new@x\r\n") == (sender != nil))
        if value == 3 { #expect(result.hasPrefix("Resent-sender: new@x\r\n")) }
    }

    /// +16: "apply AUTH_REWRITE even without authentication".
    @Test func withoutAuthentication() throws {
        let table = "  a@x.example||f@x|  $Ynew@x"
        #expect(try send("From: f@x\r\n", 20, address: "", table: table).content.contains("Sender: new@x"))
        #expect(try !send("From: f@x\r\n", 4, address: "", table: table).content.contains("Sender"))
    }

    /// `authrewrite_extra_headers`: one field for each, empty if absent.
    @Test func extraHeaders() throws {
        let result = try send(
            "From: f@x\r\nX-One: 1|2\r\n", 4, table: "  a@x.example||f@x|joe@example.com|1?2|  $Ynew@x",
            options: "mta.authrewrite_extra_headers = X-One,X-Two\n")
        #expect(result.content.contains("Sender: new@x"))
    }

    /// "Result items, `|`-separated, consumed in this order by flags: `$J` or `$K` replace envelope From; `$Y` or `$T` add
    /// Sender; `$N` reject; `$Z` add From". A-14: "`$N` with no text -> refused, text `invalid originator address used`".
    @Test func results() throws {
        let all = try send("From: f@x\r\n", 4, table: "  *  $Z$Y$Jenv@x|snd@x|frm@x")
        #expect(all.facts.newSender == "env@x" && all.facts.refusal == nil)
        // smtp specification, 8.2: "if the MTA changed the envelope From".
        #expect(all.received.contains(" (original mail from <a@x.example>)"))
        #expect(all.content == "Sender: snd@x\r\nFrom: frm@x\r\n\r\n")
        let exampleA14 = try send("From: f@x\r\n", 4, table: "  *  $N").facts.refusal
        #expect(exampleA14?.text == "invalid originator address used" && exampleA14?.status == "5.7.1")
        #expect(try send("From: f@x\r\n", 4, table: "  *  $Nnot$ yours").facts.refusal?.text == "not yours")
        #expect(try send("From: f@x\r\n", 4, table: "  *  $Jno$ address").facts.newSender == nil)
    }
}
