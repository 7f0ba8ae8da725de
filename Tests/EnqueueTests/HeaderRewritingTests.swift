import AddressRewriting
import Channels
import Configuration
import Envelope
import InternetMessage
import Testing

@testable import Enqueue

/// Aliases specification, 9.3; channels specification, 4.9 and 4.13.
@Suite struct HeaderRewritingTests {
    /// The header as it leaves for `destinations`; nil when they want different ones.
    private func header(
        _ text: String, _ site: Site, from source: String = "tcp_intranet", to destinations: [String] = ["tcp_local"],
        completion: HostCompletion = HostCompletion()
    ) throws -> String? {
        let recipients = destinations.map {
            RoutedRecipient(channel: $0, host: "h", recipient: QueueRecipient(address: "a@b", given: "a@b"))
        }
        var header = try HeaderBlock.scan(Array((text + "\r\n").utf8)).get().header
        let rewriting = try #require(
            site.router.headerRewriting(
                source: try site.channel(source), completion: completion, recipients: recipients))
        guard rewriting.apply(to: &header) else { return nil }
        var output: [UInt8] = []
        header.write(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private func rules(_ text: String, added: String = "", options: String = "") throws -> Site {
        try Site(added, replacing: [("[rewrites]\n", "[rewrites]\n\(text)\n")], options: options)
    }

    /// What is in order is not touched, whatever its form.
    @Test(arguments: [
        "From: Anna Adams <anna@example.com>\r\nTo: bob@remote.example\r\n",
        "FROM:\"A, B\"  < Anna@Example.COM > (home)\r\nTo:\r\n  a@b.example,,\r\n\tc@d.example \r\n",
        "To: undisclosed-recipients:;\r\nCc: friends: x@y.example, \"q r\"@z.example;\r\n",
        "From: <>\r\nTo: not an address at all\r\n", "To: a@b.example, (unclosed\r\n", "Cc:\r\n",
        "To: \u{e9}t\u{e9}@b.example\r\n", "Subject: root\r\nX-To: root\r\n",
        "To: u@[192.0.2.7], v@[IPv6:2001:db8::1]\r\n",
    ])
    func unchanged(_ text: String) throws {
        #expect(try header(text, Site()) == text)
    }

    /// Only the address itself is replaced.
    @Test(arguments: [
        ("To: x@old.example\r\n", "To: x@new.example\r\n"),
        (
            "to:  \"X, Y\" <x@old.example> (was),\r\n  keep@b.example,\r\n\tz@OLD.example\r\n",
            "to:  \"X, Y\" <x@new.example> (was),\r\n  keep@b.example,\r\n\tz@new.example\r\n"
        ),
        ("Cc: list: x@old.example, y@b.example;\r\n", "Cc: list: x@new.example, y@b.example;\r\n"),
        ("Resent-Bcc: x@old.example\r\n", "Resent-Bcc: x@new.example\r\n"),
        ("Reply-To: x@old.example, broken (\r\n", "Reply-To: x@old.example, broken (\r\n"),
        ("X-Other: x@old.example\r\n", "X-Other: x@old.example\r\n"),
        ("To: @mail.example.com:x@old.example\r\n", "To: @mail.example.com:x@old.example\r\n"),
        ("To: <@mail.example.com:x@old.example>\r\n", "To: <x@new.example>\r\n"),
        ("To: x%old.example@mail.example.com\r\n", "To: x@new.example\r\n"),
    ])
    func rewritten(_ text: String, _ result: String) throws {
        #expect(try header(text, rules("  old.example  $U%new.example@tcp-daemon")) == result)
    }

    /// `$B$R` is for senders, `$B$F` for recipients, `$E` not for headers.
    @Test(arguments: [
        ("$B$R", "From: x@new.example\r\nTo: x@old.example\r\n"),
        ("$B$F", "From: x@old.example\r\nTo: x@new.example\r\n"),
        ("$E", "From: x@old.example\r\nTo: x@old.example\r\n"),
    ])
    func directions(_ controls: String, _ result: String) throws {
        let site = try rules("  old.example  \(controls)$U%new.example@tcp-daemon")
        #expect(try header("From: x@old.example\r\nTo: x@old.example\r\n", site) == result)
    }

    /// A bare name gets the local host, the first `defaulthost`, the client, or nothing.
    @Test(arguments: [
        ("", "root@mail.example.com"), ("defaulthost = one.example two.example", "root@one.example"),
        ("remotehost", "root@[192.0.2.9]"), ("nodefaulthost", "root"),
        ("authhost\n  defaulthost = one.example", "root@own.example"), ("authhost nodefaulthost", "root@own.example"),
        ("authhost noauthhost remotehost", "root@[192.0.2.9]"),
    ])
    func completion(_ keywords: String, _ address: String) throws {
        let site = try Site("[channel:gate]\n  official_host_name = gate.example\n  \(keywords)")
        let result = try header(
            "From: Cron <root>\r\n", site, from: "gate",
            completion: HostCompletion(clientLiteral: "[192.0.2.9]", authenticatedDomain: "own.example"))
        #expect(result == "From: Cron <\(address)>\r\n")
    }

    /// A source route stands in angle brackets.
    @Test(arguments: [
        ("To: x@far.example\r\n", "To: <@gate.example:x@far.example>\r\n"),
        ("To: X <x@far.example>\r\n", "To: X <@gate.example:x@far.example>\r\n"),
        ("To: (c) x@far.example\r\n", "To: (c) x@far.example\r\n"),
    ])
    func routes(_ text: String, _ result: String) throws {
        let site = try rules(
            "  far.example  $U@$D@gate.example", added: "[channel:gate]\n  official_host_name = gate.example")
        #expect(try header(text, site) == result)
    }

    /// All addresses with bit 2, else those of senders; not on a channel with `noreverse`.
    @Test(arguments: [
        (5, "tcp_local", "From: a@public.example\r\nTo: b@public.example\r\n"),
        (1, "tcp_local", "From: a@public.example\r\nTo: b@h.siroe.com\r\n"),
        (5, "gate", "From: a@h.siroe.com\r\nTo: b@h.siroe.com\r\n"),
    ])
    func reversal(_ bits: Int, _ destination: String, _ result: String) throws {
        let site = try Site(
            "[mapping:REVERSE]\n  *@*.siroe.com  $Y$0@public.example\n"
                + "[channel:gate]\n  official_host_name = gate.example\n  noreverse",
            options: "mta.use_reverse_database = \(bits)\n")
        #expect(
            try header("From: a@h.siroe.com\r\nTo: b@h.siroe.com\r\n", site, to: [destination]) == result)
    }

    /// `exproute` for addresses of the channel on their way out, `improute` for those of other channels on their way in,
    /// `restricted` for local parts that need quotes (channels specification, 4.13).
    @Test(arguments: [
        ("exproute", "tcp_local", "From: a@gate.example\r\n", "From: <@mail.example.com:a@gate.example>\r\n"),
        ("exproute", "tcp_local", "To: a@gate.example\r\n", "To: a@gate.example\r\n"),
        ("exproute", "gate", "From: a@gate.example\r\n", "From: a@gate.example\r\n"),
        ("improute", "gate", "From: a@far.example\r\n", "From: <@mail.example.com:a@far.example>\r\n"),
        ("improute", "gate", "From: a@gate.example\r\n", "From: a@gate.example\r\n"),
        ("improute", "tcp_local", "From: a@far.example\r\n", "From: a@far.example\r\n"),
        ("restricted", "gate", "To: \"Ann Lee\"@far.example\r\n", "To: Ann_Lee@far.example\r\n"),
        ("restricted", "tcp_local", "To: \"Ann Lee\"@far.example\r\n", "To: \"Ann Lee\"@far.example\r\n"),
    ])
    func writtenForms(_ keyword: String, _ destination: String, _ text: String, _ result: String) throws {
        let site = try Site("[channel:gate]\n  official_host_name = gate.example\n  \(keyword)")
        #expect(site.router.headersDependOnDestination)
        #expect(try header(text, site, to: [destination]) == result)
    }

    /// Different headers for different channels: all go to the channel that makes a message for each.
    @Test func differingDestinations() throws {
        let site = try rules("  old.example  $U%new.example@tcp-daemon$B$Qtcp_local")
        #expect(site.router.headersDependOnDestination)
        let text = "To: x@old.example\r\n"
        #expect(try header(text, site, to: ["tcp_local", "ims-ms"]) == nil)
        #expect(try header(text, site, to: ["tcp_local", "reprocess"]) == "To: x@new.example\r\n")
        #expect(try header(text, site, to: ["ims-ms", "tcp_intranet"]) == text)
        #expect(try header("To: a@b.example\r\n", site, to: ["tcp_local", "ims-ms"]) == "To: a@b.example\r\n")
        let recipient = RoutedRecipient(
            channel: "ims-ms", host: "ims-ms-daemon", recipient: QueueRecipient(address: "a@b", given: "a@b"))
        #expect(site.router.deferred([recipient]).map(\.channel) == ["reprocess"])
        #expect(site.router.headerClass(of: recipient) == "ims-ms")
        #expect(try Site().router.headersDependOnDestination == false)
    }

    /// Header preparation says so, and leaves the header.
    @Test func preparation() throws {
        let site = try rules("  old.example  $U%new.example@tcp-daemon$B$Qtcp_local")
        let content = Array("To: x@old.example\r\n\r\nbody".utf8)
        let received = ReceivedField(
            origin: .internalChannel("x"), host: "h", product: "p", transmission: nil, envelopeID: "e", date: [])
        for (channels, differs, line) in [
            (["tcp_local"], false, "To: x@new.example\r\n"), (["tcp_local", "ims-ms"], true, "To: x@old.example\r\n"),
        ] {
            let recipients = channels.map {
                RoutedRecipient(channel: $0, host: "h", recipient: QueueRecipient(address: "a@b", given: "a@b"))
            }
            let prepared = try HeaderPreparation(site.configuration).prepare(
                content, received: received, completion: nil,
                rewriting: site.router.headerRewriting(
                    source: try site.channel("tcp_intranet"), completion: HostCompletion(), recipients: recipients)
            ).get()
            #expect(prepared.facts.differsByDestination == differs)
            #expect(String(decoding: prepared.header, as: UTF8.self).hasSuffix("\r\n\(line)\r\n"))
        }
    }

    /// Time is bounded: beyond a number of addresses a field stays as it is.
    @Test func manyAddresses() throws {
        let site = try rules("  old.example  $U%new.example@tcp-daemon")
        let few = "To: " + Array(repeating: "x@old.example", count: 1000).joined(separator: ",\r\n ") + "\r\n"
        #expect(try header(few, site) == few.replacing("old", with: "new"))
        let many = "To: " + Array(repeating: "x@old.example", count: 1001).joined(separator: ",\r\n ") + "\r\n"
        #expect(try header(many, site) == many)
    }
}
