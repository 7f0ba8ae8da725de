import Configuration
import OptionSyntax
import SystemCalls

/// The commands of `msconfig`, one line at a time (unified configuration specification, sections 3.1 and 3.2).
struct MSConfigDialogue {
    /// What a command asks of its surroundings.
    struct Surroundings {
        var say: (String) -> Void
        /// Asks a question; nil at the end of the input.
        var ask: (String) -> String?
        /// Lets a person edit a text; nil: the editor could not be run or failed.
        var editText: (_ text: String, _ name: String) -> String?
        var save: (String, ConfigurationTexts, ConfigurationTexts) throws(ConfigurationEditor.Refusal) -> Diagnostics
        var isColoured = false
        /// Asks for something that is not shown while it is typed.
        var askSecret: (String) -> String? = { _ in nil }
        /// The text of a file; nil when it cannot be read.
        var readFile: (String) -> [UInt8]? = { try? Files.read(absolute($0)) }
    }

    /// How a line ended.
    enum Outcome: Hashable { case done, failed, leaves }

    var session: ConfigurationSession
    let around: Surroundings

    /// Commands with what they are for; the words of the family.
    static let commands: [(name: String, usage: String, meaning: String)] = [
        ("differences", "differences [GEN [GEN]]", "what was edited, or what two generations set differently; diff"),
        ("edit", "edit rewrites|channels|mappings|aliases|conversions", "change a part as text with $EDITOR"),
        ("execute", "execute STATEMENT", "carry out statements of the recipe language; a value is printed"),
        ("exit", "exit", "save and leave"),
        (
            "export", "export rewrites|channels|mappings|aliases|conversions|all [FILE]",
            "print a part as legacy text or write it to FILE; all: the whole legacy file set, to a new directory"
        ),
        ("help", "help [COMMAND] | help option NAME", "this list, or about one command or option"),
        ("history", "history", "list the saved generations"),
        (
            "import", "import rewrites|channels|mappings|aliases|conversions|option.dat|config.xml FILE",
            "replace a part by legacy text, set the options of an option.dat, or take a whole config.xml"
        ),
        ("quit", "quit", "leave without saving"),
        ("revert", "revert GEN", "make an old generation the edited one"),
        ("run", "run RECIPE", "run a recipe, all of it or nothing: in ., config/recipes, lib/recipes"),
        (
            "set", "set [-replace] [-file=FILE | -prompt] [-remark=TEXT] OPTION [VALUE]",
            "set an option, or add one more value; -replace: instead of the former ones"
        ),
        (
            "show", "show [-default] [-origin] [-set] [PATTERN [COLUMNS]]",
            "list what is set; -default what nobody set too, -origin where it stands, -set as commands"
        ),
        (
            "unset", "unset [-all] [-confirm] [-remark=TEXT] OPTION [VALUE]",
            "remove an option, one value of it, with -all a group, with -confirm all that a pattern matches"
        ),
        ("write", "write [-remark=TEXT]", "save"),
    ]

    private static let switches = [
        "set": ["ephemeral", "file", "prompt", "remark", "replace", "restricted"],
        "show": ["default", "origin", "set"],
        "unset": ["all", "confirm", "remark"], "write": ["remark"],
    ]

    /// Words of the family that have no meaning here, and what does the same.
    private static let unsupported = [
        "enterprise": "there is one host", "role": "names begin with role.", "instance": "names begin with instance.",
        "batch": "@FILE, or msconfig < FILE", "purge": "the newest 100 generations are kept",
    ]

    /// Carries out one line.
    mutating func perform(_ line: String) -> Outcome {
        if let special = performWhole(line) { return special }
        return perform { () throws(ConfigurationEditor.Refusal) in try MSConfigLine(line) }
    }

    /// Carries out one command whose words are separate already.
    mutating func perform(words: [String]) -> Outcome {
        if let special = performWhole(words.joined(separator: " ")) { return special }
        return perform { () throws(ConfigurationEditor.Refusal) in try MSConfigLine(words: words.map { ($0, false) }) }
    }

    /// A line that sets a password is not kept for the arrow keys.
    static func holdsPassword(_ line: String) -> Bool {
        guard
            let path = line.split(separator: " ").dropFirst().first.flatMap({ try? OptionPath.parse(String($0)).path })
        else { return false }
        return path.isPassword
    }

    private mutating func perform(_ read: () throws(ConfigurationEditor.Refusal) -> MSConfigLine) -> Outcome {
        do throws(ConfigurationEditor.Refusal) {
            var command = try read()
            guard let word = command.verb else { return .done }
            return try perform(try Self.command(word), &command)
        } catch {
            return refused(error)
        }
    }

    func refused(_ error: ConfigurationEditor.Refusal) -> Outcome {
        ConfigurationChange.lines(of: error, paths: session.paths, isColoured: around.isColoured).forEach(around.say)
        around.say("msconfig: \(error.description)")
        return .failed
    }

    /// The command that a word stands for: itself, or the only one that begins with it.
    static func command(_ word: String) throws(ConfigurationEditor.Refusal) -> String {
        let word = word.lowercased()
        if commands.contains(where: { $0.name == word }) { return word }
        if word == "diff" { return "differences" }
        let found = commands.map(\.name).filter { $0.hasPrefix(word) }
        if let only = found.first, found.count == 1 { return only }
        if found.isEmpty, let other = unsupported.first(where: { $0.key.hasPrefix(word) }) {
            throw ConfigurationEditor.Refusal(description: "\(other.key) is not implemented: \(other.value)")
        }
        let advice = found.isEmpty ? Spelling.advice(for: word, among: commands.map(\.name)) : ""
        throw ConfigurationEditor.Refusal(
            description: found.isEmpty
                ? "no such command: \(word)" + (advice.isEmpty ? "" : "; \(advice)")
                : "\(word) could be \(found.joined(separator: ", "))")
    }

    private mutating func perform(
        _ verb: String, _ command: inout MSConfigLine
    ) throws(ConfigurationEditor.Refusal) -> Outcome {
        try command.check(Self.switches[verb] ?? [])
        switch verb {
        case "set": try set(&command)
        case "unset": try unset(&command)
        case "show": return try show(&command)
        case "edit": try edit(try part(&command, 1))
        case "export": try export(try command.parameters(1...2, of: verb))
        case "import": try importPart(&command)
        case "run": try run(recipe: try command.parameters(1...1, of: verb)[0])
        case "differences": try differences(try command.parameters(0...2, of: verb))
        case "history": try history(try command.parameters(0...0, of: verb))
        case "revert": try revert(try command.parameters(1...1, of: verb))
        case "write": try write(remark: try command.takeValue("remark"))
        case "help": try help(try command.parameters(0...2, of: verb))
        case "exit":
            if session.isChanged { try write(remark: nil) }
            return .leaves
        default: return mayDrop ? .leaves : .done
        }
        return .done
    }

    /// At the end of the input: what a pipe or a file asked for is saved, a terminal asks.
    mutating func end(onTerminal: Bool) -> Outcome {
        if onTerminal { return mayDrop ? .leaves : .done }
        return perform("exit")
    }

    private var mayDrop: Bool {
        guard session.isChanged else { return true }
        let answer = around.ask("There are unsaved changes. Drop them? [no] ")
        return answer.map { $0.lowercased().hasPrefix("y") } ?? true
    }

    func tell(_ findings: Diagnostics) {
        ConfigurationChange.lines(
            findings.all, texts: session.texts, paths: session.paths, isColoured: around.isColoured
        ).forEach(around.say)
    }

    // MARK: Commands

    private func show(_ command: inout MSConfigLine) throws(ConfigurationEditor.Refusal) -> Outcome {
        let effective = try command.takeFlag("default")
        let hasOrigin = try command.takeFlag("origin")
        let asCommands = try command.takeFlag("set")
        var words = try command.parameters(0...20, of: "show")
        let pattern = words.isEmpty ? "*" : words.removeFirst()
        let rows = session.configuration?.show(pattern, columns: words, effective: effective) ?? []
        for row in rows {
            let origin = hasOrigin ? " ! \(row.origin)" : row.origin == .builtIn ? " (default)" : ""
            around.say((asCommands ? row.command : row.line) + origin)
        }
        guard rows.isEmpty else { return .done }
        around.say("msconfig: no option matches \(pattern)")
        return .failed
    }

    private func part(
        _ command: inout MSConfigLine, _ count: Int
    ) throws(ConfigurationEditor.Refusal) -> ConfigurationPart {
        let words = try command.parameters(count...count, of: "edit, import and export")
        guard let part = ConfigurationPart(words[0]) else {
            throw ConfigurationEditor.Refusal(
                description: "\(words[0]) is no part: "
                    + ConfigurationPart.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return part
    }

    /// A text with an error is offered again; the configuration stays as it is until it is good.
    private mutating func edit(_ part: ConfigurationPart) throws(ConfigurationEditor.Refusal) {
        var text = session.texts.legacyText(of: part)
        while true {
            guard let edited = around.editText(text, part.rawValue) else {
                throw ConfigurationEditor.Refusal(
                    description: "the editor failed, \(part.rawValue) are unchanged; EDITOR names the program")
            }
            do throws(ConfigurationEditor.Refusal) {
                return try take(edited, part)
            } catch {
                text = edited
                report(error, text, part)
                let answer = around.ask("\(error.description). Edit again? [yes] ")
                guard let answer, !answer.lowercased().hasPrefix("n") else {
                    throw ConfigurationEditor.Refusal(description: "\(part.rawValue) are unchanged")
                }
            }
        }
    }

    mutating func take(_ text: String, _ part: ConfigurationPart) throws(ConfigurationEditor.Refusal) {
        let new = try session.texts.replacing(part, with: text)
        tell(try session.take(new, "edit \(part.rawValue)"))
    }

    /// Findings about the text that was edited, with its lines.
    private func report(_ refusal: ConfigurationEditor.Refusal, _ text: String, _ part: ConfigurationPart) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let own = DiagnosticReport(isColoured: around.isColoured) { $0 == part.rawValue ? lines : nil }
        for finding in refusal.diagnostics where finding.location?.file == part.rawValue {
            own.lines(finding).forEach(around.say)
        }
        let others = refusal.diagnostics.filter { $0.location?.file != part.rawValue }
        ConfigurationChange.lines(others, texts: refusal.texts, paths: session.paths, isColoured: around.isColoured)
            .forEach(around.say)
    }

    private mutating func importPart(_ command: inout MSConfigLine) throws(ConfigurationEditor.Refusal) {
        let words = try command.parameters(2...2, of: "import")
        guard case .success(let content?) = session.files.read(absolute(words[1])) else {
            throw ConfigurationEditor.Refusal(description: "\(words[1]) cannot be read")
        }
        switch words[0].lowercased() {
        case "option.dat": return try importOptions(content, words[1])
        case "config.xml", "xml", "all": return try importXML(content, words[1])
        default: break
        }
        guard let part = ConfigurationPart(words[0]) else {
            throw ConfigurationEditor.Refusal(
                description: "\(words[0]) is no part; martlet config import takes directories of legacy files")
        }
        let text = String(decoding: content, as: UTF8.self)
        do throws(ConfigurationEditor.Refusal) {
            try take(text, part)
        } catch {
            report(error, text, part)
            throw ConfigurationEditor.Refusal(description: error.description)
        }
    }

    private func differences(_ words: [String]) throws(ConfigurationEditor.Refusal) {
        if words.isEmpty { return session.differences.forEach(around.say) }
        let history = ConfigurationHistory(paths: session.paths)
        let former = try history.text(of: try number(words[0]))
        let latter = words.count > 1 ? try history.text(of: try number(words[1])) : session.texts.withoutPasswords
        for line in ConfigurationDifferences(from: former, to: latter).lines { around.say(line.description) }
    }

    private func number(_ word: String) throws(ConfigurationEditor.Refusal) -> Int {
        guard let number = Int(word) else {
            throw ConfigurationEditor.Refusal(description: "\(word) is no generation; history lists them")
        }
        return number
    }

    private func history(_ words: [String]) throws(ConfigurationEditor.Refusal) {
        for generation in ConfigurationHistory(paths: session.paths).generations {
            around.say("\(generation.number)  \(generation.time)  \(generation.user)  \(generation.change)")
        }
    }

    private mutating func revert(_ words: [String]) throws(ConfigurationEditor.Refusal) {
        let text = try ConfigurationHistory(paths: session.paths).text(of: try number(words[0]))
        let new = ConfigurationTexts(main: text, passwords: session.texts.passwords)
        tell(try session.take(new, "revert \(words[0])"))
    }

    private mutating func write(remark: String?) throws(ConfigurationEditor.Refusal) {
        guard session.isChanged else { return }
        let activation = session.activation
        tell(try session.write(remark: remark, save: around.save))
        around.say("msconfig: martlet.conf is written; \(activation)")
    }

    private func help(_ words: [String]) throws(ConfigurationEditor.Refusal) {
        if words.first?.lowercased() == "option", let name = words.dropFirst().first {
            return try OptionHelp.lines(name).forEach(around.say)
        }
        let chosen = try words.first.map { word throws(ConfigurationEditor.Refusal) in try Self.command(word) }
        for command in Self.commands where chosen == nil || chosen == command.name {
            around.say(command.usage)
            around.say("    \(command.meaning)")
        }
    }
}
