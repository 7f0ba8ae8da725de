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

    func run() throws {
        let load = try options.load()
        if json {
            Terminal.line(JSONValue.array(load.diagnostics.all.map(\.json)).text)
        } else {
            options.tell(load.diagnostics)
        }
        let errors = load.diagnostics.all.count { $0.severity == .error }
        if errors > 0 {
            Terminal.error("Error: the configuration has \(errors) error\(errors == 1 ? "" : "s")")
            // Commands specification, section 1.3: 2 is "failed".
            throw ExitCode(2)
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
