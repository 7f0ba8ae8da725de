package import OptionSyntax

/// A channel block as it was written, legacy or unified: not yet checked, defaults not applied.
package struct ChannelBlock: Sendable {
    package enum Kind: Sendable, Equatable { case channel, defaults, nodefaults }

    /// `NAME_option` file line or `channel:NAME.options.NAME`.
    package struct ProgramOption: Hashable, Sendable {
        /// In lower case.
        package var name: String
        package var value: String
        package var location: SourceLocation

        package init(name: String, value: String, at location: SourceLocation) {
            self.name = name.lowercased()
            self.value = value
            self.location = location
        }
    }

    package var kind: Kind
    /// The channel's name as written.
    package var name: Word
    package var uses: [KeywordUse] = []
    package var officialHost: Word?
    package var localHostAlias: Word?
    /// Further host names, each with the name that replaces it.
    package var additionalHosts: [(host: Word, properName: String?)] = []
    package var programOptions: [ProgramOption] = []

    package init(kind: Kind, name: Word) {
        self.kind = kind
        self.name = name
    }
}

/// Reads the second part of imta.cnf (channels specification, section 2.1): blocks separated by blank lines.
package struct ChannelBlockReader {
    private var blocks: [ChannelBlock] = []
    private var current: ChannelBlock?
    private var keywords: KeywordReader

    private init(pools: [String]) { keywords = KeywordReader(pools: pools) }

    /// All blocks in file order. `pools` are the names that count as `pool NAME` when they stand alone.
    package static func blocks(
        _ lines: some Sequence<LogicalLine>, pools: [String], diagnostics: inout Diagnostics
    ) -> [ChannelBlock] {
        var reader = ChannelBlockReader(pools: pools)
        for line in lines { reader.read(line) }
        reader.close()
        diagnostics.append(contentsOf: reader.keywords.diagnostics)
        return reader.blocks
    }

    private mutating func close() {
        if let current { blocks.append(current) }
        current = nil
    }

    private mutating func read(_ line: LogicalLine) {
        var words = line.words()
        guard !words.isEmpty else { return close() }
        let first = words.removeFirst()
        guard var block = current else {
            let kind: ChannelBlock.Kind =
                switch first.text.lowercased() {
                case "defaults": .defaults
                case "nodefaults": .nodefaults
                default: .channel
                }
            current = ChannelBlock(kind: kind, name: first)
            current?.uses = keywords.read(words)
            return
        }
        if block.kind == .channel {
            if block.officialHost == nil {
                block.officialHost = first
                block.localHostAlias = words.first
            } else {
                block.additionalHosts.append((first, words.first?.text))
            }
        }
        current = block
    }
}
