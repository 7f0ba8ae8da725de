import Configuration
import OptionSyntax
import Testing

@testable import Commands

/// `set`, `unset`, `show`, `export`, `import` and `@FILE` of `msconfig`: unified configuration specification, section 3.2.
@Suite struct MSConfigEditTests {
    private static let paths = InstancePaths(instanceRoot: "/i", bin: "/opt/x/lib")
    private static let unified = DefaultConfiguration(
        hostname: "mail.example.com", defaultDomain: "example.com", ownAddresses: ["192.0.2.25"]
    ).unified

    private final class Screen {
        var lines: [String] = []
        var secrets: [String] = []
        var files: [String: String] = [:]
    }

    private func dialogue(_ screen: Screen) throws -> MSConfigDialogue {
        let files = screen.files.merging([Self.paths.configurationFile("martlet.conf"): Self.unified]) { own, _ in own }
        return MSConfigDialogue(
            session: try ConfigurationSession(paths: Self.paths, files: .memory(files)),
            around: MSConfigDialogue.Surroundings(
                say: { screen.lines.append($0) }, ask: { _ in nil }, editText: { _, _ in nil },
                save: { _, _, _ throws(ConfigurationEditor.Refusal) in Diagnostics() },
                askSecret: { _ in screen.secrets.isEmpty ? nil : screen.secrets.removeFirst() },
                readFile: { screen.files[$0].map { Array($0.utf8) } }))
    }

    private func run(_ commands: [String], _ screen: Screen = Screen()) throws -> (last: Bool, lines: [String]) {
        var dialogue = try dialogue(screen)
        for command in commands.dropLast() {
            #expect(dialogue.perform(command) == .done, "\(command): \(screen.lines)")
        }
        screen.lines = []
        let outcome = dialogue.perform(commands.last ?? "")
        return (outcome == .done, screen.lines)
    }

    @Test func valuesFromFilesAndFromTheKeyboard() throws {
        let screen = Screen()
        screen.files["limit"] = "77\n"
        screen.secrets = ["secret word"]
        #expect(
            try run(["set -file=limit mta.block_limit", "show mta.block_limit"], screen).lines
                == ["role.mta.block_limit = 77"])
        #expect(
            try run(
                ["set -prompt channel:tcp_local.authpassword", "show channel:tcp_local.authpassword"], screen
            ).lines == ["role.channel:tcp_local.authpassword = (suppressed)"])
        #expect(try !run(["set -file=none mta.block_limit"], screen).last)
        #expect(try !run(["set -prompt channel:tcp_local.authpassword"], screen).last)
        #expect(try !run(["set -prompt mta.block_limit 5"], screen).last)
        #expect(try run(["set -ephemeral mta.block_limit 5"]).lines.last?.contains("not supported") == true)
    }

    @Test func replaceBeginsAListAnew() throws {
        let rules = ["set mapping:T.rule \"a $Y\"", "set mapping:T.rule \"b $Y\""]
        #expect(try run(rules + ["show mapping:T"]).lines.count == 2)
        #expect(
            try run(rules + ["set -replace mapping:T.rule \"c $Y\"", "show mapping:T"]).lines
                == ["role.mapping:T.rule = c $Y"])
    }

    @Test func remarksGoIntoTheHistory() throws {
        var dialogue = try dialogue(Screen())
        #expect(dialogue.perform("set -remark=\"for the audit\" mta.block_limit 5") == .done)
        #expect(dialogue.session.acts == ["set mta.block_limit (for the audit)"])
    }

    /// "wildcards need -confirm".
    @Test func unsetOfManyIsConfirmed() throws {
        let (isDone, lines) = try run(["unset mta.log_*"])
        #expect(!isDone)
        #expect(lines.contains("role.mta.log_filename"))
        #expect(lines.last?.contains("add -confirm") == true)
        let after = try run(["unset -confirm mta.log_*", "show mta.log_*"])
        #expect(!after.last && after.lines == ["msconfig: no option matches mta.log_*"])
    }

    @Test func showSaysWhereAndHow() throws {
        #expect(
            try run(["show -origin mta.block_limit"]).lines.first?.hasPrefix(
                "role.mta.block_limit = 51200 ! martlet.conf:") == true)
        #expect(try run(["show -set mta.block_limit"]).lines == ["set role.mta.block_limit 51200"])
        #expect(
            try run(["set mta.return_personal \"Mail System\"", "show -set mta.return_personal"]).lines
                == ["set role.mta.return_personal \"Mail System\""])
    }

    @Test func optionsOfALegacyFile() throws {
        let screen = Screen()
        screen.files["/x/option.dat"] = "! comment\nBLOCK_LIMIT=12\nLINE_LIMIT=2%101\n"
        let (isDone, lines) = try run(["import option.dat /x/option.dat", "show mta.*_limit"], screen)
        #expect(isDone)
        #expect(
            lines.contains("role.mta.block_limit = 12") && lines.contains { $0.hasPrefix("role.mta.line_limit = ") })
        screen.files["/x/bad.dat"] = "nonsense\n"
        #expect(try !run(["import option.dat /x/bad.dat"], screen).last)
    }

    /// `@FILE` stops at the first mistake and says where.
    @Test func filesOfCommands() throws {
        let screen = Screen()
        screen.files["changes"] =
            "! a comment\nset mta.block_limit 8\n\nshow mta.block_limit\nset mta.no_such 1\nshow\n"
        let (isDone, lines) = try run(["@changes"], screen)
        #expect(!isDone)
        #expect(lines.first == "role.mta.block_limit = 8")
        #expect(lines.last == "msconfig: changes:5: stopped here")
    }

    @Test(
        arguments: [
            ("enterprise", "there is one host"), ("batch", "@FILE"), ("purge", "newest 100"),
            ("role", "begin with role."),
            ("instance", "begin with instance."), ("run Nothing", "there is no recipe Nothing"),
            ("@nothing", "cannot be read"),
        ])
    func whatIsNotThereIsSaid(command: String, text: String) throws {
        let (isDone, lines) = try run([command])
        #expect(!isDone)
        #expect(lines.last?.contains(text) == true, "\(lines)")
    }
}
