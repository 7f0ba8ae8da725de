import InternetMessage

/// A manual page in the man(7) macros.
struct ManualPage {
    private(set) var text: String

    private init(_ name: String, _ abstract: String) {
        let date = "Martlet \(ProductVersion.number)"
        text = ".TH \(Self.quoted(name.uppercased())) 1 \"\" \(Self.quoted(date)) \"Martlet\"\n"
        section("NAME")
        line("\(name) - \(Self.withoutStop(abstract))")
    }

    // MARK: Pages

    /// The page of `martlet` itself.
    static func overview(_ tool: ManualTool.Command) -> String {
        var page = ManualPage("martlet", tool.abstract ?? "")
        page.section("SYNOPSIS")
        page.verbatim("martlet COMMAND [--root DIR] ...")
        page.section("DESCRIPTION")
        page.paragraph(tool.discussion ?? "")
        page.section("COMMANDS")
        for command in tool.parts {
            page.item("martlet-\(command.commandName)(1)", command.abstract ?? "")
        }
        page.end(examples: "martlet", seeAlso: ["imsimta"])
        return page.text
    }

    /// The page of one command with all of its parts.
    static func page(_ command: ManualTool.Command) -> String {
        let name = "martlet-\(command.commandName)"
        var page = ManualPage(name, command.abstract ?? "")
        page.section("SYNOPSIS")
        for line in synopses(command, "martlet") { page.verbatim(line) }
        page.section("DESCRIPTION")
        page.paragraph(command.abstract ?? "")
        if command.commandName == "queue" {
            page.queueCommands()
        } else {
            page.paragraph(command.discussion ?? "")
            page.arguments(command, level: 0)
        }
        for part in command.parts { page.part(part, "martlet \(command.commandName)") }
        page.end(examples: command.commandName, seeAlso: ["martlet"])
        return page.text
    }

    /// The page of `imsimta`: the older spelling, with what each verb is here.
    static func family() -> String {
        var page = ManualPage("imsimta", "the older spelling of the commands")
        page.section("SYNOPSIS")
        page.verbatim("imsimta VERB [PARAMETER ...] [-SWITCH[=VALUE] ...]")
        page.section("DESCRIPTION")
        page.paragraph(
            "imsimta is martlet called by another name. Verbs and switches may be shortened as far as they stay"
                + " unambiguous, switches stand anywhere, -noNAME negates -NAME, and case does not matter in names.")
        page.section("VERBS")
        for (verb, meaning) in FamilySpelling.meanings { page.item(verb, meaning) }
        page.end(examples: "imsimta", seeAlso: ["martlet", "martlet-queue"])
        return page.text
    }

    private static func synopses(_ command: ManualTool.Command, _ before: String) -> [String] {
        let line = "\(before) \(command.commandName)"
        guard command.parts.isEmpty else { return command.parts.flatMap { synopses($0, line) } }
        if command.commandName == "queue" { return ["\(line) COMMAND [SWITCH ...] [ENTRY ...]"] }
        let words = command.shown.map { argument in argument.isOptional ? "[\(argument.text)]" : argument.text }
        return [([line] + words).joined(separator: " ")]
    }

    // MARK: Parts

    private mutating func part(_ command: ManualTool.Command, _ before: String) {
        let name = "\(before) \(command.commandName)"
        text += ".SS \(Self.quoted(name))\n"
        paragraph(command.abstract ?? "")
        paragraph(command.discussion ?? "")
        arguments(command, level: 1)
        for part in command.parts { self.part(part, name) }
    }

    private mutating func arguments(_ command: ManualTool.Command, level: Int) {
        guard !command.shown.isEmpty else { return }
        if level == 0 { section("OPTIONS") }
        for argument in command.shown {
            var meaning = [argument.abstract, argument.discussion].compactMap { $0 }.joined(separator: " ")
            if let value = argument.defaultValue, !value.isEmpty { meaning += " Without it: \(value)." }
            item(argument.text, meaning)
        }
    }

    /// Commands of `queue`, which ArgumentParser does not know.
    private mutating func queueCommands() {
        paragraph(
            "Switches are written --from=A, --from A or -from=A and may be shortened. What only looks works while the"
                + " Job Controller is down too, and so do stop and start. imsimta qm asks for the same commands at a"
                + " prompt, where numbers of the latest listing name messages.")
        section("COMMANDS")
        for verb in QueueVerb.all {
            text += ".SS \(Self.quoted(verb.usage))\n"
            paragraph(verb.meaning.prefix(1).uppercased() + verb.meaning.dropFirst() + ".")
            for (name, meaning) in verb.describedSwitches { item(name, meaning) }
        }
        section("EXIT STATUS")
        paragraph(
            "0 done; 1 nothing matched, or done in part; 2 failed; 64 wrong usage; 75 the Job Controller cannot be"
                + " reached; 77 neither root nor the user of the instance.")
    }

    private mutating func end(examples command: String, seeAlso: [String]) {
        let examples = ManualExamples.all[command] ?? []
        if !examples.isEmpty { section("EXAMPLES") }
        for example in examples {
            paragraph(example.meaning)
            verbatim("    \(example.line)")
        }
        section("SEE ALSO")
        line(seeAlso.map { "\($0)(1)" }.joined(separator: ", "))
    }

    // MARK: Macros

    private mutating func section(_ title: String) { text += ".SH \(title)\n" }

    private mutating func line(_ words: String) { text += Self.escaped(words) + "\n" }

    private mutating func paragraph(_ words: String) {
        guard !words.isEmpty else { return }
        text += ".PP\n"
        for line in words.split(separator: "\n", omittingEmptySubsequences: false) {
            text += line.isEmpty ? ".PP\n" : Self.escaped(String(line)) + "\n"
        }
    }

    private mutating func verbatim(_ line: String) { text += ".nf\n\(Self.escaped(line))\n.fi\n" }

    private mutating func item(_ term: String, _ meaning: String) {
        text += ".TP\n\\fB\(Self.escaped(term))\\fR\n\(Self.escaped(meaning))\n"
    }

    private static func quoted(_ words: String) -> String {
        "\"" + escaped(words).split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\(dq") + "\""
    }

    private static func withoutStop(_ words: String) -> String {
        words.hasSuffix(".") ? String(words.dropLast()) : words
    }

    /// Backslashes and hyphens as they are, what is not ASCII by its number, and no line that troff(1) would obey.
    static func escaped(_ words: String) -> String {
        var result = ""
        for scalar in words.unicodeScalars {
            switch scalar {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
            }
        }
        return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
    }
}
