import Channels
import InternetMessage
import Mappings
import OptionSyntax
import Testing

@testable import AddressRewriting
@testable import Commands

/// What the `test` commands print: JSON shapes that stay, and the lines of the family.
@Suite struct TestReportTests {
    private func pattern(_ text: String) -> MappingPattern {
        var diagnostics = Diagnostics()
        return MappingPattern(compiling: text, diagnostics: &diagnostics)
    }

    /// Mappings specification, 7.2, M1 and M12.
    @Test func match() {
        let fields = pattern("$[ax1]*@*.example.com").match("xx11a@sys1.example.com")
        #expect(TestMatchCommand.lines(fields) == ["Match.", "0 - xx11a", "1 - sys1"])
        #expect(TestMatchCommand.json(fields).text == #"{"matched":true,"wildcards":["xx11a","sys1"]}"#)
        #expect(TestMatchCommand.lines(nil) == ["No match."])
        #expect(TestMatchCommand.json(nil).text == #"{"matched":false,"wildcards":[]}"#)
    }

    /// Mappings specification, 4.1: flags as character codes in ascending order.
    @Test func mapping() {
        let result = MappingResult(
            output: "H|F:dan", flags: "YA", matchedEntry: SourceLocation(file: "mappings", line: 3))
        #expect(TestMappingCommand.lines(result) == ["Output string: H|F:dan", "Output flags: [65,89]"])
        #expect(TestMappingCommand.json(result).text == #"{"matched":true,"flags":["A","Y"],"output":"H|F:dan"}"#)
        #expect(TestMappingCommand.lines(nil) == ["No match."])
        #expect(TestMappingCommand.json(nil).text == #"{"matched":false,"flags":[],"output":""}"#)
    }

    @Test(
        arguments: [
            ("@a,@b:u@c", #"{"host":"a","location":"sourceRoute","remainder":"@b:u@c"}"#),
            ("u@c", #"{"host":"c","location":"at","remainder":"u"}"#),
            ("u%c", #"{"host":"c","location":"percent","remainder":"u"}"#),
            ("c!u", #"{"host":"c","location":"bang","remainder":"u"}"#),
            ("u", #"{"host":"","location":"none","remainder":"u"}"#),
        ])
    func extract(address: String, json: String) {
        #expect(TestExtractCommand.json(extractHost(address)).text == json)
    }

    // MARK: test rewrite

    private let table = ChannelTable([
        Channel("l", host: "mail.example.com"),
        Channel("tcp_local smtp randommx daemon fw.example.com notices 1 4 8 12", host: "TCP-DAEMON"),
    ])

    private func report(_ outcome: RewriteEngine.Outcome) -> RewriteReport {
        RewriteReport(
            input: "DAN@EXAMPLE.COM",
            outcomes: Dictionary(uniqueKeysWithValues: RewriteReport.Place.all.map { ($0.name, outcome) }))
    }

    private let routed = RewriteEngine.Outcome.rewritten(
        RewriteEngine.Rewritten(
            address: "DAN@EXAMPLE.COM", localPart: "DAN", host: "EXAMPLE.COM", routingSystem: "TCP-DAEMON",
            channel: "tcp_local"))

    /// Commands specification, 10, example 18: these lines in this order.
    @Test func linesOfTheFamily() {
        let lines = report(routed).lines(table)
        var rest = lines[...]
        for expected in [
            "forward channel        = tcp_local", "channel official host  = TCP-DAEMON",
            "channel daemon name    = fw.example.com", "urgentnotices          = 1 4 8 12",
            "backward channel       = tcp_local", "header To: address     = DAN@EXAMPLE.COM",
            "header From: address   = DAN@EXAMPLE.COM",
            "envelope To: address   = DAN@EXAMPLE.COM (route (TCP-DAEMON,TCP-DAEMON))",
            "envelope From: address = DAN@EXAMPLE.COM", "name                   =", "mbox                   = DAN",
            "Extracted address action list:", "  DAN@EXAMPLE.COM", "Extracted 733 address action list:",
            "  DAN@EXAMPLE.COM",
        ] {
            guard let index = rest.firstIndex(of: expected) else {
                Issue.record("no line '\(expected)' in its place")
                continue
            }
            rest = rest[(index + 1)...]
        }
        #expect(lines.contains { $0.hasPrefix("channel flags #1") && $0.contains("SMTP RANDOMMX") })
    }

    @Test func withoutChannelDetails() {
        var report = report(routed)
        report.showsChannel = false
        #expect(
            !report.lines(table).contains {
                $0.hasPrefix("channel ") || $0.contains("notices  ") || $0.hasPrefix("linelength")
            })
    }

    @Test func json() {
        let place = #"{"address":"DAN@EXAMPLE.COM","channel":"tcp_local","routingSystem":"TCP-DAEMON"}"#
        #expect(
            report(routed).json.text
                == #"{"input":"DAN@EXAMPLE.COM","status":"ok","envelopeTo":\#(place),"envelopeFrom":\#(place),"#
                + #""headerTo":\#(place),"headerFrom":\#(place),"error":null}"#)
        let failed = report(.failed(code: "5.1.2", text: "unknown host or domain"))
        #expect(
            failed.json.text
                == #"{"input":"DAN@EXAMPLE.COM","status":"failed","envelopeTo":null,"envelopeFrom":null,"#
                + #""headerTo":null,"headerFrom":null,"error":{"code":"5.1.2","text":"unknown host or domain"}}"#)
        #expect(failed.lines(table).contains("Address list error -- 5.1.2 unknown host or domain: DAN@EXAMPLE.COM"))
    }
}
