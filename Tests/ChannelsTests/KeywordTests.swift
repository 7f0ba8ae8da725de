import Channels
import OptionSyntax
import Testing

/// Keyword arguments, what is in effect, and the typed readings. Channels specification, sections 2.1, 4 and 5.
@Suite struct KeywordTests {
    private func findings(_ line: String) -> [String] {
        var reader = KeywordReader(pools: [])
        let words = LogicalLine(line, at: SourceLocation(file: "imta.cnf", line: 1, column: 1)).words()
        _ = reader.read(words)
        return reader.diagnostics.all.map { "\($0.severity.rawValue): \($0.message)" }
    }

    @Test(arguments: [
        ("port 99999", "error: port 99999 is out of range"), ("port 0", "error: port 0 is out of range"),
        ("missingrecipientpolicy 9", "error: missingrecipientpolicy 9 is out of range"),
        ("maxjobs -5", "error: maxjobs -5 is out of range"),
        ("addrsperfile 0", "error: addrsperfile 0 is out of range"),
        ("blocklimit 9223372036854775807", "error: blocklimit 9223372036854775807 is out of range"),
        ("threaddepth 9223372036854775807", "error: threaddepth 9223372036854775807 is out of range"),
        ("logheader 4", "error: logheader 4 is out of range"), ("subdirs 1000", "error: subdirs 1000 is out of range"),
        ("deferredsource -1", "error: deferredsource -1 is out of range"),
        ("interfaceaddress x", "error: interfaceaddress needs an IP address, found x"),
        ("interfaceaddress 1.2.3.4.5", "error: interfaceaddress needs an IP address, found 1.2.3.4.5"),
        ("interfaceaddress", "error: interfaceaddress needs an IP address"),
        ("nameservers 192.0.2.999", "error: nameservers needs IP addresses"),
        ("grey", "warning: grey is not supported and is not taken"),
        ("datetwo", "warning: datetwo is not supported and is not taken"),
        ("implicitsaslexternal", "warning: implicitsaslexternal is not supported and is not taken"),
        ("contchar x", "warning: contchar is accepted and has no effect"),
    ])
    func badArgumentsAreReported(line: String, finding: String) {
        #expect(findings(line).first == finding)
    }

    @Test(arguments: [
        "port 65535", "port 2%11001", "missingrecipientpolicy 6", "addrsperfile 1", "filesperjob -1", "expandlimit 0",
        "interfaceaddress 192.0.2.1", "interfaceaddress 2001:db8::1", "interfaceaddress &/IMTA_HOST/",
        "nameservers 192.0.2.1 2001:db8::53 mx", "nameservers \"192.0.2.1 192.0.2.2\"", "deferredsource 60",
        "deferredsource mx", "subdirs 20", "sourcetransitplugin 1",
    ])
    func goodArgumentsAreTaken(line: String) {
        #expect(findings(line).isEmpty)
    }

    @Test func refusedKeywordsAreNotOnTheChannel() {
        let channel = Channel("tcp_x smtp implicitsaslexternal grey datetwo", host: "x")
        #expect(Array(channel.settings.keys) == ["smtp"])
        #expect(Channel("tcp_x port 99999", host: "x").port == 25)
    }

    /// Two integers behind a keyword that takes one: the second is not swallowed.
    @Test func secondsTakeOneInteger() {
        #expect(findings("deferredsource 60 70") == ["warning: unknown word 70 on a channel line is ignored"])
        #expect(Channel("x deferredsource", host: "x").deferredSourceSeconds == 604_800)
    }

    @Test func membersOfAGroupExcludeEachOther() {
        for (group, members) in ChannelKeyword.groups {
            var channel = Channel("x", host: "x")
            let place = SourceLocation(file: "f", line: 1, column: 1)
            for name in members.sorted() {
                guard let keyword = ChannelKeyword.all[name] else { continue }
                channel.apply(KeywordUse(keyword, keyword.argument == .none ? [] : ["1"], at: place))
                #expect(members.filter { channel.settings[$0] != nil } == [name], "\(group)")
            }
        }
    }

    /// What says that nothing happens is in effect; what we ship is not reported.
    @Test func defaultsAreInEffect() {
        for keyword in ChannelKeyword.all.values where keyword.isDefault && keyword.effect != .active {
            #expect(keyword.effect == .ignored, "\(keyword.name)")
        }
        #expect(ChannelKeyword.named("sourcespamfilter3").first?.effect == .missing)
        #expect(ChannelKeyword.named("identtcp").first?.effect == .missing)
        #expect(ChannelKeyword.named("maxjobs").first?.effect == .active)
    }
}
