import ArgumentParser
import Configuration
import Enqueue
import Mappings
import OptionSyntax
import SystemCalls

/// `martlet test mapping PROBE`
struct TestMappingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mapping", abstract: "Shows what a mapping table makes of a string.",
        discussion: "Without PROBE it asks for one after the other. Exit status 1 when no entry applies.")

    @OptionGroup var options: ConfigurationOptions

    @Option(help: ArgumentHelp("The table.", valueName: "name"))
    var table: String?

    @Option(help: ArgumentHelp("A file of mapping tables instead of the configuration's.", valueName: "file"))
    var file: String?

    @Option(help: ArgumentHelp("Input flags, for example A.", valueName: "characters"))
    var flags = ""

    @OptionGroup var batch: BatchOptions

    @Flag(help: "One JSON object.")
    var json = false

    @Flag(help: "Where the entry stands that applied last.")
    var debug = false

    @Flag(help: "Reads the tables again before each string.")
    var reload = false

    @Argument(help: "The string; in quotes when it holds blanks or bars.")
    var probe: String?

    func run() throws {
        try batch.redirect()
        var (tables, context) = try subject()
        guard let name = table ?? Terminal.ask("Enter table name: ", apart: json) else { return }
        guard tables.contains(name) else {
            throw CommandFailure("there is no mapping table \(name)" + Self.advice(name, tables))
        }
        if let probe {
            if !show(tables, context, name, probe) { throw ExitCode(1) }
        } else {
            while let probe = Terminal.ask("Input string: ", apart: json) {
                if reload { (tables, context) = try subject() }
                _ = show(tables, context, name, probe)
            }
        }
    }

    /// The tables, and what they may reach outside: the configuration's databases unless a file was given.
    private func subject() throws -> (MappingTables, MappingContext) {
        if let file { return (try read(file), MappingContext()) }
        let configuration = try options.loadGood()
        let router = Router(configuration: configuration) { Terminal.error($0) }
        return (configuration.mappings, router.context)
    }

    /// True when an entry applied.
    private func show(
        _ tables: MappingTables, _ context: MappingContext, _ name: String, _ probe: String
    ) -> Bool {
        let result = tables.probe(name, probe, flags: MappingFlags(flags), context: context)
        if debug, !json, let entry = result?.matchedEntry { Terminal.line("Entry: \(entry)") }
        if json { Terminal.line(Self.json(result).text) } else { Self.lines(result).forEach(Terminal.line) }
        return result != nil
    }

    /// As `imsimta test -mapping` prints it (mappings specification, 4.1).
    static func lines(_ result: MappingResult?) -> [String] {
        guard let result else { return ["No match."] }
        let codes = result.flags.codes.map(String.init).joined(separator: ",")
        return ["Output string: \(result.output)", "Output flags: [\(codes)]"]
    }

    static func json(_ result: MappingResult?) -> JSONValue {
        [
            "matched": .bool(result != nil),
            "flags": .array((result?.flags.description ?? "").map { .string(String($0)) }),
            "output": .string(result?.output ?? ""),
        ]
    }

    private static func advice(_ name: String, _ tables: MappingTables) -> String {
        let advice = Spelling.advice(for: name, among: tables.names)
        return advice.isEmpty ? "" : "; \(advice)"
    }

    /// Reads `--file`; symbols stand for what they stand for in the configuration, as far as there is one.
    private func read(_ path: String) throws -> MappingTables {
        let configuration = try? options.loadInForce().configuration
        let paths = configuration?.paths ?? InstancePaths(configurationDirectory: Files.parent(of: absolute(path)))
        let symbols = configuration?.symbols ?? paths.symbols()
        var diagnostics = Diagnostics()
        var sources = parseMappings(content: try Files.read(path), file: path, diagnostics: &diagnostics) { name in
            try? Files.read(paths.expand(name))
        }
        for table in sources.indices { sources[table].replaceSymbols(symbols) }
        let tables = MappingTables(compiling: sources, diagnostics: &diagnostics)
        for diagnostic in diagnostics.all { Terminal.error(diagnostic.description) }
        if diagnostics.hasErrors { throw CommandFailure("\(path) has errors") }
        return tables
    }
}
