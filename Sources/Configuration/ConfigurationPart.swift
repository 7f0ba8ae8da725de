/// A part of the configuration that is edited as text, in the syntax of its legacy file.
///
/// Unified configuration specification, section 3.4.
package enum ConfigurationPart: String, CaseIterable, Sendable {
    case rewrites, mappings, channels, aliases, conversions

    /// By its name, which may be shortened: `rewrite`, `map`.
    package init?(_ name: String) {
        let found = Self.allCases.filter { !name.isEmpty && $0.rawValue.hasPrefix(name.lowercased()) }
        guard let part = found.first, found.count == 1 else { return nil }
        self = part
    }
}
