import Configuration
import Glibc
import OptionSyntax
import SystemCalls
import Testing

@testable import Commands

/// The dialogue of `msconfig`: unified configuration specification, sections 3 and 9.
@Suite struct MSConfigTests {
    private static let unified = DefaultConfiguration(
        hostname: "mail.example.com", defaultDomain: "example.com", ownAddresses: ["192.0.2.25"]
    ).unified

    private final class Screen {
        var lines: [String] = []
        var answers: [String] = []
        /// What the person at the editor makes of a text, one after the other.
        var edits: [(String) -> String?] = []
    }

    private func dialogue(_ paths: InstancePaths, _ screen: Screen) throws -> MSConfigDialogue {
        MSConfigDialogue(
            session: try ConfigurationSession(paths: paths),
            around: MSConfigDialogue.Surroundings(
                say: { screen.lines.append($0) },
                ask: { question in
                    screen.lines.append(question)
                    return screen.answers.isEmpty ? nil : screen.answers.removeFirst()
                },
                editText: { text, _ in screen.edits.isEmpty ? nil : screen.edits.removeFirst()(text) },
                save: { change, texts, base throws(ConfigurationEditor.Refusal) in
                    try ConfigurationChange(paths: paths, change).write(texts, base: base)
                }))
    }

    private func withInstance(_ body: (InstancePaths) throws -> Void) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { removeTree(root) }
        try Files.createDirectory("\(root)/config")
        let paths = InstancePaths(instanceRoot: root, bin: "/opt/x/lib")
        try Files.replace(paths.configurationFile("martlet.conf"), with: Array(Self.unified.utf8))
        try body(paths)
    }

    private func text(_ paths: InstancePaths) throws -> String {
        String(decoding: try Files.read(paths.configurationFile("martlet.conf")), as: UTF8.self)
    }

    /// Example 1, after the service of the default configuration was removed.
    @Test func example1() throws {
        try withInstance { paths in
            let screen = Screen()
            _ = try ConfigurationChange(paths: paths, "unset").edit([.unset(name: "service:SMTP", all: true)])
            let before = try text(paths)
            var dialogue = try dialogue(paths, screen)
            #expect(dialogue.session.prompt == "msconfig> ")
            #expect(dialogue.perform("set dispatcher.service:SMTP.tcp_ports 25") == .done)
            #expect(dialogue.session.prompt == "msconfig# ")
            #expect(dialogue.perform("set dispatcher.service:SMTP.image IMTA_BIN:tcp_smtp_server") == .done)
            #expect(dialogue.perform("set dispatcher.service:SMTP.enable 1") == .done)
            #expect(try text(paths) == before)
            screen.lines = []
            #expect(dialogue.perform("show dispatcher.service:SMTP.*") == .done)
            #expect(
                screen.lines == [
                    "role.dispatcher.service:SMTP.enable = 1",
                    "role.dispatcher.service:SMTP.image = IMTA_BIN:tcp_smtp_server",
                    "role.dispatcher.service:SMTP.tcp_ports = 25",
                ])
            #expect(dialogue.perform("write") == .done)
            #expect(dialogue.session.prompt == "msconfig> ")
            #expect(try text(paths).contains("role.dispatcher.service:SMTP.tcp_ports = 25\n"))
            let history = ConfigurationHistory(paths: paths).generations
            #expect(history.map(\.number) == [1, 2])
            #expect(history.last?.change.hasPrefix("set dispatcher.service:SMTP.tcp_ports; set ") == true)
        }
    }

    /// Example 22: "type error, prompt unchanged".
    @Test func example22() throws {
        try withInstance { paths in
            let screen = Screen()
            var dialogue = try dialogue(paths, screen)
            #expect(dialogue.perform("set mta.enable maybe") == .failed)
            #expect(dialogue.session.prompt == "msconfig> ")
            #expect(screen.lines.contains { $0.contains("mta.enable: maybe is neither 0 nor 1") }, "\(screen.lines)")
            #expect(screen.lines.contains { $0.contains("^") })
        }
    }

    /// Example 29: "`write` refused, names the two generations; `msconfig differences` shows both sides".
    @Test func example29() throws {
        try withInstance { paths in
            let screen = Screen()
            var dialogue = try dialogue(paths, screen)
            #expect(dialogue.perform("set mta.block_limit 7") == .done)
            let outside = Self.unified + "role.mta.line_limit = 9\n"
            try Files.replace(paths.configurationFile("martlet.conf"), with: Array(outside.utf8))
            #expect(dialogue.perform("write") == .failed)
            #expect(screen.lines.last?.contains("generation 1, generation 2 is in force now") == true)
            screen.lines = []
            #expect(dialogue.perform("differences") == .done)
            #expect(
                screen.lines == [
                    "- role.mta.block_limit = 51200", "+ role.mta.block_limit = 7",
                    "! changed outside this session:", "+ role.mta.line_limit = 9",
                ])
            #expect(try text(paths) == outside)
        }
    }

    @Test func aTextChangedByHandBecomesAGenerationOfItsOwn() throws {
        try withInstance { paths in
            _ = try ConfigurationChange(paths: paths, "one").edit([.set(name: "mta.block_limit", value: "7")])
            let first = try text(paths)
            try Files.replace(
                paths.configurationFile("martlet.conf"), with: Array((first + "! by hand\n").utf8))
            _ = try ConfigurationChange(paths: paths, "two").edit([.set(name: "mta.block_limit", value: "8")])
            let history = ConfigurationHistory(paths: paths)
            #expect(history.generations.map(\.change) == ["one", "edited outside", "two"])
            #expect(try history.text(of: 2) == Array(first.utf8))
            #expect(try history.text(of: 3) == Array((first + "! by hand\n").utf8))
        }
    }

    @Test func editWithAMistakeIsOfferedAgain() throws {
        try withInstance { paths in
            let screen = Screen()
            screen.edits = [
                { $0 + "U\nno blank line  $Y\n" }, { $0.replacing("U\nno blank line  $Y\n", with: "U\n\n  a  $Y\n") },
            ]
            screen.answers = [""]
            var dialogue = try dialogue(paths, screen)
            #expect(dialogue.perform("edit map") == .done)
            #expect(screen.lines.contains { $0.contains("the text has an error in line") }, "\(screen.lines)")
            #expect(dialogue.session.prompt == "msconfig# ")
            #expect(dialogue.session.configuration?.show("mapping:U").count == 1)
        }
    }

    @Test func editThatIsGivenUpChangesNothing() throws {
        try withInstance { paths in
            let screen = Screen()
            screen.edits = [{ _ in "nonsense\n" }]
            screen.answers = ["no"]
            var dialogue = try dialogue(paths, screen)
            #expect(dialogue.perform("edit rewrites") == .failed)
            #expect(dialogue.perform("edit rewrites") == .failed)
            #expect(dialogue.session.prompt == "msconfig> ")
        }
    }

    @Test func revertAndHistory() throws {
        try withInstance { paths in
            let screen = Screen()
            var dialogue = try dialogue(paths, screen)
            for line in ["set mta.block_limit 7", "write -remark=\"less is more\"", "revert 1"] {
                #expect(dialogue.perform(line) == .done, "\(screen.lines)")
            }
            #expect(dialogue.session.prompt == "msconfig# ")
            screen.lines = []
            #expect(dialogue.perform("history") == .done)
            #expect(screen.lines.count == 1 && screen.lines[0].hasSuffix("less is more"))
            #expect(dialogue.perform("exit") == .leaves)
            #expect(try text(paths) == Self.unified)
        }
    }

    @Test func unsavedChangesAreNotDroppedWithoutAQuestion() throws {
        try withInstance { paths in
            let screen = Screen()
            screen.answers = ["", "yes"]
            var dialogue = try dialogue(paths, screen)
            #expect(dialogue.perform("set mta.block_limit 7") == .done)
            #expect(dialogue.perform("quit") == .done)
            #expect(dialogue.end(onTerminal: true) == .leaves)
            #expect(try text(paths) == Self.unified)
            // The end of a file or pipe saves.
            #expect(dialogue.end(onTerminal: false) == .leaves)
            #expect(try text(paths).contains("role.mta.block_limit = 7\n"))
        }
    }

    @Test(arguments: [
        ("sho schedule.enable", "role.schedule.enable = 1"), ("show rewrite * *lmtpcs*", nil),
        ("# a comment", nil), ("", nil), ("help option mta.block_limit", "mta.block_limit"),
        ("help write", "write [-remark=TEXT]"), ("show channel:nowhere", "msconfig: no option matches channel:nowhere"),
        ("e", "msconfig: e could be edit, execute, exit, export"),
        ("shoe x", "msconfig: no such command: shoe; did you mean show?"),
        ("purge", "msconfig: purge is not implemented: the newest 100 generations are kept"),
        ("set a b c", "msconfig: c is too much: a value with blanks stands in double quotes"),
        ("set \"a", "msconfig: the second quote is missing"), ("unset -al x", nil),
        ("write -x", "msconfig: unknown switch -x; known: -remark"),
        ("export aliases", nil),
    ])
    func lines(line: String, first: String?) throws {
        try withInstance { paths in
            let screen = Screen()
            var dialogue = try dialogue(paths, screen)
            _ = dialogue.perform(line)
            if let first { #expect(screen.lines.first == first) }
        }
    }

    @Test(arguments: [
        ("se", ["set"]), ("edit m", ["mappings"]), ("set mta.block_l", ["mta.block_limit"]),
        ("set dispatcher.service:SM", ["dispatcher.service:SMTP.", "dispatcher.service:SMTP_SUBMIT."]),
        ("show channel:tcp_l", ["channel:tcp_lmtpcs.", "channel:tcp_lmtpss.", "channel:tcp_local."]),
        ("set role.channel:tcp_local.maxj", ["role.channel:tcp_local.maxjobs"]), ("set mta.enable ", []),
        ("show mapping:INT", ["mapping:INTERNAL_IP."]), ("set mapping:INTERNAL_IP.", ["mapping:INTERNAL_IP.rule"]),
    ])
    func completion(line: String, candidates: [String]) throws {
        try withInstance { paths in
            let session = try ConfigurationSession(paths: paths)
            #expect(MSConfigCompletion(configuration: session.configuration).candidates(line) == candidates)
        }
    }

    @Test(arguments: [
        (["/x/msconfig"], ["msconfig"]),
        (["msconfig", "-root=/i", "-dry_run", "set", "-x"], ["msconfig", "--root=/i", "--dry-run", "set", "-x"]),
    ])
    func theNameOfTheProgram(line: [String], arguments: [String]) throws {
        #expect(try FamilySpelling.arguments(of: line) == arguments)
    }

    @Test func theEditorIsAProgramAndNoShell() throws {
        #expect(ExternalEditor.edit("a b\n", name: "test", editor: "sed -i s/a/c/") == "c b\n")
        #expect(ExternalEditor.edit("a", name: "test", editor: "false") == nil)
        #expect(ExternalEditor.edit("a", name: "test", editor: "no-such-editor") == nil)
        #expect(ExternalEditor.edit("a", name: "test", editor: "true; true") == nil)
    }
}
