package import InternetMessage

/// Asks the alias sources in the order of `alias_magic`.
package struct AliasResolver: Sendable {
    /// Default of `alias_magic` (aliases specification, 3.1).
    package static let defaultMagic = 8764

    /// `alias_magic`; a channel's own value comes before it.
    private let magic: Int
    /// Sources by digit.
    private let sources: [Int: any AliasSource]

    /// `sources`: by the digit of `alias_magic` that names them; digits without a source are passed over.
    package init(magic: Int = defaultMagic, sources: [Int: any AliasSource]) {
        self.magic = magic
        self.sources = sources
    }

    /// The usual set: the alias file as digit 4, the directory as 6, its catch-all addresses as 7.
    package init(
        magic: Int = defaultMagic, aliasDomains: Int = 6, file: AliasFile, directory: (any Directory)?,
        settings: DirectorySource.Settings, environment: AliasEnvironment = AliasEnvironment()
    ) {
        var sources: [Int: any AliasSource] = [
            4: AliasFileSource(file, domains: aliasDomains, texts: settings.texts, environment: environment)
        ]
        if let directory {
            sources[6] = DirectorySource(directory, settings: settings, environment: environment)
            sources[7] = DirectorySource(directory, settings: settings, isCatchAll: true, environment: environment)
        }
        self.init(magic: magic, sources: sources)
    }

    /// The first answer that is not "not found".
    /// `observe` is told of every source that is asked.
    package func answer(_ query: AliasQuery, observe: ((AliasLookup) -> Void)? = nil) -> AliasAnswer {
        var rest = order(query)
        return answer(query, from: &rest, observe: observe)
    }

    private static func name(ofSource digit: Int) -> String {
        switch digit {
        case 4: "alias file"
        case 6: "directory"
        case 7: "catch-all addresses of the directory"
        default: "alias source \(digit)"
        }
    }

    /// The sources to ask, in order.
    func order(_ query: AliasQuery) -> ArraySlice<Int> {
        AliasProbes.sources(magic: query.channel.aliasMagic ?? magic)[...]
    }

    /// The first answer of the sources in `rest`, which keeps those that were not asked.
    func answer(
        _ query: AliasQuery, from rest: inout ArraySlice<Int>, observe: ((AliasLookup) -> Void)? = nil
    ) -> AliasAnswer {
        while let digit = rest.popFirst() {
            guard let source = sources[digit] else { continue }
            let answer = source.answer(query)
            observe?(AliasLookup(address: query.address, source: Self.name(ofSource: digit), answer: answer))
            if answer != .notFound { return answer }
        }
        return .notFound
    }
}

/// One source that was asked about an address, and what it said.
package struct AliasLookup: Hashable, Sendable {
    package var address: Mailbox
    /// For people: `alias file`, `directory`.
    package var source: String
    package var answer: AliasAnswer
}
