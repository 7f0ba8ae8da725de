import AddressRewriting
import Aliases
import Channels
package import OptionSyntax
import SystemCalls

/// A legacy configuration directory as one martlet.conf, proved by loading it again.
///
/// Unified configuration specification, section 8.2.
package struct LegacyImport: Sendable {
    /// The text; nil when the legacy configuration has errors.
    package var text: String?
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
            let files = legacy.replacing(paths.configurationFile("martlet.conf"), with: text)
                .without(paths.configurationFile("imta.cnf"))
            let again = MTAConfiguration.load(paths: paths, files: files)
            let differences = Self.differences(configuration, again)
            self.text = text
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
                losses.append(
                    "imta_tailor: of its settings only IMTA_DISPATCHER_CONFIG and IMTA_VERSION_LIMIT are used")
            } else if !Self.known.contains(name), !channels.contains(name.lowercased()) {
                losses.append("\(name): not read by itself; only what another file includes is carried over")
            }
            guard Self.known.contains(name), let content = try? Files.read("\(directory)/\(name)") else { continue }
            let count = content.split(separator: UInt8(ascii: "\n")).count { $0.first == UInt8(ascii: "!") }
            if count > 0 { comments.append("\(name) \(count)") }
        }
        if !comments.isEmpty { losses.append("comment lines: \(comments.joined(separator: ", "))") }
    }

    /// How the configuration that was written differs from the one that was read.
    private static func differences(_ left: MTAConfiguration, _ load: ConfigurationLoad) -> [String] {
        guard let right = load.configuration else {
            return load.diagnostics.all.filter { $0.severity == .error }.map(\.description)
        }
        var found: [String] = []
        func check(_ isSame: Bool, _ what: String) {
            if !isSame { found.append("\(what): the written configuration says something else than the one read") }
        }
        check(left.channels.channels.map(\.name) == right.channels.channels.map(\.name), "the list of channels")
        for (one, other) in zip(left.channels.channels, right.channels.channels) {
            check(
                one.effectiveKeywords == other.effectiveKeywords && one.hosts == other.hosts
                    && one.options == other.options && one.localHostAlias == other.localHostAlias,
                "channel \(one.name)")
        }
        check(
            left.ruleSources.map { [$0.pattern, $0.template] } == right.ruleSources.map { [$0.pattern, $0.template] },
            "rewrite rules")
        check(rules("mapping", left) == rules("mapping", right), "mapping tables")
        check(left.aliases.order == right.aliases.order, "the list of aliases")
        for name in left.aliases.order {
            check(
                left.aliases.entry(named: name)?.members == right.aliases.entry(named: name)?.members, "alias \(name)")
        }
        check(
            left.conversions.map(\.text.trimmingBlanks) == right.conversions.map(\.text.trimmingBlanks), "conversions")
        check(left.mta == right.mta, "MTA options")
        check(left.jobController == right.jobController, "the Job Controller")
        check(
            left.options.all.map { [$0.path.key] + $0.values }.sorted { $0[0] < $1[0] }
                == right.options.all.map { [$0.path.key] + $0.values }.sorted { $0[0] < $1[0] }, "options")
        return found
    }

    private static func rules(_ group: String, _ configuration: MTAConfiguration) -> [String] {
        configuration.explicit.filter { $0.path.steps[0].name == group && $0.value != nil }
            .map { "\($0.path) \($0.value ?? "")" }
    }
}

extension ConfigurationFiles {
    /// The same files without one of them, for reading.
    func without(_ path: String) -> ConfigurationFiles {
        ConfigurationFiles(read: { [read] other in other == path ? .success(nil) : read(other) }, replace: replace)
    }
}
