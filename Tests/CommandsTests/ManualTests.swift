import ArgumentParser
import Testing

@testable import Commands

/// The manual pages are made of the commands, and their examples can be typed.
@Suite struct ManualTests {
    @Test func pages() throws {
        let pages = try ManualCommand.pages()
        for (name, text) in pages {
            #expect(text.hasPrefix(".TH \""), "\(name)")
            for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO"] {
                #expect(text.contains("\n.SH \(section)\n"), "\(section) is missing in \(name)")
            }
            // Requests are those of this generator: no text of a command became one.
            let requests = Set(text.split(separator: "\n").filter { $0.hasPrefix(".") }.map { $0.prefix { $0 != " " } })
            #expect(requests.isSubset(of: [".TH", ".SH", ".SS", ".PP", ".TP", ".nf", ".fi"]), "\(requests) in \(name)")
            #expect(!text.split(separator: "\n").contains { $0.hasPrefix("'") })
        }
        let withExamples = ManualExamples.all.keys.map { pages[$0] == nil ? "martlet-\($0)" : $0 }
        #expect(withExamples.allSatisfy { pages[$0]?.contains("\n.SH EXAMPLES\n") == true }, "\(withExamples)")
        let queue = try #require(pages["martlet-queue"])
        #expect(queue.contains("\\fB\\-older=TIME\\fR") && queue.contains(".SH EXIT STATUS"))
        #expect(pages["imsimta"]?.contains("\\fBqclean\\fR\nas martlet queue clean") == true)
        #expect(pages["martlet-config"]?.contains(".SS \"martlet config revert\"") == true)
        #expect(pages["martlet-qm"] == nil && pages["martlet-help"] == nil)
    }

    @Test(
        arguments: ManualExamples.all.sorted { $0.key < $1.key }.flatMap { command, examples in
            examples.map { (command, $0.line) }
        })
    func examples(command: String, line: String) throws {
        // What stands before a pipe or a redirection; quotes of the shell as those of qm.
        let own = line.split(separator: "|").first.map(String.init) ?? line
        let typed = command == "test" || command == "queue" ? line : own
        let shell = typed.split(whereSeparator: { "<>".contains($0) && !typed.contains("'<") }).first.map(String.init)
        let words = try QueueLine.words((shell ?? typed).map { $0 == "'" ? "\"" : "\($0)" }.joined())
        let arguments = try FamilySpelling.arguments(of: words)
        #expect(!arguments.isEmpty)
        let parsed = try MartletCommand.parseAsRoot(arguments)
        if let queue = parsed as? QueueCommand {
            #expect(try QueueLine(queue.command) != nil)
        } else if let queue = parsed as? QueueDialogueCommand {
            #expect(try QueueLine(queue.command) != nil)
        } else if let cache = parsed as? CacheCommand {
            _ = try CacheRequest(cache.words)
        }
    }

    @Test(arguments: [
        (".ds x", "\\&.ds x"), ("a-b \\n", "a\\-b \\en"), ("'quoted'", "\\&'quoted'"), ("", ""),
        ("ID …", "ID \\[u2026]"), ("\u{1F4EE}", "\\[u1F4EE]"),
    ])
    func escaping(words: String, roff: String) { #expect(ManualPage.escaped(words) == roff) }

    /// `help COMMAND` says what each switch does.
    @Test(arguments: [
        "clean", "counters", "delete", "directory", "held", "help", "history", "hold", "jobs", "messages", "read",
        "release",
        "return", "run", "start", "stop", "submit", "summarize", "top", "verify", "view", "walk",
    ])
    func helpOfVerbs(name: String) throws {
        let verb = try #require(try QueueVerb.named(name))
        let help = try QueueVerb.help(name)
        #expect(help[0] == verb.usage && help.count == 2 + verb.describedSwitches.count)
        let silent: Set = ["database", "directory_tree", "maintenance", "max_channels", "root", "threads", "verbose"]
        #expect(
            Set(verb.switches.keys).subtracting(silent).count == verb.describedSwitches.count,
            "a switch of \(name) without a word in QueueSwitchHelp.swift")
    }
}
