import Envelope
import Testing
import TransactionLog

private let time = Array("2014-06-02T09:45:50.29".utf8)

private func options(_ format: Int, _ values: [String: Int] = [:]) -> LogOptions {
    LogOptions(localHost: "l.example") { $0 == "log_format" ? format : values[$0] }
}

private func lines(_ entry: MessageLogEntry, _ options: LogOptions) -> [Substring] {
    var output: [UInt8] = []
    LogLayout(options: options, node: "mail.example.com").append(
        entry, time: time, process: "123f.3f8.4397", to: &output)
    return String(decoding: output, as: UTF8.self).split(separator: "\n")
}

private func line(_ entry: ConnectionLogEntry, _ options: LogOptions) -> String {
    var output: [UInt8] = []
    LogLayout(options: options, node: "mail.example.com").append(
        entry, time: time, process: "123f.3f8.4397", to: &output)
    return String(decoding: output, as: UTF8.self)
}

private var full: MessageLogEntry {
    var entry = MessageLogEntry(.dequeued)
    entry.modifiers = [.esmtp, .tls]
    entry.sourceChannel = "tcp_local"
    entry.blocks = 4
    entry.sender = "a@b.c"
    entry.originalRecipient = "rfc822;u@d"
    entry.currentRecipient = "u@d"
    entry.initialRecipient = "u@old"
    entry.notify = [.success, .failure]
    entry.filename = "tcp_local/ZZf0r4i0Wdy51.00"
    entry.envelopeID = "0JDJ00D02IBWDX00"
    entry.messageID = "<id@b.c>"
    entry.username = "*anna"
    entry.sourceSystem = "b.c ([192.0.2.1])"
    entry.priority = .urgent
    entry.reason = "why"
    entry.diagnostic = "smtp;250 \"ok\" & <done>"
    entry.remoteMTA = "mx.d"
    entry.connection.transport = "TCP|192.0.2.25|25|192.0.2.1|4000"
    entry.connection.application = "SMTP"
    entry.connection.tls = "TLSv1.3,TLS_AES_256_GCM_SHA384"
    entry.queueSeconds = 61
    return entry
}

private let everything = [
    "log_node": 1, "log_envelope_id": 1, "log_connection": 255, "log_intermediate": 2, "log_remote_mta": 1,
    "log_tls": 1,
]

/// Notifications-logging specification, 2.5.
@Suite struct StructuredLayoutTests {
    @Test func xmlHasAllAttributesInOrder() {
        let expected = #"""
            <en ts="2014-06-02T09:45:50.29" no="mail.example.com" pi="123f.3f8.4397" sc="tcp_local" dc="" ac="DES" \#
            sz="4" so="a@b.c" od="rfc822;u@d" de="u@d" rf="24" fi="tcp_local/ZZf0r4i0Wdy51.00" ei="0JDJ00D02IBWDX00" \#
            mi="&lt;id@b.c&gt;" us="*anna" ss="b.c ([192.0.2.1])" pr="0" ia="u@old" re="why" \#
            di="smtp;250 &quot;ok&quot; &amp; &lt;done&gt;" rm="mx.d" tr="TCP|192.0.2.25|25|192.0.2.1|4000" \#
            ap="SMTP" tl="TLSv1.3,TLS_AES_256_GCM_SHA384" qt="61"/>
            """#
        #expect(lines(full, options(4, everything)) == [Substring(expected)])
    }

    /// "numbers for sz, qt, rf, pr, se; same keys as XML".
    @Test(arguments: [(5, #"{"en":{"ts":"#, "}}"), (6, #"{"e":"en","ts":"#, "}")])
    func jsonHasTheSameKeys(_ format: Int, _ start: String, _ end: String) {
        let members = #"""
            "2014-06-02T09:45:50.29","no":"mail.example.com","pi":"123f.3f8.4397","sc":"tcp_local","dc":"","ac":"DES",\#
            "sz":4,"so":"a@b.c","od":"rfc822;u@d","de":"u@d","rf":24,"fi":"tcp_local/ZZf0r4i0Wdy51.00",\#
            "ei":"0JDJ00D02IBWDX00","mi":"<id@b.c>","us":"*anna","ss":"b.c ([192.0.2.1])","pr":0,"ia":"u@old",\#
            "re":"why","di":"smtp;250 \"ok\" & <done>","rm":"mx.d","tr":"TCP|192.0.2.25|25|192.0.2.1|4000",\#
            "ap":"SMTP","tl":"TLSv1.3,TLS_AES_256_GCM_SHA384","qt":61
            """#
        #expect(lines(full, options(format, everything)) == [Substring(start + members + end)])
    }

    /// "Always present: ts, sc, dc, ac, sz, so, od, de; the rest by option (and some only when there is a value)"; bit 2:
    /// "attribute even if empty".
    @Test func emptyFields() throws {
        let bare = LogOptions {
            ["log_format": 4, "log_process": 0, "log_notary": 0, "log_priority": 0][$0]
        }
        #expect(
            lines(MessageLogEntry(.enqueued), bare) == [
                "<en ts=\"2014-06-02T09:45:50.29\" sc=\"\" dc=\"\" ac=\"E\" sz=\"0\" so=\"\" od=\"\" de=\"\"/>"
            ])
        let always = options(4, ["log_reason": 5, "log_diagnostics": 5, "log_remote_mta": 5])
        let line = try #require(lines(MessageLogEntry(.enqueued), always).first)
        #expect(line.hasSuffix(" re=\"\" di=\"\" rm=\"\"/>"))
    }

    @Test(arguments: [(4, "<he ts="), (5, "{\"he\":{"), (6, "{\"e\":\"he\",")])
    func headerLines(_ format: Int, _ start: String) throws {
        var entry = full
        entry.headerLines = ["Subject: \"x\" <y>", "To: u@d"]
        let given = lines(entry, options(format))
        #expect(given.count == 3 && given[1].hasPrefix(start))
        let element = try #require(LoggedElement(Array(given[1].utf8)))
        #expect(element.kind == "he" && element.fields["va"] == "Subject: \"x\" <y>")
        #expect(element.fields["pi"] == "123f.3f8.4397")
    }

    @Test func connections() {
        var entry = ConnectionLogEntry(
            .closed, channel: "tcp_local", isInbound: false, transport: "TCP|a|1|b|25", application: "SMTP/x/y",
            diagnostic: "lost")
        entry.seconds = 7
        entry.tls = "TLSv1.2,X"
        #expect(
            line(entry, options(4, ["log_tls": 1]))
                == "<co ts=\"2014-06-02T09:45:50.29\" pi=\"123f.3f8.4397\" sc=\"tcp_local\" dr=\"-\" ac=\"C\" "
                + "tr=\"TCP|a|1|b|25\" ap=\"SMTP/x/y\" di=\"lost\" tl=\"TLSv1.2,X\" ct=\"7\"/>\n")
        #expect(
            line(entry, options(6))
                == "{\"e\":\"co\",\"ts\":\"2014-06-02T09:45:50.29\",\"pi\":\"123f.3f8.4397\",\"sc\":\"tcp_local\","
                + "\"dr\":\"-\",\"ac\":\"C\",\"tr\":\"TCP|a|1|b|25\",\"ap\":\"SMTP/x/y\",\"di\":\"lost\",\"ct\":7}\n")
    }

    /// LOG_LOCAL.
    @Test(arguments: [1, 4])
    func bareAddresses(_ format: Int) throws {
        var entry = full
        entry.sender = "root"
        entry.currentRecipient = ""
        let with = try #require(lines(entry, options(format, ["log_local": 1])).first)
        #expect(with.contains("root@l.example") && !with.contains("@l.example@"))
        #expect(with.contains("u@d") && !with.contains("u@d@"))
        #expect(!(try #require(lines(entry, options(format)).first)).contains("l.example"))
    }

    /// Whatever stands in a field, it is read again as it was, or with `U+FFFD` where XML cannot say it.
    @Test(arguments: [4, 5, 6])
    func hostileFieldsStayFields(_ format: Int) throws {
        let hostile = "x\r\n\"/><en ac=\"D\\\",\"ac\":\"D&#60;\0\t\u{7F}\u{85}\u{2028}\u{FFFF}é\u{1F600}'"
        var entry = full
        entry.sender = hostile
        entry.diagnostic = hostile
        entry.username = hostile
        let given = lines(entry, options(format))
        #expect(given.count == 1 && !given[0].unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
        #expect(!given[0].unicodeScalars.contains("\u{85}") && !given[0].unicodeScalars.contains("\u{2028}"))
        let element = try #require(LoggedElement(Array(given[0].utf8)))
        var expected = ""
        for scalar in hostile.unicodeScalars {
            let isSayable = scalar.value > 31 && !["\u{7F}", "\u{85}", "\u{2028}", "\u{FFFF}"].contains(scalar)
            expected.unicodeScalars.append(format > 4 || isSayable ? scalar : "\u{FFFD}")
        }
        #expect(element.fields["so"] == expected && element.fields["us"] == expected)
        #expect(element.fields["ac"] == "DES")
    }

    @Test(arguments: [
        "", "<", "<en", "<en ts=", "<en ts=\"", "<en ts=\"1\"", "{", "{\"en\"", "{\"en\":{", "{\"en\":{\"a\":}}",
        "{\"e\":1}",
        "{\"en\":{\"a\":\"\\u12", "{\"en\":{\"a\":\"\\", "16-Feb-2007 14:54:13.72 x",
    ])
    func otherLines(_ text: String) { #expect(LoggedElement(Array(text.utf8)) == nil) }

    /// "Consumers must tolerate new or re-ordered attributes."
    @Test func readersTakeWhatIsNew() throws {
        let xml = try #require(LoggedElement(Array("<en  zz=\"&#x41;&#66;&apos;&unknown;&x\" ts=\"1\" />".utf8)))
        #expect(xml.fields == ["zz": "AB'\u{FFFD}x", "ts": "1"])
        let json = try #require(LoggedElement(Array("{\"en\":{\"zz\":-5,\"ts\":\"\\u0041\"}}".utf8)))
        #expect(json.fields == ["zz": "-5", "ts": "A"])
    }
}
