import ArgumentParser
import Configuration
import OptionSyntax
import SystemCalls

/// Other files in place of those of a legacy configuration, to try an edit before it goes live (commands
/// specification, 7.1).
struct AlternateFiles: ParsableArguments {
    @Option(help: ArgumentHelp("A file instead of aliases.", valueName: "file"))
    var aliasFile: String?

    @Option(help: ArgumentHelp("A file instead of imta.cnf, or of martlet.conf.", valueName: "file"))
    var configurationFile: String?

    @Option(help: ArgumentHelp("A file instead of mappings.", valueName: "file"))
    var mappingFile: String?

    @Option(help: ArgumentHelp("A file instead of option.dat.", valueName: "file"))
    var optionFile: String?

    /// Loads a configuration that must be good, with these files in it.
    func loadGood(_ options: ConfigurationOptions) throws -> MTAConfiguration {
        let paths = try options.paths()
        let isUnified = Files.exists(paths.configurationFile("martlet.conf"))
        let given = [("aliases", aliasFile), ("mappings", mappingFile), ("option.dat", optionFile)]
        if isUnified, let name = given.first(where: { $0.1 != nil })?.0 {
            throw CommandFailure(
                "martlet.conf holds everything in one file, so no other file can stand for \(name); give"
                    + " --configuration-file")
        }
        var replaced: [String: String] = [:]
        for (name, file) in given + [(isUnified ? "martlet.conf" : "imta.cnf", configurationFile)] {
            guard let file else { continue }
            let path = absolute(file)
            guard Files.exists(path) else { throw CommandFailure("there is no file \(file)") }
            replaced[paths.configurationFile(name)] = path
        }
        guard !replaced.isEmpty else { return try options.loadGood() }
        let load = MTAConfiguration.load(paths: paths, files: ConfigurationFiles.disk.reading(replaced))
        guard let configuration = load.configuration else {
            for diagnostic in load.diagnostics.all { Terminal.error(diagnostic.description) }
            throw CommandFailure("the configuration has errors")
        }
        return configuration
    }
}

/// Files instead of the terminal, for batch use.
struct BatchOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Reads the lines that are asked for from a file.", valueName: "file"))
    var input: String?

    @Option(help: ArgumentHelp("Writes to a file.", valueName: "file"))
    var output: String?

    func redirect() throws {
        if let input, !Terminal.readInput(from: input) { throw CommandFailure("cannot read \(input)") }
        if let output, !Terminal.writeOutput(to: output) { throw CommandFailure("cannot write \(output)") }
    }
}
