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

    @Flag(name: .shortAndLong, help: "Also in the place of a martlet.conf that is there already.")
    var force = false

    @Argument(help: "The directory that holds imta.cnf and its companions, or a config.xml.")
    var source: String

    func run() throws {
        let path = absolute(source)
        let heading = ["Imported from \(path)"]
        if Files.exists("\(path)/imta.cnf") {
            let imported = LegacyImport(directory: path, heading: heading)
            let paths = InstancePaths(configurationDirectory: path)
            show(imported.diagnostics, imported.losses, paths)
            let texts = try good(imported.text, imported.passwords, isDifferent: imported.isDifferent)
            try write(texts, user: imported.user)
            return
        }
        let file = path.hasSuffix(".xml") ? path : "\(path)/config.xml"
        guard Files.exists(file) else {
            throw CommandFailure("\(path) holds neither imta.cnf nor config.xml")
        }
        let paths = InstancePaths(configurationDirectory: Files.parent(of: file))
        let imported = XMLImport(try Files.read(file), name: "config.xml", paths: paths, heading: heading)
        show(imported.diagnostics, imported.losses, paths)
        try write(try good(imported.text, imported.passwords, isDifferent: imported.isDifferent), user: nil)
    }

    private func show(_ diagnostics: Diagnostics, _ losses: [String], _ paths: InstancePaths) {
        let report = DiagnosticReport(paths: paths, isColoured: Terminal.errorsAreColoured)
        for diagnostic in diagnostics.all { report.lines(diagnostic).forEach(Terminal.error) }
        for loss in losses { Terminal.error("not carried over: \(loss)") }
    }

    private func good(_ text: String?, _ passwords: [UInt8]?, isDifferent: Bool) throws -> ConfigurationTexts {
        guard let text else { throw CommandFailure("nothing is written: the configuration has errors") }
        if isDifferent { throw CommandFailure("nothing is written: the configuration would not mean the same") }
        return ConfigurationTexts(main: Array(text.utf8), passwords: passwords)
    }

    private func write(_ texts: ConfigurationTexts, user: String?) throws {
        if output == "-" {
            Terminal.text(String(decoding: texts.main, as: UTF8.self))
            if texts.passwords != nil { Terminal.error("not carried over: passwords; write to a file or an instance") }
        } else if let output {
            let passwords = Files.parent(of: absolute(output)) + "/passwords.conf"
            for file in [output] + (texts.passwords == nil ? [] : [passwords]) where Files.exists(file) {
                throw CommandFailure("\(file) is there already")
            }
            try Files.replace(absolute(output), with: texts.main, mode: 0o640)
            if let secrets = texts.passwords { try Files.replace(passwords, with: secrets, mode: 0o600) }
            Terminal.line("martlet: written to \(output)" + (texts.passwords == nil ? "" : " and \(passwords)"))
        } else {
            let root = try instance.existing()
            guard force || !Files.exists("\(root)/config/martlet.conf") else {
                throw CommandFailure(
                    "\(root)/config/martlet.conf is there already:"
                        + " --force takes its place, and keeps it in the history")
            }
            var texts = texts
            if texts.passwords == nil {
                texts.passwords = try? ConfigurationEditor.current(InstancePaths(instanceRoot: root))?.passwords
            }
            _ = try ConfigurationChange(root: root, "import \(source)").replace(with: texts)
            Terminal.line("martlet: \(root)/config/martlet.conf is written; martlet restart makes it count")
        }
        if let user { try restrict(user) }
    }

    /// The user goes to restricted.cnf, which has to be root's (unified configuration specification, section 1.1).
    private func restrict(_ user: String) throws {
        let directory = try output == nil ? instance.existing() + "/config" : Files.parent(of: absolute(output ?? ""))
        let file = "\(directory)/restricted.cnf"
        guard Users.isRoot, output != "-", !Files.exists(file), Users.named(user) != nil else {
            let reason =
                Files.exists(file)
                ? "there is one already" : Users.isRoot ? "this system has no such user" : "only root can write it"
            return Terminal.error("not carried over: user = \(user) for \(file): \(reason)")
        }
        try Files.replace(file, with: Array("user = \(user)\n".utf8), mode: 0o644)
        Terminal.line("martlet: \(file) names the user \(user)")
    }
}
