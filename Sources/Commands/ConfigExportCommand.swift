import ArgumentParser
import Configuration
import OptionSyntax
import SystemCalls

/// `martlet config export legacy|unified|xml`
struct ConfigExportCommand: ParsableCommand {
    /// What is written.
    enum Form: String, ExpressibleByArgument, CaseIterable { case legacy, unified, xml }

    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes the configuration as legacy files, as one martlet.conf, or as XML.",
        discussion:
            "The result is loaded again and compared; what the other form cannot say is listed. Passwords are never"
            + " written. legacy needs --output with the name of a new directory; the others go to standard output"
            + " without it.")

    @OptionGroup var options: ConfigurationOptions

    @Option(help: ArgumentHelp("The new directory, or file.", valueName: "path"))
    var output: String?

    @Argument(help: "legacy, unified or xml.")
    var form: Form

    func run() throws {
        let configuration = try options.loadGood(sources: true)
        switch form {
        case .legacy: try writeLegacy(LegacyExport(configuration))
        case .unified:
            for form in [UnifiedWriter.ChannelForm.asGiven, .complete] {
                let text = UnifiedWriter.text(of: configuration, form: form)
                let passwords = UnifiedWriter.passwords(of: configuration, form: form)
                let differences = Self.proof(text, passwords, configuration)
                if differences.isEmpty { return try write(text, hasPasswords: passwords != nil) }
                if form == .complete { try refuse(differences) }
            }
        case .xml:
            let text = XMLExport.text(of: configuration)
            try write(text, hasPasswords: UnifiedWriter.passwords(of: configuration) != nil)
        }
    }

    private static func proof(
        _ text: String, _ passwords: [UInt8]?, _ configuration: MTAConfiguration
    ) -> [String] {
        let texts = ConfigurationTexts(main: Array(text.utf8), passwords: passwords)
        let files = texts.laid(over: .memory([:]), paths: configuration.paths)
        return ConfigurationComparison.differences(
            configuration, MTAConfiguration.load(paths: configuration.paths, files: files))
    }

    private func refuse(_ losses: [String]) throws {
        for loss in losses { Terminal.error("not carried over: \(loss)") }
        throw CommandFailure("nothing is written: the result would not mean the same")
    }

    private func write(_ text: String, hasPasswords: Bool) throws {
        if hasPasswords { Terminal.error("not carried over: passwords; they stay in passwords.conf") }
        guard let output, output != "-" else { return Terminal.text(text) }
        guard !Files.exists(output) else { throw CommandFailure("\(output) is there already") }
        try Files.replace(absolute(output), with: Array(text.utf8), mode: 0o640)
        Terminal.line("martlet: written to \(output)")
    }

    private func writeLegacy(_ export: LegacyExport) throws {
        guard let output else { throw CommandFailure("name the new directory for the files with --output DIR") }
        if export.isDifferent { return try refuse(export.losses) }
        let directory = absolute(output)
        guard !Files.exists(directory) else { throw CommandFailure("\(output) is there already") }
        for loss in export.losses { Terminal.error("not carried over: \(loss)") }
        try Files.createDirectory(directory, mode: 0o755)
        for (name, text) in export.files.sorted(by: { $0.key < $1.key }) {
            try Files.replace("\(directory)/\(name)", with: Array(text.utf8), mode: 0o644)
        }
        Terminal.line("martlet: \(export.files.count) files written to \(output)")
    }
}
