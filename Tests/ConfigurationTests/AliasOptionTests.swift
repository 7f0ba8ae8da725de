import Aliases
import Configuration
import OptionSyntax
import Testing

/// Aliases of the unified configuration: aliases specification, section 2.5; unified configuration specification,
/// examples 7 to 9.
@Suite struct AliasOptionTests {
    private func edited(_ text: String, _ edits: ConfigurationEditor.Edit...) throws -> String {
        try edits.reduce(text) { try ConfigurationEditor.apply($1, to: $0) }
    }

    private func entry(_ lines: String, _ name: String) throws -> AliasEntry? {
        let load = Samples.small(lines)
        let configuration = try #require(load.configuration, "\(load.findings)")
        return configuration.aliases.entry(named: name)
    }

    private static let name = "alias:first\\.last@sub\\.example\\.com"

    @Test func examples7And8() throws {
        let text = try edited(
            "", .set(name: Self.name + ".alias_entry", value: "a@b.example"),
            .set(name: Self.name + ".alias_entry", value: "c@d.example"),
            .set(name: Self.name + ".alias_blocklimit", value: "200"))
        let found = try #require(try entry(text, "first.last@sub.example.com"))
        #expect(found.members.map { "\($0.address)" } == ["a@b.example", "c@d.example"])
        #expect(found.parameters?.blockLimit == 200)
    }

    @Test func example9() {
        #expect(throws: ConfigurationEditor.Refusal.self) {
            try ConfigurationEditor.apply(.set(name: "alias:first.last.alias_entry", value: "x"), to: "")
        }
    }

    /// An alias from `[aliases]`, in the form of the default file, gets more.
    @Test(arguments: [
        "[aliases]\n  List@&/IMTA_HOST/: a@b\nalias:list@&/IMTA_HOST/.alias_blocklimit = 200\n",
        "[aliases]\n  list@mail.example.com: a@b\nalias:LIST@mail\\.example\\.com.alias_blocklimit = 200\n",
        "[aliases]\n  list@mail.example.com: [BLOCKLIMIT] 200, a@b\n",
        "[alias:list@mail\\.example\\.com]\n  alias_blocklimit = 200\n  alias_entry = a@b\n",
    ])
    func oneAliasFromSeveralPlaces(lines: String) throws {
        let found = try #require(try entry(lines, "list@mail.example.com"))
        #expect(found.members.count == 1)
        #expect(found.parameters?.blockLimit == 200)
    }

    @Test func aListKeepsItsFile() throws {
        let found = try #require(try entry("alias:l.alias_entry = </l/foo\nalias:l.alias_blocklimit = 7\n", "l"))
        #expect(found.list == .file("/l/foo"))
        #expect(found.parameters?.blockLimit == 7)
        let more = Samples.small("alias:l.alias_entry = </l/foo\nalias:l.alias_entry = a@b\n")
        #expect(more.findings.contains { $0.contains("alias l is a mailing list and takes no further value") })
    }

    @Test func listParametersAreShownAsOptions() throws {
        let load = Samples.small(
            "[aliases]\n  l: [BLOCKLIMIT] 200, [ENVELOPE_FROM] \"x@y\", a@b, c@d\n  m: </l/f, [BLOCKLIMIT] 5, x, y\n")
        let configuration = try #require(load.configuration, "\(load.findings)")
        #expect(
            configuration.show("alias:*").map(\.line) == [
                "role.alias:l.alias_blocklimit = 200", "role.alias:l.alias_envelope_from = x@y",
                "role.alias:l.alias_entry = a@b", "role.alias:l.alias_entry = c@d",
                "role.alias:m.alias_blocklimit = 5", "role.alias:m.alias_entry = </l/f, x, y",
            ])
    }

    @Test(arguments: [
        // A line of the alias file is changed where it stands.
        ("[aliases]\n  l: [BLOCKLIMIT] 200, a@b\n", "alias_blocklimit", "7", "[aliases]\n  l: [BLOCKLIMIT] 7, a@b\n"),
        (
            "[aliases]\n  l: </f, [BLOCKLIMIT] 200, x\n", "alias_blocklimit", "7",
            "[aliases]\n  l: </f, [BLOCKLIMIT] 7, x\n"
        ),
        // A further value is an option line of its own.
        ("[aliases]\n  l: a@b\n", "alias_entry", "c@d", "[aliases]\n  l: a@b\nrole.alias:l.alias_entry = c@d\n"),
    ])
    func set(text: String, option: String, value: String, expected: String) throws {
        #expect(try edited(text, .set(name: "alias:l." + option, value: value)) == expected)
    }

    @Test func oneValueOfAnAliasIsRemoved() throws {
        let text = "[aliases]\n  l: [BLOCKLIMIT] 200, a@b, c@d\n"
        #expect(
            try edited(text, .unset(name: "alias:l.alias_entry", value: "a@b"))
                == "[aliases]\n  l: [BLOCKLIMIT] 200, c@d\n")
        #expect(
            try edited(text, .unset(name: "alias:l.alias_blocklimit")) == "[aliases]\n  l: a@b, c@d\n")
        #expect(try edited(text, .unset(name: "alias:l", all: true)) == "[aliases]\n")
    }

    @Test func theSameParameterInTwoPlacesIsAnError() {
        let load = Samples.small("[aliases]\n  l: [BLOCKLIMIT] 200, a@b\nalias:l.alias_blocklimit = 7\n")
        #expect(load.findings.contains { $0.contains("alias:l.alias_blocklimit is set twice") }, "\(load.findings)")
    }

    /// Parameters that may stand twice, or whose order counts, stay in their line.
    @Test func repeatedParametersOfALineAreGood() throws {
        let found = try #require(try entry("[aliases]\n  l: [CAPTURE] a@b, [CAPTURE] c@d, e@f\n", "l"))
        #expect(found.members.count == 1)
    }
}
