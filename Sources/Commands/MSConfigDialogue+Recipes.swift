import Configuration
import OptionSyntax
import SystemCalls

/// Recipes, single statements of their language, and files of commands (unified configuration specification, sections
/// 3.2 and 6).
extension MSConfigDialogue {
    /// A line that is not made of words: `execute STATEMENT` and `@FILE`. Nil for any other line.
    mutating func performWhole(_ line: String) -> Outcome? {
        let line = line.drop { $0 == " " || $0 == "\t" }
        if line.first == "@" { return perform(file: String(line.dropFirst())) }
        let verb = line.prefix { $0 != " " && $0 != "\t" }
        guard (try? Self.command(String(verb))) == "execute" else { return nil }
        do throws(ConfigurationEditor.Refusal) {
            let statement = String(line.dropFirst(verb.count).drop { $0 == " " || $0 == "\t" })
            guard let value = try run(text: statement, name: "execute"), value != .nothing else { return .done }
            around.say("> \(value.literal)")
            return .done
        } catch {
            return refused(error)
        }
    }

    /// The commands of a file, one a line, as far as the first that fails.
    private mutating func perform(file name: String) -> Outcome {
        guard let content = around.readFile(name) else {
            around.say("msconfig: \(name) cannot be read")
            return .failed
        }
        let lines = String(decoding: content, as: UTF8.self).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in lines.enumerated() {
            guard !line.drop(while: { $0 == " " }).hasPrefix("@") else {
                around.say("msconfig: \(name):\(number + 1): files of commands do not nest")
                return .failed
            }
            switch perform(String(line)) {
            case .done: continue
            case .leaves: return .leaves
            case .failed:
                around.say("msconfig: \(name):\(number + 1): stopped here")
                return .failed
            }
        }
        return .done
    }

    /// `run RECIPE`: looked for in the working directory, the configuration's and the program's recipes.
    mutating func run(recipe name: String) throws(ConfigurationEditor.Refusal) {
        let directories = name.contains("/") ? [""] : ["", session.paths.config + "/recipes/", Self.shipped(session)]
        for directory in directories {
            for path in [directory + name, "\(directory)\(name).rcp"] {
                guard let content = around.readFile(path) else { continue }
                let file = path.split(separator: "/").last.map(String.init) ?? path
                _ = try run(text: String(decoding: content, as: UTF8.self), name: file)
                return
            }
        }
        throw ConfigurationEditor.Refusal(
            description: "there is no recipe \(name) in this directory, \(session.paths.config)/recipes or "
                + Self.shipped(session).dropLast())
    }

    private static func shipped(_ session: ConfigurationSession) -> String { session.paths.root + "/lib/recipes/" }

    /// Runs statements; the configuration changes when all of them were carried out and the result is valid. What the
    /// last one came to.
    private mutating func run(
        text: String, name: String
    ) throws(ConfigurationEditor.Refusal) -> RecipeValue? {
        let around = self.around
        let bench = RecipeWorkbench(
            name, texts: session.texts, paths: session.paths, files: session.files,
            around: RecipeWorkbench.Surroundings(
                say: around.say, ask: { prompt, isSecret in isSecret ? around.askSecret(prompt) : around.ask(prompt) }))
        var run = RecipeRun { (function, values, place) throws(RecipeError) in
            try bench.call(function, values, place)
        }
        do throws(RecipeError) {
            try run.run(try RecipeParser.statements(text))
        } catch {
            throw ConfigurationEditor.Refusal(
                description: "\(name):\(error.description); the configuration is as it was before the run")
        }
        if bench.texts != session.texts { tell(try session.take(bench.texts, "run \(name)", bench.findings)) }
        return run.value
    }
}
