import Channels
package import OptionSyntax
import SystemCalls

/// A legacy configuration directory as one martlet.conf, proved by loading it again.
///
/// Unified configuration specification, section 8.2.
package struct LegacyImport: Sendable {
    /// The text; nil when the legacy configuration has errors.
    package var text: String?
    /// The passwords among it, for passwords.conf; nil without any.
    package var passwords: [UInt8]?
    /// The user that imta_tailor names, for restricted.cnf.
    package var user: String?
    /// What was found while reading the legacy files.
    package var diagnostics: Diagnostics
    /// What could not be carried over, and why; one line each.
    package var losses: [String] = []
    /// Whether the text means something else than the legacy files.
    package var isDifferent = false

    /// Files that are read, or that mean nothing here.
    private static let known: Set<String> = [
        "imta.cnf", "dispatcher.cnf", "job_controller.cnf", "job_controller.cnf_site", "mappings", "aliases",
        "option.dat", "msg.conf", "conversions", "directory", "passwords.conf", "martlet.conf", "history", "tls",
        ".lock",
    ]

    /// `directory`: holds imta.cnf. A martlet.conf in it is not looked at. `heading`: comment lines of the text.
    package init(directory: String, heading: [String] = []) {
        let paths = InstancePaths(configurationDirectory: directory)
        let legacy = ConfigurationFiles.disk.without(paths.configurationFile("martlet.conf"))
        let load = MTAConfiguration.load(paths: paths, files: legacy)
        diagnostics = load.diagnostics
        guard let configuration = load.configuration else { return }
        unread(directory, configuration)
        for form in [UnifiedWriter.ChannelForm.asGiven, .complete] {
            let text = UnifiedWriter.text(of: configuration, heading: heading, form: form)
            let texts = ConfigurationTexts(
                main: Array(text.utf8), passwords: UnifiedWriter.passwords(of: configuration, form: form))
            let files = texts.laid(over: legacy, paths: paths).without(paths.configurationFile("imta.cnf"))
            let again = MTAConfiguration.load(paths: paths, files: files)
            let differences = ConfigurationComparison.differences(configuration, again)
            self.text = text
            passwords = texts.passwords
            if differences.isEmpty { return }
            guard form == .complete else { continue }
            losses += differences
            isDifferent = true
        }
    }

    /// Files beside those that were read, and comments.
    private mutating func unread(_ directory: String, _ configuration: MTAConfiguration) {
        let names = (try? Files.list(directory)) ?? []
        let channels = Set(configuration.channels.channels.map { "\($0.name)_option" })
        var comments: [String] = []
        for name in names {
            if name == "imta_tailor" {
                tailor((try? Files.read("\(directory)/\(name)")) ?? [])
            } else if !Self.known.contains(name), !channels.contains(name.lowercased()) {
                losses.append("\(name): not read by itself; only what another file includes is carried over")
            }
            guard Self.known.contains(name) || name == "imta_tailor",
                let content = try? Files.read("\(directory)/\(name)")
            else { continue }
            let count = content.split(separator: UInt8(ascii: "\n")).count { $0.first == UInt8(ascii: "!") }
            if count > 0 { comments.append("\(name) \(count)") }
        }
        if !comments.isEmpty { losses.append("comment lines: \(comments.joined(separator: ", "))") }
    }

    /// Of imta_tailor the user counts, everything else are places of the old installation (unified configuration
    /// specification, section 5).
    private mutating func tailor(_ content: [UInt8]) {
        var findings = Diagnostics()
        let lines = LineReader.lines(
            of: LineReader.File(name: "imta_tailor", content: content), syntax: .init(), diagnostics: &findings)
        let entries = OptionFile(lines, file: "imta_tailor", diagnostics: &findings).sections.flatMap(\.entries)
        user = entries.last { ["imta_user", "imta_user_username"].contains($0.name.lowercased()) }?.value
        for entry in entries where !entry.name.lowercased().hasPrefix("imta_user") {
            losses.append(
                "imta_tailor:\(entry.location.line): \(entry.name): a place or setting of the old installation")
        }
    }
}
