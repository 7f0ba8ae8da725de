import Channels
import Configuration
import Glibc
import OptionSyntax
import SystemCalls
import Testing

/// Imports prove themselves: unified configuration specification, sections 4 and 8.2, examples 23 and 24.
@Suite struct ImportProofTests {
    private static let channels = """
        \na  $U@a-daemon

        l
        local-host

        a_channel authpassword s3cret
        a-daemon
        old.example new.example
        other.example

        """

    @Test func furtherHostsKeepTheirProperNames() throws {
        let result = try legacyImport(["imta.cnf": "! rules" + Self.channels])
        #expect(!result.isDifferent, "\(result.losses)")
        let text = try #require(result.text)
        #expect(text.contains("additional_host_names = old.example>new.example other.example\n"))
        let hosts = Samples.unified(text).configuration?.channels.channel(named: "a_channel")?.hosts
        #expect(hosts?.map(\.name) == ["a-daemon", "old.example", "other.example"])
        #expect(hosts?.map(\.properName) == [nil, "new.example", nil])
    }

    @Test func passwordsAndTheUserGetTheirFiles() throws {
        let result = try legacyImport([
            "imta.cnf": "! rules" + Self.channels,
            "imta_tailor": "! places\nIMTA_USER=mailsrv\nIMTA_ROOT=/opt/old/\n",
        ])
        #expect(result.text?.contains("s3cret") == false)
        #expect(
            String(decoding: result.passwords ?? [], as: UTF8.self) == "role.channel:a_channel.authpassword = s3cret\n")
        #expect(result.user == "mailsrv")
        #expect(result.losses.contains("imta_tailor:3: IMTA_ROOT: a place or setting of the old installation"))
        #expect(!result.isDifferent, "\(result.losses)")
    }

    private func xml(_ role: String) throws -> (text: String, result: XMLImport) {
        let document = "<configuration><role name=\"mta\">\(role)</role></configuration>"
        let result = XMLImport(Array(document.utf8), name: "config.xml", paths: Samples.paths)
        return (try #require(result.text, "\(result.diagnostics.all)"), result)
    }

    private static let local = #"<group type="channel" name="l"><option name="official_host_name">h</option></group>"#

    @Test func aliasesWithSeveralEntriesAndOptions() throws {
        let (text, result) = try xml(
            Self.local
                + #"""
                <alias name="list@example.com"><entry>a@b</entry><entry>c@d</entry>
                <option name="alias_blocklimit">200</option></alias>
                <alias name="odd"><entry>x@y</entry><option name="alias_tag">"quoted", and more</option></alias>
                """#)
        #expect(text.contains("[aliases]\n  list@example.com: [BLOCKLIMIT] 200, a@b, c@d\n"), "\(text)")
        #expect(!result.isDifferent, "\(result.losses)")
        #expect(Samples.unified(text).configuration != nil, "\(Samples.unified(text).findings)")
    }

    @Test func theInstanceScopeOfChannelsStays() throws {
        let document = """
            <configuration><role>\(Self.local)</role><instance><group type="channel" name="l">
            <option name="smtp" type="flag"/></group></instance></configuration>
            """
        let result = XMLImport(Array(document.utf8), name: "config.xml", paths: Samples.paths)
        #expect(result.text?.contains("[instance.channel:l]\n  smtp\n") == true, "\(result.text ?? "")")
        #expect(!result.isDifferent, "\(result.losses)")
    }
}
