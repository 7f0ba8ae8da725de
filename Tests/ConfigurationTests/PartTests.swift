import Configuration
import OptionSyntax
import Testing

/// Parts of martlet.conf as legacy text and back: unified configuration specification, section 3.4.
@Suite struct PartTests {
    private static let texts = ConfigurationTexts(main: Array(Samples.defaults.unified.utf8))

    private func changed(
        _ part: ConfigurationPart, _ change: (String) -> String
    ) throws -> (text: String, load: ConfigurationLoad) {
        let new = try Self.texts.replacing(part, with: change(Self.texts.legacyText(of: part)))
        let text = String(decoding: new.main, as: UTF8.self)
        return (text, Samples.unified(text))
    }

    @Test(arguments: ConfigurationPart.allCases)
    func anUnchangedTextChangesNothing(part: ConfigurationPart) throws {
        #expect(try changed(part) { $0 }.text == Samples.defaults.unified)
    }

    /// What is put back after a change means the same but for the change, comments and all.
    @Test(arguments: [ConfigurationPart.rewrites, .mappings, .channels, .aliases])
    func aNewCommentChangesNothingElse(part: ConfigurationPart) throws {
        let (text, load) = try changed(part) { "! a new comment\n" + $0 }
        #expect(text.contains("! a new comment\n"))
        let before = try #require(Samples.unified(Samples.defaults.unified).configuration)
        #expect(ConfigurationComparison.differences(before, load) == [])
        func comments(_ text: String) -> Int { text.split(separator: "\n").count { $0.hasPrefix("!") } }
        #expect(comments(text) == comments(Samples.defaults.unified) + 1)
    }

    @Test func theFirstLinesOfRewrites() {
        let lines = Self.texts.legacyText(of: .rewrites).split(separator: "\n").filter { !$0.hasPrefix("!") }
            .map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            lines.prefix(3) == [
                "$* $A$E$F$U%$H$V$H@&/IMTA_HOST/", "&/IMTA_HOST/ $U%$D@&/IMTA_HOST/",
                "&/IMTA_DEFAULTDOMAIN/ $U%$D@&/IMTA_HOST/",
            ])
    }

    @Test func aChannelIsChangedAndAnotherAddedAndRemoved() throws {
        let (text, load) = try changed(.channels) { text in
            text.replacing("tcp_lmtpss lmtp\n", with: "tcp_lmtpss lmtp maxjobs 3\n")
                .replacing("\nhold\nhold-daemon\n", with: "")
                + "\ntcp_new smtp mx\nnew-daemon\nold.example new.example\n"
        }
        let configuration = try #require(load.configuration, "\(load.findings)")
        #expect(
            text.contains("[channel:tcp_lmtpss]\n  lmtp\n  official_host_name = tcp_lmtpss-daemon\n  maxjobs = 3\n"))
        #expect(configuration.show("channel:hold").isEmpty)
        #expect(
            configuration.show("channel:tcp_new").map(\.line) == [
                "role.channel:tcp_new.official_host_name = new-daemon",
                "role.channel:tcp_new.additional_host_names = old.example>new.example",
                "role.channel:tcp_new.mx (novalue)", "role.channel:tcp_new.smtp (novalue)",
            ])
        // Options of the channel program are not in the block and stay.
        #expect(configuration.show("channel:ims-ms.options.store").count == 1)
    }

    /// Example 25: "`edit mappings` with a syntax error in line 7 -> message naming line 7; configuration unchanged".
    @Test func example25() throws {
        let text = "T\n\n  a  $Y\n  b  $Y\n\nU\nno blank line  $Y\n"
        let refusal = #expect(throws: ConfigurationEditor.Refusal.self) {
            try Self.texts.replacing(.mappings, with: text)
        }
        let error = try #require(refusal?.diagnostics.first { $0.severity == .error })
        #expect(error.location?.line == 7 && error.location?.file == "mappings", "\(error)")
        #expect(refusal?.description.contains("line 7") == true)
    }

    @Test(arguments: [
        (ConfigurationPart.rewrites, "a\n"), (.aliases, "x y: z\n"), (.channels, "l mxx\nh\n"),
        (.channels, "l\nh\n\nnodefaults\n\nx\ny\n"), (.aliases, "a: b@c\na: d@e\n"),
    ])
    func mistakesAreRefused(part: ConfigurationPart, text: String) {
        #expect(throws: ConfigurationEditor.Refusal.self) { try Self.texts.replacing(part, with: text) }
    }

    @Test func carriageReturnsStay() throws {
        let text = "[rewrites]\r\n  a  $U@x\r\n! b\r\n[channel:l]\r\n  smtp\r\n"
        let texts = ConfigurationTexts(main: Array(text.utf8))
        let new = try texts.replacing(.rewrites, with: texts.legacyText(of: .rewrites) + "b  $U@y\n")
        #expect(
            String(decoding: new.main, as: UTF8.self)
                == "[rewrites]\r\n  a  $U@x\r\n  b  $U@y\r\n\r\n! b\r\n[channel:l]\r\n  smtp\r\n")
    }
}
