import Glibc
import SystemCalls
import Testing

/// The extensions of the SMTP server in the running system. A client from 127.0.0.2 is on tcp_local, one from 127.0.0.1 on
/// tcp_intranet.
@Suite(.serialized) struct ExtensionTests {
    private static let stranger = "127.0.0.2"

    private static func instance(_ options: [(String, String)], keywords: [String]) throws -> TestInstance {
        let instance = try TestInstance(
            settings: options.map { ("channel:tcp_local.options.\($0.0)", $0.1) })
        for keyword in keywords {
            let words = keyword.split(separator: " ").map(String.init)
            if words.count > 1 {
                try instance.set("channel:\(words[0])", words[1])
            } else {
                try instance.martlet("config", "set", "channel:\(keyword)")
            }
        }
        try instance.addUser("anna")
        return instance
    }

    private static func addLists(_ text: String, to instance: TestInstance) throws {
        let path = "\(instance.root)/config/martlet.conf"
        let file = String(decoding: try Files.read(path), as: UTF8.self)
        try Files.replace(path, with: Array("\(file)\n[aliases]\n\(text)\n".utf8), mode: 0o640)
        try Files.replace("\(instance.root)/config/list", with: Array("anna@example.test\nv@other.example\n".utf8))
    }

    /// Sections 10.1 to 10.3 and 9 of the smtp specification.
    @Test func verbs() throws {
        let instance = try Self.instance(
            [
                ("HIDE_VERIFY", "1"), ("DISABLE_STATUS", "0"), ("DISABLE_ADDRESS", "0"),
                ("ALLOW_ETRNS_PER_SESSION", "9"),
            ],
            keywords: ["tcp_local.vrfyallow", "tcp_local.expnallow", "tcp_local.allowetrn", "ims-ms.blocketrn"])
        try Self.addLists(
            "  open@example.test: <IMTA_TABLE:list\n  closed@example.test: <IMTA_TABLE:list, [NONEXPANDABLE]",
            to: instance)
        try instance.start()
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        _ = try peer.reply()
        #expect(try peer.command("EHLO client.example").text.contains("\nEXPN\nHELP\nXADR\nXSTA\nXLOOP "))
        #expect(try peer.command("VRFY <anna@example.test>") == .init(code: 250, text: "2.1.5 anna@example.test OK."))
        #expect(
            try peer.command("VRFY nobody@example.test")
                == .init(code: 550, text: "5.1.1 unknown or illegal alias: nobody@example.test"))
        let remote = SMTPPeer.Reply(code: 252, text: "2.5.0 Possible remote address not checked")
        #expect(try peer.command("VRFY a@other.example") == remote)
        #expect(try peer.command("EXPN anna@example.test") == .init(code: 250, text: "2.1.5 <anna@ims-ms-daemon>"))
        #expect(
            try peer.command("EXPN open@example.test")
                == .init(code: 250, text: "2.1.5 <anna@example.test>\n2.1.5 <v@other.example>"))
        #expect(
            try peer.command("EXPN closed@example.test")
                == .init(code: 550, text: "5.7.2 list may not be expanded: closed@example.test"))
        #expect(try peer.command("EXPN nobody@example.test").code == 550)
        #expect(
            try peer.command("ETRN other.example")
                == .init(code: 250, text: "2.0.0 OK, queuing for node other.example, channel tcp_local, started"))
        #expect(
            try peer.command("ETRN #ims-ms") == .init(code: 459, text: "4.5.0 ETRN not permitted"),
            "blocketrn")
        #expect(try peer.command("ETRN #nothing").code == 459)
        #expect(try peer.command("XADR anna@example.test").text.contains("channel ims-ms"))
        #expect(try peer.command("XSTA").text.contains("channel tcp_local: ready 0"))
        #expect(
            try peer.command("XCIR") == .init(code: 550, text: "5.7.0 XCIR command has been disabled."), "S-15")
        // S-16: HIDE_VERIFY=1 where the keyword leaves it open.
        let inside = try SMTPPeer(port: instance.port)
        try inside.greet()
        let local = SMTPPeer.Reply(code: 252, text: "2.5.0 Possible local address <fred@example.test>")
        #expect(try inside.command("VRFY fred@example.test") == local)
    }

    /// RFC 6531, 3030, 2852, 6710: what the client asked for reaches the mailbox, the log and the trace field.
    @Test func parameters() throws {
        let instance = try Self.instance(
            [("BINARYMIME", "1"), ("DELIVERBY", "60")],
            keywords: ["tcp_local.utf8negotiate", "tcp_local.mtprioritiesallowed 0..4"])
        try instance.start()
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        _ = try peer.reply()
        let greeting = try peer.command("EHLO client.example").text
        #expect(greeting.contains("\nSMTPUTF8\nBINARYMIME\nDELIVERBY 60\nMT-PRIORITY\nSIZE "), "\(greeting)")
        let options = "SMTPUTF8 BODY=BINARYMIME BY=3600;R MT-PRIORITY=4"
        #expect(
            try peer.command("MAIL FROM:<j\u{f6}rg@b\u{fc}cher.example> \(options)")
                == .init(code: 250, text: "2.5.0 Address and options OK."))
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
        let content = "Subject: r\u{e4}tsel\r\n\r\na\nb\rc"
        try peer.send("BDAT \(content.utf8.count) LAST\r\n\(content)")
        #expect(try peer.reply().code == 250)
        let arrived = instance.arrivals("anna").first ?? ""
        #expect(arrived.contains("with UTF8SMTP id"), "\(arrived)")
        #expect(arrived.contains("r\u{e4}tsel"))
        #expect(arrived.contains("\na=0Ab=0Dc\n"), "a mailbox is lines: what is none is encoded")
        // Without the parameter the asterisk rule stands.
        #expect(try peer.command("MAIL FROM:<j\u{f6}rg@remote.example>").code == 250)
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: stars\r\n\r\nx\r\n.").code == 250)
        #expect(instance.arrivals("anna", count: 2).count == 2)
        #expect(instance.mailLog.contains { $0.contains("j**rg@remote.example") }, "\(instance.mailLog)")
    }

    /// XCLIENT makes another client of a trusted one; XFORWARD only says where the message came from.
    @Test func clientsOfOthers() throws {
        let instance = try Self.instance(
            [("XCLIENT_HOSTS", "127.0.0.2"), ("XFORWARD_HOSTS", "127.0.0.2")], keywords: [])
        try instance.start()
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        try peer.greet()
        #expect(try peer.command("XCLIENT ADDR=203.0.113.9 NAME=[UNAVAILABLE]").code == 220)
        #expect(try peer.command("HELO other.example").text.hasSuffix("OK, [203.0.113.9]."))
        #expect(try peer.deliver(from: "x@y.example", to: "anna@example.test", "Subject: one\r\n\r\nx").code == 250)
        #expect(instance.arrivals("anna").first?.contains("(other.example [203.0.113.9])") == false)
        #expect(instance.arrivals("anna").first?.contains("[203.0.113.9]") == true)
        #expect(try peer.command("XFORWARD ADDR=198.51.100.7 HELO=far.example").code == 250)
        #expect(try peer.deliver(from: "x@y.example", to: "anna@example.test", "Subject: two\r\n\r\nx").code == 250)
        _ = instance.arrivals("anna", count: 2)
        let isLogged = eventually { instance.mailLog.contains { $0.contains("far.example ([198.51.100.7])") } }
        #expect(isLogged, "\(instance.mailLog)")
        // An internal address is on the internal channel, which may relay.
        #expect(try peer.deliver(from: "a@y.example", to: "v@other.example", "x").code == 550)
        #expect(try peer.command("RSET").code == 250)
        #expect(try peer.command("XCLIENT ADDR=127.0.0.1").code == 220)
        #expect(try peer.command("HELO inside").code == 250)
        #expect(try peer.command("MAIL FROM:<anna@example.test>").code == 250)
        #expect(try peer.command("RCPT TO:<v@other.example>").code == 250)
        let other = try SMTPPeer(port: instance.port)
        try other.greet()
        #expect(try other.command("XCLIENT ADDR=203.0.113.9").code == 550)
    }

    /// A PROXY header is believed from the addresses that PROXY_HOSTS names, and nobody gets in without one.
    @Test func proxies() throws {
        let instance = try Self.instance([("PROXY_HOSTS", "127.0.0.2")], keywords: [])
        try instance.start()
        try instance.martlet("config", "set", "channel:tcp_local.proxyprotocol")
        try instance.martlet("reload")
        let isInForce = eventually {
            guard let peer = try? SMTPPeer(port: instance.port) else { return false }
            return peer.isClosed(seconds: 2)
        }
        #expect(isInForce, "another address is not let in")
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        try peer.send("PROXY TCP4 203.0.113.9 192.0.2.1 40000 25\r\n")
        #expect(try peer.reply().code == 220)
        #expect(try peer.command("HELO other.example").text.hasSuffix("OK, [203.0.113.9]."))
        #expect(try peer.deliver(from: "x@y.example", to: "anna@example.test", "Subject: one\r\n\r\nx").code == 250)
        #expect(instance.arrivals("anna").first?.contains("[203.0.113.9]") == true)
        let direct = try SMTPPeer(port: instance.port, source: Self.stranger)
        try direct.send("EHLO client.example\r\n")
        #expect(direct.isClosed(), "no header, no session")
        let binary = try SMTPPeer(port: instance.port, source: Self.stranger)
        try binary.send([13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, 0x20, 0, 0, 0])
        #expect(try binary.reply().code == 220, "LOCAL: the proxy itself")
    }

    /// RFC 2852: what cannot be delivered in time comes back. RFC 4865: what is to wait waits.
    @Test func times() throws {
        let instance = try Self.instance(
            [("DELIVERBY", "0"), ("XCLIENT_HOSTS", Self.stranger)], keywords: ["tcp_auth.futurerelease 600"])
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(TestInstance.freePort()))
        try instance.start()
        let inside = try SMTPPeer(port: instance.port)
        try inside.greet()
        #expect(try inside.command("MAIL FROM:<anna@example.test> BY=2;R").code == 250)
        #expect(try inside.command("RCPT TO:<v@other.example>").code == 250)
        #expect(try inside.command("DATA").code == 354)
        #expect(try inside.command("Subject: urgent\r\n\r\nx\r\n.").code == 250)
        #expect(instance.arrivals("anna").first?.contains("Delivery has timed out and failed") == true)
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        try peer.greet()
        #expect(try peer.command("MAIL FROM:<anna@example.test> HOLDFOR=3").code == 555, "not without a name")
        #expect(try peer.command("XCLIENT LOGIN=anna@example.test").code == 220)
        #expect(try peer.command("EHLO client.example").text.contains("\nFUTURERELEASE 600 2"))
        #expect(try peer.command("MAIL FROM:<anna@example.test> HOLDFOR=601").code == 501)
        #expect(try peer.command("MAIL FROM:<anna@example.test> HOLDFOR=3").code == 250)
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: later\r\n\r\nx\r\n.").code == 250)
        let accepted = SystemClock.monotonicNanoseconds
        #expect(instance.arrivals("anna", count: 2).contains { $0.contains("Subject: later") })
        #expect(SystemClock.monotonicNanoseconds - accepted > 1_900_000_000)
    }

    /// ETRN_ACCESS and `$V` of PORT_ACCESS (mappings specification, 5.6; smtp specification, 9), and `destinationnosolicit`
    /// for a recipient.
    @Test func siteRules() throws {
        let instance = try Self.instance([], keywords: ["ims-ms.destinationnosolicit net.example:ADV"])
        let path = "\(instance.root)/config/martlet.conf"
        let text = String(decoding: try Files.read(path), as: UTF8.self).replacing(
            "[mapping:PORT_ACCESS]\n", with: "[mapping:PORT_ACCESS]\n  TCP|*|*|127.0.0.2|*     $Y$VEXTERNAL\n")
        let rules =
            "[mapping:ETRN_ACCESS]\n  TCP|*|SMTP/client.example|*|*|closed.example   $NNot$ for$ you\n"
            + "  *|other.example   $S$Dtcp_intranet\n"
        try Files.replace(path, with: Array("\(text)\n\(rules)".utf8), mode: 0o640)
        try instance.martlet("config", "set", "channel:tcp_local.options.ALLOW_ETRNS_PER_SESSION", "5")
        try instance.martlet("config", "set", "channel:tcp_local.allowetrn")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        try peer.greet()
        #expect(try peer.command("ETRN closed.example") == .init(code: 459, text: "4.5.0 Not for you"))
        #expect(
            try peer.command("ETRN other.example")
                == .init(code: 250, text: "2.0.0 OK, queuing for node other.example, channel tcp_intranet, started"))
        #expect(try peer.command("XGEN").code == 250)
        let inside = try SMTPPeer(port: instance.port)
        try inside.greet()
        #expect(try inside.command("XGEN").code == 550)
        #expect(try inside.command("MAIL FROM:<a@y.example> SOLICIT=NET.example:adv").code == 250)
        #expect(
            try inside.command("RCPT TO:<anna@example.test>")
                == .init(code: 550, text: "5.7.1 Solicitation class NET.example:adv is not accepted"))
        #expect(try inside.command("RCPT TO:<v@other.example>").code == 250)
    }

    /// S-19, and what the site adds to EHLO.
    @Test func banner() throws {
        let instance = try Self.instance(
            [
                ("BANNER_HOST", "mx.example"), ("CUSTOM_VERSION_STRING", "Mail"), ("BANNER_ADDITION", "NO UCE"),
                ("EHLO_ADDITION", "XONE|XTWO 2"), ("MAX_HELO_DOMAIN_LENGTH", "20"), ("ADVERTISE_LIMITS", "1"),
            ], keywords: [])
        try instance.start()
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        #expect(try peer.reply() == .init(code: 220, text: "mx.example Mail NO UCE"), "S-19")
        #expect(try peer.command("EHLO a-name-that-is-far-too-long.example").code == 501)
        #expect(try peer.command("EHLO a.example").text.contains("\nLIMITS RCPTMAX=128\nXONE\nXTWO 2\nSIZE "))
        let accepted = try peer.deliver(from: "x@y.example", to: "anna@example.test", "Subject: one\r\n\r\nx")
        #expect(accepted.text.contains(/^2\.5\.0 Ok, envelope id [0-9A-Z]{16}@[a-z.]+$/), "S-6: \(accepted.text)")
    }
}
