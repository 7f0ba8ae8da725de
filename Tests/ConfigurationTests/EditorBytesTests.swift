import Configuration
import OptionSyntax
import Testing

/// What an edit must not touch: line ends, encodings, comments, other values (default configuration specification,
/// section 1: "changes only the lines it must").
@Suite struct EditorBytesTests {
    private func edited(_ text: String, _ edits: ConfigurationEditor.Edit...) throws -> String {
        try edits.reduce(text) { try ConfigurationEditor.apply($1, to: $0) }
    }

    @Test(arguments: [
        // Every line end is kept, and a new line gets the one of its neighbourhood.
        ("! a\r\nmta.enable = 1\r\n! b\r\n", "mta.enable", "0", "! a\r\nmta.enable = 0\r\n! b\r\n"),
        ("mta.enable = 1\r\n", "mta.block_limit", "7", "mta.enable = 1\r\nrole.mta.block_limit = 7\r\n"),
        ("[channel:x]\r\n  smtp\r\n", "channel:x.maxjobs", "2", "[channel:x]\r\n  smtp\r\n  maxjobs = 2\r\n"),
        ("! a\nmta.enable = 1\r\n! b\n", "mta.enable", "0", "! a\nmta.enable = 0\r\n! b\n"),
        // The last line may lack one; it gets one when something comes behind it.
        ("mta.enable = 1", "mta.enable", "0", "mta.enable = 0\n"),
        ("! x\nmta.enable = 1", "mta.block_limit", "7", "! x\nmta.enable = 1\nrole.mta.block_limit = 7\n"),
        ("! x", "mta.enable", "0", "! x\nrole.mta.enable = 0\n"),
        ("", "mta.enable", "0", "role.mta.enable = 0\n"),
        // Comments between the parts of a continued line stay.
        ("mta.enable = \\\n! why\n  1\n", "mta.enable", "0", "! why\nmta.enable = 0\n"),
        // An equals sign inside a name is no separator.
        (
            "schedule.task:a\\=b.crontab =  x\n", "schedule.task:a\\=b.crontab", "y",
            "schedule.task:a\\=b.crontab =  y\n"
        ),
        (
            "[schedule.task:a\\=b]\n  crontab=x\n", "schedule.task:a\\=b.crontab", "y",
            "[schedule.task:a\\=b]\n  crontab=y\n"
        ),
    ])
    func onlyTheLineChanges(text: String, name: String, value: String, expected: String) throws {
        #expect(try edited(text, .set(name: name, value: value)) == expected)
    }

    @Test func aCommentInAnotherEncodingStays() throws {
        let comment: [UInt8] = Array("! Stra".utf8) + [0xDF] + Array("e\n".utf8)
        let texts = ConfigurationTexts(main: comment + Array("mta.enable = 1\n".utf8))
        var findings = Diagnostics()
        let result = try ConfigurationEditor.apply(
            .set(name: "mta.enable", value: "0"), to: texts, findings: &findings)
        #expect(result.main == comment + Array("mta.enable = 0\n".utf8))
    }

    @Test func aWholeFileWithCarriageReturnsLoadsAndIsEdited() throws {
        let text = Samples.defaults.unified.split(separator: "\n", omittingEmptySubsequences: false)
            .joined(separator: "\r\n")
        let result = try edited(text, .set(name: "channel:tcp_local.maxjobs", value: "9"))
        #expect(result.split(separator: "\r\n").count == text.split(separator: "\r\n").count + 1)
        #expect(Samples.unified(result).configuration?.show("channel:tcp_local.maxjobs").map(\.value) == ["9"])
    }

    // MARK: Keywords

    @Test(arguments: [
        // Channels specification, section 3: the spelling of the unified configuration is what is stored.
        ("[channel:x]\n", "dequeue_removeroute", "[channel:x]\n  dequeueremoveroute\n"),
        ("[channel:x]\n  dequeue_removeroute mx\n", "dequeueremoveroute", "[channel:x]\n  dequeueremoveroute mx\n"),
        // Both halves of a pair, and members of both groups leave.
        (
            "[channel:x]\n  notlsserver mx notlsclient\n", "musttls",
            "[channel:x]\n  mx\n  musttlsclient\n  musttlsserver\n"
        ),
        ("[channel:x]\n  maytls\n", "musttlsserver", "[channel:x]\n  maytlsclient\n  musttlsserver\n"),
        ("[channel:x]\n  maytls\n", "maytlsserver", "[channel:x]\n  maytls\n"),
    ])
    func keywords(text: String, keyword: String, expected: String) throws {
        #expect(try edited(text, .set(name: "channel:x.\(keyword)", value: nil)) == expected)
    }

    @Test(arguments: [
        ("maxjbs", "did you mean maxjobs?"), ("mxx", "did you mean mx?"),
        ("oficial_host_name", "did you mean official_host_name?"), ("zzzzzz", "there is no option channel:x.zzzzzz"),
    ])
    func unknownKeywordsAreRefused(keyword: String, part: String) {
        let refusal = #expect(throws: ConfigurationEditor.Refusal.self) {
            try ConfigurationEditor.apply(.set(name: "channel:x.\(keyword)", value: nil), to: "")
        }
        #expect(refusal?.description.contains(part) == true, "\(String(describing: refusal))")
    }

    @Test func whatIsInTheFileMayBeRemovedUnderAnyName() throws {
        #expect(try edited("[channel:x]\n  mxx smtp\n", .unset(name: "channel:x.mxx")) == "[channel:x]\n  smtp\n")
        #expect(
            try edited("[channel:x]\n  maytls\n", .unset(name: "channel:x.maytlsclient"))
                == "[channel:x]\n  maytlsserver\n")
        #expect(try edited("[channel:x]\n  maytls mx\n", .unset(name: "channel:x.maytls")) == "[channel:x]\n  mx\n")
    }

    // MARK: Rules

    private static let rules = "[rewrites]\n  a  $U@x\n! about b\n  b  $U@y\n"

    @Test func oneRuleOfSeveralIsRemoved() throws {
        #expect(
            try edited(Self.rules, .unset(name: "rewrite.rule", value: "a $U@x"))
                == "[rewrites]\n! about b\n  b  $U@y\n")
        #expect(throws: ConfigurationEditor.Refusal.self) { try edited(Self.rules, .unset(name: "rewrite.rule")) }
        #expect(throws: ConfigurationEditor.Refusal.self) {
            try edited(Self.rules, .unset(name: "rewrite.rule", value: "c $U@x"))
        }
        #expect(try edited(Self.rules, .unset(name: "rewrite.rule", all: true)) == "[rewrites]\n! about b\n")
    }

    @Test func aGroupIsRemovedOnlyWhenThatIsSaid() throws {
        let text = "mta.enable = 1\n[channel:x]\n  smtp\nchannel:x.options.a = 1\n! y\n[channel:y]\n  mx\n"
        #expect(throws: ConfigurationEditor.Refusal.self) { try edited(text, .unset(name: "channel:x")) }
        #expect(
            try edited(text, .unset(name: "channel:x", all: true)) == "mta.enable = 1\n! y\n[channel:y]\n  mx\n")
        #expect(throws: ConfigurationEditor.Refusal.self) { try edited(text, .unset(name: "channel:z", all: true)) }
    }

    @Test(arguments: [
        ("[mapping:T]\n  a  $Y\n  *  $N\n", "[mapping:T]\n  a  $Y\n  b $Y\n  *  $N\n"),
        ("[mapping:T]\n  a  $Y\n  *  $C$X\n", "[mapping:T]\n  a  $Y\n  *  $C$X\n  b $Y\n"),
        ("mapping:T.rule = * $N\n", "role.mapping:T.rule = b $Y\nmapping:T.rule = * $N\n"),
    ])
    func aRuleGoesAboveTheOneThatMatchesEverything(text: String, expected: String) throws {
        #expect(try edited(text, .set(name: "mapping:T.rule", value: "b $Y")) == expected)
    }

    // MARK: Findings

    private func findings(_ edit: ConfigurationEditor.Edit, _ text: String) throws -> [String] {
        let files = ConfigurationFiles.memory(["/i/config/martlet.conf": text])
        return try ConfigurationEditor.edit([edit], paths: Samples.paths, files: files).all.map(\.description)
    }

    @Test func aNewChannelIsWarnedAbout() throws {
        let found = try findings(.set(name: "channel:tcp_locl.maxjobs", value: "3"), Samples.defaults.unified)
        #expect(found.contains { $0.hasSuffix("tcp_locl is a new channel (did you mean tcp_local?)") }, "\(found)")
    }

    @Test func anInstanceValueThatCountsIsWarnedAbout() throws {
        let text = Samples.defaults.unified + "instance.mta.block_limit = 5\n"
        let found = try findings(.set(name: "mta.block_limit", value: "3"), text)
        #expect(found.contains { $0.contains("instance.mta.block_limit is set too, and it counts") }, "\(found)")
        #expect(try findings(.set(name: "instance.mta.block_limit", value: "3"), text) == [])
    }

    @Test func aRefusalKeepsItsFindings() throws {
        let files = ConfigurationFiles.memory(["/i/config/martlet.conf": Samples.defaults.unified])
        let refusal = #expect(throws: ConfigurationEditor.Refusal.self) {
            try ConfigurationEditor.edit([.set(name: "mta.enable", value: "maybe")], paths: Samples.paths, files: files)
        }
        let error = try #require(refusal?.diagnostics.first { $0.severity == .error })
        #expect(error.message == "mta.enable: maybe is neither 0 nor 1")
        #expect(error.location?.file == "martlet.conf")
        #expect(refusal?.texts != nil)
    }
}
