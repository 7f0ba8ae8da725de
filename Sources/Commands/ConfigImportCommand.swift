import ArgumentParser
import Configuration
import OptionSyntax
import SystemCalls

/// `martlet config import DIR|FILE`
struct ConfigImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Turns a directory of legacy files, or a config.xml, into one martlet.conf.",
        discussion:
            "The result is loaded again and compared with what was read. What could not be carried over is listed; if"
            + " the two do not mean the same nothing is written. It becomes the martlet.conf of the instance, or"
            + " goes to --output.")

    @OptionGroup var instance: InstanceOptions

    @Option(help: ArgumentHelp("Write the text there instead; - is standard output.", valueName: "file"))
    var output: String?

    @Argument(help: "The directory that holds imta.cnf and its companions, or a config.xml.")
    var source: String

    func run() throws {
        let path = absolute(source)
        let heading = ["Imported from \(path)"]
        if Files.exists("\(path)/imta.cnf") {
            let imported = LegacyImport(directory: path, heading: heading)
            try take(
                imported.text, imported.diagnostics, imported.losses, isDifferent: imported.isDifferent,
                InstancePaths(configurationDirectory: path))
            return
        }
        let file = path.hasSuffix(".xml") ? path : "\(path)/config.xml"
        guard Files.exists(file) else {
            throw CommandFailure("\(path) holds neither imta.cnf nor config.xml")
        }
        let paths = InstancePaths(configurationDirectory: Files.parent(of: file))
        let imported = XMLImport(try Files.read(file), name: "config.xml", paths: paths, heading: heading)
        try take(imported.text, imported.diagnostics, imported.losses, isDifferent: false, paths)
    }

    /// Shows what was found, and writes the text if there is nothing against it.
    private func take(
        _ text: String?, _ diagnostics: Diagnostics, _ losses: [String], isDifferent: Bool, _ paths: InstancePaths
    ) throws {
        let report = DiagnosticReport(paths: paths, isColoured: Terminal.errorsAreColoured)
        for diagnostic in diagnostics.all { report.lines(diagnostic).forEach(Terminal.error) }
        for loss in losses { Terminal.error("not carried over: \(loss)") }
        guard let text else { throw CommandFailure("nothing is written: the configuration has errors") }
        if isDifferent { throw CommandFailure("nothing is written: the configuration would not mean the same") }
        try write(text)
    }

    private func write(_ text: String) throws {
        if output == "-" {
            Terminal.text(text)
        } else if let output {
            guard !Files.exists(output) else { throw CommandFailure("\(output) is there already") }
            try Files.replace(absolute(output), with: Array(text.utf8), mode: 0o640)
            Terminal.line("martlet: written to \(output)")
        } else {
            let root = try instance.existing()
            try ConfigurationChange(root: root, "import \(source)").replace(with: text)
            Terminal.line("martlet: \(root)/config/martlet.conf is written; martlet restart makes it count")
        }
    }
}
