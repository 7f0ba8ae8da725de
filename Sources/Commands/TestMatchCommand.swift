import ArgumentParser
import Mappings
import OptionSyntax

/// `martlet test match PATTERN TARGET`
struct TestMatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "match", abstract: "Shows how a mapping pattern is read, and whether it matches a string.",
        discussion: "Without arguments it asks for patterns and targets. Exit status 1 when there is no match.")

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "One JSON object.")
    var json = false

    @Argument(help: "The pattern, in quotes for the shell.")
    var pattern: String?

    @Argument(help: "The string it is to match.")
    var target: String?

    func run() throws {
        guard let pattern else { return prompt() }
        guard let compiled = compile(pattern) else { throw CommandFailure("the pattern has errors") }
        guard let target else { return }
        if !show(compiled, target) { throw ExitCode(1) }
    }

    /// A bad pattern is told, and the next one asked for.
    private func prompt() {
        while let pattern = Terminal.ask("Pattern: ", apart: json) {
            guard let compiled = compile(pattern) else { continue }
            guard let target = Terminal.ask("Target: ", apart: json) else { return }
            _ = show(compiled, target)
        }
    }

    /// True when the pattern matches.
    private func show(_ pattern: MappingPattern, _ target: String) -> Bool {
        let fields = pattern.match(target)
        if json { Terminal.line(Self.json(fields).text) } else { Self.lines(fields).forEach(Terminal.line) }
        return fields != nil
    }

    /// As `imsimta test -match` prints it (mappings specification, 4.2).
    static func lines(_ fields: [String]?) -> [String] {
        guard let fields else { return ["No match."] }
        return ["Match."] + fields.enumerated().map { "\($0.offset) - \($0.element)" }
    }

    static func json(_ fields: [String]?) -> JSONValue {
        ["matched": .bool(fields != nil), "wildcards": .array((fields ?? []).map(JSONValue.string))]
    }

    /// The pattern, after its elements were listed; nil when it has errors.
    private func compile(_ pattern: String) -> MappingPattern? {
        var diagnostics = Diagnostics()
        let compiled = MappingPattern(compiling: pattern, diagnostics: &diagnostics)
        for diagnostic in diagnostics.all { Terminal.error(diagnostic.description) }
        if diagnostics.hasErrors { return nil }
        if !json { compiled.listing.forEach(Terminal.line) }
        return compiled
    }
}
