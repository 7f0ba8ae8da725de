import Configuration
import OptionSyntax

/// The default configuration of the specification's example, and ways to load changed ones from memory.
enum Samples {
    static let defaults = DefaultConfiguration(
        hostname: "mail.example.com", defaultDomain: "example.com", ownAddresses: ["192.0.2.25"])

    static let paths = InstancePaths(instanceRoot: "/i", bin: "/opt/x/lib")

    static func unified(_ text: String, others: [String: String] = [:]) -> ConfigurationLoad {
        legacy(others.merging(["martlet.conf": text]) { $1 })
    }

    static func legacy(_ files: [String: String]) -> ConfigurationLoad {
        let located = Dictionary(uniqueKeysWithValues: files.map { ("/i/config/" + $0.key, $0.value) })
        return MTAConfiguration.load(paths: paths, files: .memory(located))
    }

    /// The default martlet.conf with some text replaced or added.
    static func changed(_ old: String, _ new: String) -> ConfigurationLoad {
        unified(defaults.unified.replacing(old, with: new))
    }

    /// The smallest unified configuration, with lines before it.
    static func small(_ lines: String) -> ConfigurationLoad {
        unified(lines + "\nbase.hostname = mail.example.com\n[channel:l]\n  official_host_name = &/IMTA_HOST/\n")
    }
}

extension ConfigurationLoad {
    /// `file:line:column: severity: message` of each finding.
    var findings: [String] { diagnostics.all.map(\.description) }
}

extension ConfigurationEditor {
    /// The text after one edit, when there is no passwords.conf.
    static func apply(_ edit: Edit, to text: String) throws -> String {
        var findings = Diagnostics()
        let texts = try apply(edit, to: ConfigurationTexts(main: Array(text.utf8)), findings: &findings)
        return String(decoding: texts.main, as: UTF8.self)
    }
}
