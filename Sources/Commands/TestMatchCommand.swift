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
        guard let pattern else {
            while let pattern = Terminal.ask("Pattern: ") {
                let compiled = try Self.compile(pattern)
                compiled.listing.forEach(Terminal.line)
                if let target = Terminal.ask("Target: ") { Self.lines(compiled.match(target)).forEach(Terminal.line) }
            }
            return
        }
        let compiled = try Self.compile(pattern)
        if !json { compiled.listing.forEach(Terminal.line) }
        guard let target else { return }
        let fields = compiled.match(target)
        if json { Terminal.line(Self.json(fields).text) } else { Self.lines(fields).forEach(Terminal.line) }
        if fields == nil { throw ExitCode(1) }
    }

    /// As `imsimta test -match` prints it (mappings specification, 4.2).
    static func lines(_ fields: [String]?) -> [String] {
        guard let fields else { return ["No match."] }
        return ["Match."] + fields.enumerated().map { "\($0.offset) - \($0.element)" }
    }

    static func json(_ fields: [String]?) -> JSONValue {
        ["matched": .bool(fields != nil), "wildcards": .array((fields ?? []).map(JSONValue.string))]
    }

    private static func compile(_ pattern: String) throws -> MappingPattern {
        var diagnostics = Diagnostics()
        let compiled = MappingPattern(compiling: pattern, at: nil, diagnostics: &diagnostics)
        for diagnostic in diagnostics.all { Terminal.error(diagnostic.description) }
        if diagnostics.hasErrors { throw CommandFailure("the pattern has errors") }
        return compiled
    }
}
