import ArgumentParser
import Configuration
import OptionSyntax
import SystemCalls

/// `martlet config import DIR`
struct ConfigImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Turns a directory of legacy files into one martlet.conf.",
        discussion:
            "The result is loaded again and compared with what was read. What could not be carried over is listed; if"
            + " the two do not mean the same nothing is written. It becomes the martlet.conf of the instance, or"
            + " goes to --output.")

    @OptionGroup var instance: InstanceOptions

    @Option(help: ArgumentHelp("Write the text there instead; - is standard output.", valueName: "file"))
    var output: String?

    @Argument(help: "The directory that holds imta.cnf and its companions.")
    var directory: String

    func run() throws {
        let source = absolute(directory)
        guard Files.exists("\(source)/imta.cnf") else {
            let isXML = source.hasSuffix(".xml") || Files.exists("\(source)/config.xml")
            throw CommandFailure(
                isXML
                    ? "config.xml cannot be imported yet; a directory of legacy files can"
                    : "\(source) holds no imta.cnf: give the directory of the legacy files")
        }
        let imported = LegacyImport(directory: source, heading: ["Imported from \(source)"])
        let report = DiagnosticReport(
            paths: InstancePaths(configurationDirectory: source), isColoured: Terminal.errorsAreColoured)
        for diagnostic in imported.diagnostics.all { report.lines(diagnostic).forEach(Terminal.error) }
        guard let text = imported.text else {
            throw CommandFailure("nothing is written: the legacy configuration has errors")
        }
        for loss in imported.losses { Terminal.error("not carried over: \(loss)") }
        if imported.isDifferent {
            throw CommandFailure("nothing is written: the configuration would not mean the same")
        }
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
            try ConfigurationChange(root: root, "import \(directory)").replace(with: text)
            Terminal.line("martlet: \(root)/config/martlet.conf is written; martlet restart makes it count")
        }
    }
}
