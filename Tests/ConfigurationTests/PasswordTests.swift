import Channels
import Configuration
import Glibc
import OptionSyntax
import SystemCalls
import Testing

/// Unified configuration specification, sections 1.1, 2.4 and 4, example 26: "Password option: `show` hides the value;
/// martlet.conf contains no secret; passwords.conf mode 0600".
@Suite struct PasswordTests {
    private func withInstance(_ body: (InstancePaths) throws -> Void) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { removeTree(root) }
        try Files.createDirectory("\(root)/config")
        let paths = InstancePaths(instanceRoot: root, bin: "/opt/x/lib")
        try Files.replace(paths.configurationFile("martlet.conf"), with: Array(Samples.defaults.unified.utf8))
        try body(paths)
    }

    private func removeTree(_ path: String) {
        for name in (try? Files.list(path)) ?? [] { removeTree("\(path)/\(name)") }
        if unlink(path) != 0 { rmdir(path) }
    }

    private func text(_ name: String, _ paths: InstancePaths) throws -> String {
        String(decoding: try Files.read(paths.configurationFile(name)), as: UTF8.self)
    }

    @Test func example26() throws {
        try withInstance { paths in
            let edit = ConfigurationEditor.Edit.set(name: "channel:tcp_local.authpassword", value: "s3cret")
            let findings = try ConfigurationEditor.edit([edit], paths: paths).all
            #expect(
                findings.allSatisfy { $0.message.contains("authpassword") && $0.message.contains("not yet in effect") })
            #expect(try text("martlet.conf", paths) == Samples.defaults.unified)
            #expect(try text("passwords.conf", paths) == "role.channel:tcp_local.authpassword = s3cret\n")
            #expect(ConfigurationFiles.disk.permissions(paths.configurationFile("passwords.conf")) == 0o600)
            let configuration = try #require(MTAConfiguration.load(paths: paths).configuration)
            #expect(configuration.channels.channel(named: "tcp_local")?.argument("authpassword") == "s3cret")
            #expect(
                configuration.show("channel:tcp_local.authpassword").map(\.line) == [
                    "role.channel:tcp_local.authpassword = (suppressed)"
                ])
            _ = try ConfigurationEditor.edit([.unset(name: "channel:tcp_local.authpassword")], paths: paths)
            #expect(try text("passwords.conf", paths) == "")
        }
    }

    @Test func aPasswordInMartletConfIsUsedWarnedAboutAndMoved() throws {
        try withInstance { paths in
            let line = "channel:tcp_local.authpassword = s3cret\n"
            let file = paths.configurationFile("martlet.conf")
            try Files.replace(file, with: Array((Samples.defaults.unified + line).utf8))
            let load = MTAConfiguration.load(paths: paths)
            #expect(load.configuration?.channels.channel(named: "tcp_local")?.argument("authpassword") == "s3cret")
            #expect(load.findings.count { $0.contains("warning: channel:tcp_local.authpassword is a password") } == 1)
            var kept = ""
            let found = try ConfigurationEditor.edit([.set(name: "mta.block_limit", value: "9")], paths: paths) {
                kept = String(decoding: $0, as: UTF8.self)
            }
            #expect(found.all.map(\.message) == ["channel:tcp_local.authpassword is now in passwords.conf"])
            #expect(try !text("martlet.conf", paths).contains("s3cret"))
            #expect(try text("passwords.conf", paths).contains("s3cret"))
            #expect(kept == Samples.defaults.unified)
        }
    }

    @Test func passwordsThatOthersMayReadAreWarnedAbout() throws {
        try withInstance { paths in
            let file = paths.configurationFile("passwords.conf")
            try Files.replace(file, with: Array("! nothing\n".utf8))
            #expect(MTAConfiguration.load(paths: paths).findings == [])
            chmod(file, 0o640)
            #expect(
                MTAConfiguration.load(paths: paths).findings.map { $0.contains("others may read the passwords") } == [
                    true
                ])
        }
    }

    @Test func differencesNameNoPassword() {
        let lines = ConfigurationDifferences(
            from: [], to: Array("channel:x.authpassword = s3cret\nmetermaid_client.password = z\n".utf8)
        ).lines.map(\.description)
        #expect(
            lines == [
                "+ role.channel:x.authpassword = (suppressed)", "+ role.metermaid_client.password = (suppressed)",
            ])
    }

    @Test func importsPutThemIntoTheirFile() throws {
        let result = XMLImport(
            Array(
                """
                <configuration><role><group type="channel" name="l"><option name="official_host_name">h</option>
                <option name="authpassword" type="password">s3cret</option></group>
                <group type="snmp"><option name="community" type="password">z</option></group></role></configuration>
                """.utf8), name: "config.xml", paths: Samples.paths)
        let text = try #require(result.text, "\(result.diagnostics.all)")
        #expect(!text.contains("s3cret") && !text.contains("community"))
        #expect(
            String(decoding: result.passwords ?? [], as: UTF8.self)
                == "role.channel:l.authpassword = s3cret\nrole.snmp.community = z\n")
        #expect(!result.isDifferent, "\(result.losses)")
    }
}
