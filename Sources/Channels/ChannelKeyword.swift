/// A word of a channel line: what it takes, what it excludes, and how much of the family uses it.
///
/// Channels specification, section 5.
package struct ChannelKeyword: Hashable, Sendable {
    /// What follows the keyword on a channel line.
    package enum Argument: String, Sendable {
        case none
        /// One integer in the keyword's range, `b%v` allowed.
        case integer
        /// One IP address.
        case address
        /// One word, in quotes when it holds blanks.
        case word
        /// One word that names a channel of the table.
        case channel
        /// One to five ascending positive integers.
        case integers
        /// One to eight ISO 8601 durations.
        case durations
        /// One integer, or nothing for seven days.
        case seconds
        /// One domain, and a second one when it has a dot.
        case domains
        /// One or more IP addresses.
        case addresses
    }

    /// How much it matters.
    package enum Mark: String, Sendable { case core, common, rare }

    /// What comes of giving it.
    package enum Effect: String, Sendable, CaseIterable {
        /// It does what it says.
        case active = "yes"
        /// There is nothing left for it to do, by design: what it asks for is so anyway, or has no meaning here.
        case idle
        /// Not yet. Part of the configuration we ship, where nothing harmful follows from it: told only to who asks
        /// (`martlet config check --notes`).
        case later
        /// Not yet: a warning, since a check or limit that is not there must not be taken for one that is.
        case missing = "no"
        /// Historic, or of another platform: accepted with a warning, for ever without effect.
        case ignored
        /// Not taken at all, with a warning.
        case refused
    }

    /// In lower case, in the spelling of the unified configuration.
    package var name: String
    package var argument: Argument
    /// Only the last given member of a group counts; nil when the keyword stands alone.
    package var group: String?
    /// In force when no member of its group is given.
    package var isDefault: Bool
    package var mark: Mark
    package var effect = Effect.active
    /// Integers that the argument may be.
    package var range: ClosedRange<Int> = ChannelKeyword.widestRange

    /// 32 bits, so that configured numbers can be calculated with.
    static let widestRange = -2_147_483_648...2_147_483_647

    /// Its argument is a secret, which no listing prints (unified configuration specification, section 2.4).
    package var isPassword: Bool { name == "authpassword" }
}

extension ChannelKeyword {
    /// All keywords by name, without the numbered spam filter family.
    package static let all: [String: ChannelKeyword] = parse(table)

    /// Members of exclusive groups by group.
    package static let groups: [String: [String]] = all.values.reduce(into: [:]) { groups, keyword in
        if let group = keyword.group { groups[group, default: []].append(keyword.name) }
    }

    /// Spellings that stand for one or more keywords: older names, and words that set both halves of a pair.
    static let synonyms: [String: [String]] = [
        "sourceroute": ["822"], "percents": ["733"], "bangstyle": ["uucp"], "norestricted": ["unrestricted"],
        "deferred": ["deferreddestination"], "nodeferred": ["nodeferreddestination"], "queue": ["pool"],
        "channelfilter": ["destinationfilter"], "nochannelfilter": ["nodestinationfilter"],
        "cachesuccess": ["cachesuccesses"], "dequeue_removeroute": ["dequeueremoveroute"],
        "enqueue_removeroute": ["enqueueremoveroute"], "headerlabelalign": ["headerlabelalignment"],
        "sourcespamfilter": ["sourcespamfilter1"], "destinationspamfilter": ["destinationspamfilter1"],
        "sourcebrightmail": ["sourcespamfilter1"], "destinationbrightmail": ["destinationspamfilter1"],
        "maytls": ["maytlsclient", "maytlsserver"], "musttls": ["musttlsclient", "musttlsserver"],
        "notls": ["notlsclient", "notlsserver"], "maysasl": ["maysaslclient", "maysaslserver"],
        "mustsasl": ["mustsaslclient", "mustsaslserver"], "nosasl": ["nosaslclient", "nosaslserver"],
    ]

    /// Every spelling that `named` knows, for suggestions.
    package static let spellings: [String] = Array(all.keys) + Array(synonyms.keys)

    /// The keywords that `word` stands for, empty when it is unknown. Case does not matter and only the first
    /// 32 characters count.
    package static func named(_ word: String) -> [ChannelKeyword] {
        let name = String(word.lowercased().prefix(32))
        if let keyword = all[name] { return [keyword] }
        if let names = synonyms[name] { return names.compactMap { all[$0] ?? spamFilter($0) } }
        return spamFilter(name).map { [$0] } ?? []
    }

    /// `sourcespamfilter3`, `disabledestinationspamfilter8`, `sourcespamfilter1optin` and so on, for filters 1 to 8.
    private static func spamFilter(_ name: String) -> ChannelKeyword? {
        var rest = name[...]
        let disables = rest.hasPrefix("disable")
        if disables { rest = rest.dropFirst("disable".count) }
        guard let side = ["source", "destination"].first(where: { rest.hasPrefix($0 + "spamfilter") }) else {
            return nil
        }
        rest = rest.dropFirst(side.count + "spamfilter".count)
        guard let digit = rest.popFirst(), ("1"..."8").contains(digit) else { return nil }
        let optsIn = rest == "optin" && !disables
        guard rest.isEmpty || optsIn else { return nil }
        return ChannelKeyword(
            name: name, argument: optsIn ? .word : .none, group: nil, isDefault: false,
            mark: disables ? .rare : .common, effect: disables ? .idle : .missing)
    }

    private static func parse(_ table: String) -> [String: ChannelKeyword] {
        var keywords: [String: ChannelKeyword] = [:]
        for row in table.split(separator: "\n") where !row.hasPrefix("!") {
            let cells = row.split(separator: " ")
            guard cells.count > 3, let mark = Mark(rawValue: String(cells[0])),
                let effect = Effect(rawValue: String(cells[1]))
            else { continue }
            for cell in cells.dropFirst(3) {
                let parts = cell.split(separator: ":")
                let isDefault = cell.hasSuffix("*")
                let name = String(isDefault ? parts[0].dropLast() : parts[0])
                let argument = parts.count > 1 ? Argument(rawValue: String(parts[1])) : nil
                keywords[name] = ChannelKeyword(
                    name: name, argument: argument ?? .none, group: cells[2] == "-" ? nil : String(cells[2]),
                    isDefault: isDefault, mark: mark, effect: effect,
                    range: parts.count > 2 ? range(parts[2]) : widestRange)
            }
        }
        return keywords
    }

    private static func range(_ text: Substring) -> ClosedRange<Int> {
        let bounds = text.split(separator: ".", omittingEmptySubsequences: false)
        let low = bounds.first.flatMap { Int($0) } ?? widestRange.lowerBound
        let high = bounds.last.flatMap { Int($0) } ?? widestRange.upperBound
        return low <= high ? low...high : widestRange
    }
}
