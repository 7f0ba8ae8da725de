import ArgumentParser
import Configuration
import OptionSyntax

/// `martlet config check`
struct ConfigCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Reads the whole configuration and shows every finding with its line.",
        discussion: "The mark under a line shows where; behind = stands what to do.")

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "One JSON array of findings.")
    var json = false

    @Flag(help: "Lists keywords of the shipped configuration that are not in effect yet, too.")
    var notes = false

    @Flag(help: "Warnings count as errors.")
    var strict = false

    func run() throws {
        var load = try options.load()
        if let configuration = load.configuration {
            load.diagnostics.append(contentsOf: SideFileChecks(configuration).diagnostics)
        }
        if notes, let keywords = load.configuration?.keywordsToCome, !keywords.isEmpty {
            load.diagnostics.note(
                "keywords in use that are not in effect yet: \(keywords.joined(separator: ", "))", at: nil,
                advice: "docs/channels.md says what happens instead")
        }
        if json {
            Terminal.line(JSONValue.array(load.diagnostics.all.map(\.json)).text)
        } else {
            options.tell(load.diagnostics)
        }
        let errors = load.diagnostics.all.count { $0.severity == .error }
        let warnings = load.diagnostics.all.count { $0.severity == .warning }
        if errors > 0 {
            Terminal.error("Error: the configuration has \(errors) error\(errors == 1 ? "" : "s")")
            // Commands specification, section 1.3: 2 is "failed".
            throw ExitCode(2)
        }
        if strict, warnings > 0 {
            throw CommandFailure("the configuration has \(warnings) warning\(warnings == 1 ? "" : "s")")
        }
        if !json { Terminal.line("martlet: the configuration is good") }
    }
}

extension Diagnostic {
    fileprivate var json: JSONValue {
        .object([
            .init("severity", .string(severity.rawValue)),
            .init("file", location.map { .string($0.file) } ?? .null),
            .init("line", location.map { .integer($0.line) } ?? .null),
            .init("column", location.map { .integer($0.column) } ?? .null),
            .init("message", .string(message)),
            .init("advice", .string(advice)),
        ])
    }
}
