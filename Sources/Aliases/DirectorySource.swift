import InternetMessage

/// The directory as a source of aliases: digit 6 of `alias_magic` (`alias_url0`), or its catch-all addresses, digits 7
/// and 8 (aliases specification, 6.1).
package struct DirectorySource: AliasSource {
    /// What expansion of directory entries depends on.
    package struct Settings: Sendable {
        package var deliveryOptions: DeliveryOptions
        package var defaultDomain: String
        /// Names of this host: an entry whose mailHost is another one is passed on to it.
        package var localHosts: Set<String>
        package var texts: AliasErrorTexts
        /// `domain_uplevel` bit 0: a domain without an entry has that of the nearest one above it.
        package var searchesUplevel: Bool

        package init(
            deliveryOptions: DeliveryOptions, defaultDomain: String, localHosts: Set<String>,
            texts: AliasErrorTexts = AliasErrorTexts(), searchesUplevel: Bool = false
        ) {
            self.searchesUplevel = searchesUplevel
            self.deliveryOptions = deliveryOptions
            self.defaultDomain = defaultDomain
            self.localHosts = Set(localHosts.map(\.asciiLowercased))
            self.texts = texts
        }
    }

    private let directory: any Directory
    private let settings: Settings
    private let isCatchAll: Bool
    private let environment: AliasEnvironment

    package init(
        _ directory: any Directory, settings: Settings, isCatchAll: Bool = false,
        environment: AliasEnvironment = AliasEnvironment()
    ) {
        self.directory = directory
        self.settings = settings
        self.isCatchAll = isCatchAll
        self.environment = environment
    }

    package func answer(_ query: AliasQuery) -> AliasAnswer {
        guard !query.address.domain.isEmpty else { return .notFound }
        let answer = self.answer(query, in: query.address.domain)
        guard answer == .notFound, query.isBare else { return answer }
        return self.answer(query, in: settings.defaultDomain)
    }

    private func answer(_ query: AliasQuery, in domainName: String) -> AliasAnswer {
        switch domain(domainName) {
        case .unavailable(let reason): return .failure(settings.texts.directory(reason))
        case .notFound: return .notFound
        case .found(let domain):
            for probe in probes(query, domainName) {
                switch directory.entry(forAddress: probe) {
                case .unavailable(let reason): return .failure(settings.texts.directory(reason))
                case .notFound: continue
                case .found(let entry): return expand(entry, in: domain, query)
                }
            }
            return .notFound
        }
    }

    private func domain(_ name: String) -> DirectoryAnswer<DirectoryDomain> {
        let answer = directory.domain(name)
        guard case .notFound = answer, settings.searchesUplevel, let dot = name.firstIndex(of: ".") else {
            return answer
        }
        return domain(String(name[name.index(after: dot)...]))
    }

    private func probes(_ query: AliasQuery, _ domain: String) -> [String] {
        guard !isCatchAll else { return ["@" + domain] }
        let local = query.address.localPart
        let parts = SubaddressedName(local)
        let whole = Mailbox(localPart: local, domain: domain).address
        guard parts.subaddress != nil, query.channel.subaddress == .relaxed else { return [whole] }
        return [whole, Mailbox(localPart: parts.name, domain: domain).address]
    }

    private func expand(_ entry: DirectoryEntry, in domain: DirectoryDomain, _ query: AliasQuery) -> AliasAnswer {
        var expansion = DirectoryExpansion(
            entry: entry, domain: domain, query: query, settings: settings, environment: environment)
        return expansion.answer()
    }
}
