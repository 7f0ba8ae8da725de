package import OptionSyntax

/// Makes the channel table from blocks: applies `defaults`, resolves exclusive groups, replaces symbols, checks.
///
/// Channels specification, sections 2.1 to 2.4.
package struct ChannelTableBuilder {
    private let symbols: SymbolTable
    private let defaultHostSuffix: String?
    private var defaults: [KeywordUse] = []
    private var table = ChannelTable()
    private var diagnostics = Diagnostics()

    private init(symbols: SymbolTable, defaultHostSuffix: String?) {
        self.symbols = symbols
        self.defaultHostSuffix = defaultHostSuffix
    }

    /// The table of `blocks`. `defaultHostSuffix`: a channel without official host is called `NAME.SUFFIX`, as in
    /// the unified configuration; nil makes it an error, as in imta.cnf.
    package static func table(
        _ blocks: [ChannelBlock], symbols: SymbolTable, defaultHostSuffix: String? = nil,
        diagnostics: inout Diagnostics
    ) -> ChannelTable {
        var builder = ChannelTableBuilder(symbols: symbols, defaultHostSuffix: defaultHostSuffix)
        for block in blocks {
            switch block.kind {
            case .defaults: builder.defaults += block.uses
            case .nodefaults: builder.defaults = []
            case .channel: builder.add(block)
            }
        }
        builder.checkLocal(blocks)
        diagnostics.append(contentsOf: builder.diagnostics)
        return builder.table
    }

    /// Longest host name in octets (rewrite-rules specification, section 1.3).
    private static let nameLimit = 128

    private mutating func add(_ block: ChannelBlock) {
        checkName(block.name)
        guard let host = officialHost(block) else {
            diagnostics.error(
                "no official host name for channel \(block.name.text)", at: block.name.location,
                advice: "put the host name on the line below the channel's name")
            return
        }
        if host.utf8.count > Self.nameLimit {
            diagnostics.error(
                "official host name is too long (over 128 bytes) in channel \(block.name.text)",
                at: block.officialHost?.location)
        }
        var channel = Channel(
            name: block.name.text.lowercased(), officialHost: host,
            localHostAlias: (block.localHostAlias?.text).map(symbols.expandingText),
            additionalHosts: block.additionalHosts.map {
                Channel.Host(
                    name: symbols.expandingText($0.host.text), properName: $0.properName.map(symbols.expandingText))
            },
            location: block.name.location)
        checkLengths(channel, block)
        for use in defaults { channel.apply(use, inherited: true, symbols: symbols) }
        for use in block.uses { channel.apply(use, symbols: symbols) }
        for option in block.programOptions {
            channel.options[option.name] = symbols.expandingPath(symbols.expandingText(option.value))
        }
        checkConflicts(block)
        table.add(channel, diagnostics: &diagnostics)
    }

    /// The names at the right of the lines with host names (rewrite-rules specification, section 1.4).
    private mutating func checkLengths(_ channel: Channel, _ block: ChannelBlock) {
        var names = [(channel.localHostAlias, block.localHostAlias?.location)]
        names += zip(channel.additionalHosts, block.additionalHosts).map { ($0.properName, $1.host.location) }
        for (name, location) in names where (name?.utf8.count ?? 0) > Self.nameLimit {
            diagnostics.error(
                "local host alias or proper name too long for system (over \(Self.nameLimit) bytes) in channel"
                    + " \(channel.name)", at: location, advice: "a host name needs no more")
        }
    }

    private func officialHost(_ block: ChannelBlock) -> String? {
        if let host = block.officialHost { return symbols.expandingText(host.text) }
        guard let defaultHostSuffix else { return nil }
        return block.name.text == "l" ? defaultHostSuffix : "\(block.name.text).\(defaultHostSuffix)"
    }

    private mutating func checkName(_ name: Word) {
        let isGood = name.text.utf8.allSatisfy {
            $0.isASCIILetterOrDigit || [UInt8(ascii: "_"), UInt8(ascii: "$"), UInt8(ascii: "-")].contains($0)
        }
        guard !isGood || name.text.utf8.count > 32 || name.text.isEmpty else { return }
        diagnostics.error(
            "bad channel name \(name.text)", at: name.location,
            advice: "use at most 32 letters, digits, _, $ and -; a stray blank line among the rewrite rules also leads"
                + " to this")
    }

    /// Two members of an exclusive group in one block: the last one counts, which is rarely meant.
    private mutating func checkConflicts(_ block: ChannelBlock) {
        var given: [String: KeywordUse] = [:]
        for use in block.uses {
            guard let group = use.keyword.group else { continue }
            if let other = given[group], other.keyword.name != use.keyword.name {
                diagnostics.warning(
                    "\(other.keyword.name) and \(use.keyword.name) conflict on channel \(block.name.text), the last"
                        + " is used", at: use.location)
            }
            given[group] = use
        }
    }

    private mutating func checkLocal(_ blocks: [ChannelBlock]) {
        guard let first = blocks.first(where: { $0.kind == .channel }) else {
            diagnostics.error("no channels are defined", at: nil, advice: "define at least the local channel l")
            return
        }
        if first.name.text.lowercased() != "l" {
            diagnostics.error(
                "the first channel must be the local channel l, found \(first.name.text)", at: first.name.location,
                advice: "move the block of l before all others")
        }
    }
}

extension UInt8 {
    fileprivate var isASCIILetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
