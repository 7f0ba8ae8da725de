import OptionSyntax

/// A `[…]` header of martlet.conf and what its body lines mean (default configuration specification, section 1).
struct UnifiedSection: Hashable {
    enum Kind: Hashable {
        case rewrites
        case mapping(String)
        case channel(String)
        case aliases
        case conversions
        /// Any other group path, `alias:NAME` among them.
        case group(OptionPath)
    }

    var scope: OptionScope
    var kind: Kind

    /// The group that the section's options belong to; nil for `[conversions]`.
    var group: OptionPath? {
        switch kind {
        case .rewrites: OptionPath([.init("rewrite")])
        case .mapping(let name): OptionPath([.init("mapping", name)])
        case .channel(let name): OptionPath([.init("channel", name)])
        case .aliases, .conversions: nil
        case .group(let path): path
        }
    }

    /// Reads the text between the brackets.
    init(_ text: String) throws(OptionPath.Malformed) {
        let (scope, path) = try OptionPath.parse(text)
        self.scope = scope ?? .role
        let first = path.steps.first ?? .init("")
        switch (first.name, first.group, path.steps.count) {
        case ("rewrites", nil, 1): kind = .rewrites
        case ("aliases", nil, 1): kind = .aliases
        case ("conversions", nil, 1): kind = .conversions
        case ("mapping", let name?, 1): kind = .mapping(name)
        case ("channel", let name?, 1): kind = .channel(name)
        case ("mapping", nil, _), ("channel", nil, _), ("rewrite", nil, _), ("alias", nil, _):
            throw OptionPath.Malformed(
                message: "the section \(first.name) needs a name, as [\(first.name):NAME]", offset: 0)
        default: kind = .group(path)
        }
    }
}
