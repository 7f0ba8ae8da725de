package import OptionSyntax

/// A keyword that is in effect on a channel.
package struct ChannelSetting: Hashable, Sendable {
    /// Symbols replaced.
    package var arguments: [String]
    package var location: SourceLocation?
    /// It came from a `defaults` block.
    package var isInherited: Bool
}

/// A channel: its name, the host names that lead to it, and what its keywords say.
///
/// Channels specification, sections 2 and 4. The typed readings of keywords are in `Channel+….swift`.
package struct Channel: Hashable, Sendable {
    /// A host name that leads to the channel, and what replaces it in an address.
    package struct Host: Hashable, Sendable {
        package var name: String
        /// Replaces the address's host when it matches; nil leaves it.
        package var properName: String?
    }

    /// In lower case, at most 32 characters.
    package var name: String
    /// The channel tag: unique over all channels, compared without case.
    package var officialHost: String
    /// The name of this system as seen through the channel.
    package var localHostAlias: String?
    package var additionalHosts: [Host]
    /// Keywords in effect by name, after exclusive groups and defaults have been applied.
    package var settings: [String: ChannelSetting]
    /// Channel-program options (`NAME_option` file, `channel:NAME.options`) by lower-case name, paths expanded.
    package var options: [String: String]
    /// Where the channel is defined; nil for one made by a test.
    package var location: SourceLocation?

    package init(
        name: String, officialHost: String, localHostAlias: String? = nil, additionalHosts: [Host] = [],
        settings: [String: ChannelSetting] = [:], options: [String: String] = [:], location: SourceLocation? = nil
    ) {
        self.name = name
        self.officialHost = officialHost
        self.localHostAlias = localHostAlias
        self.additionalHosts = additionalHosts
        self.settings = settings
        self.options = options
        self.location = location
    }

    /// A channel from the text of a legacy block, for example `tcp_local smtp mx`; unknown words are dropped. Meant
    /// for tests and samples.
    package init(_ line: String, host: String) {
        var words = LogicalLine(line, at: SourceLocation(file: "", line: 1, column: 1)).words()
        let name = words.isEmpty ? "" : words.removeFirst().text
        self.init(name: name.lowercased(), officialHost: host)
        var reader = KeywordReader()
        for use in reader.read(words) { apply(use) }
    }

    /// True when the keyword is in effect, given or by default.
    package func has(_ keyword: String) -> Bool {
        if settings[keyword] != nil { return true }
        guard let known = ChannelKeyword.all[keyword], known.isDefault else { return false }
        guard let group = known.group, let members = ChannelKeyword.groups[group] else { return true }
        return !members.contains { settings[$0] != nil }
    }

    /// The first argument of a keyword, nil when it is not in effect.
    package func argument(_ keyword: String) -> String? { settings[keyword]?.arguments.first }

    /// The argument as an integer.
    package func integer(_ keyword: String) -> Int? { argument(keyword).flatMap(IntegerValue.parse) }

    /// The keywords in effect with their arguments, for comparison of two configurations.
    package var effectiveKeywords: [String: [String]] { settings.mapValues(\.arguments) }

    /// Every name that leads to the channel: official host, then additional ones.
    package var hosts: [Host] { [Host(name: officialHost)] + additionalHosts }

    /// Sets a keyword, after removing what it excludes. A later `notices` also resets the lists of the priorities.
    package mutating func apply(
        _ use: KeywordUse, inherited: Bool = false, symbols: SymbolTable = SymbolTable()
    ) {
        for member in use.keyword.group.flatMap({ ChannelKeyword.groups[$0] }) ?? [] { settings[member] = nil }
        if use.keyword.name == "notices" {
            for priority in ["urgentnotices", "normalnotices", "nonurgentnotices"] { settings[priority] = nil }
        }
        settings[use.keyword.name] = ChannelSetting(
            arguments: use.arguments.map(symbols.expandingText), location: use.location, isInherited: inherited)
    }
}
