import InternetMessage

/// The alias file as a source of aliases: digit 4 of `alias_magic`.
package struct AliasFileSource: AliasSource {
    private let file: AliasFile
    /// `alias_domains`.
    private let domains: Int
    private let texts: AliasErrorTexts
    private let environment: AliasEnvironment

    package init(
        _ file: AliasFile, domains: Int = 6, texts: AliasErrorTexts = AliasErrorTexts(),
        environment: AliasEnvironment = AliasEnvironment()
    ) {
        self.file = file
        self.domains = domains
        self.texts = texts
        self.environment = environment
    }

    package func answer(_ query: AliasQuery) -> AliasAnswer {
        for name in AliasProbes.names(for: query.address, on: query.channel, domains: domains) {
            if let entry = file.entry(named: name) { return expand(entry, query) }
        }
        return .notFound
    }

    private func expand(_ entry: AliasEntry, _ query: AliasQuery) -> AliasAnswer {
        if let parameters = entry.parameters {
            switch ListAccess(parameters: parameters, poster: query.poster, environment: environment).verdict() {
            case .allowed: break
            case .refused(let reason): return .failure(texts.refusedPost(detail: "list \(entry.name): \(reason)"))
            case .moderated(let moderator): return .addresses([ExpandedAddress(moderator)])
            case .unavailable(let what): return .failure(texts.misconfigured("list \(entry.name): cannot read \(what)"))
            }
        }
        var members = entry.members
        if let list = entry.list {
            guard case .file(let name) = list else {
                return .failure(texts.misconfigured("list \(entry.name): LDAP lists are not supported"))
            }
            guard let content = MailingListFile(name, read: environment.readFile) else {
                return .failure(texts.misconfigured("list \(entry.name): cannot read \(name)"))
            }
            members = content.members
        }
        guard !members.isEmpty else { return .failure(texts.unknown(detail: "list \(entry.name) has no members")) }
        let subaddress = SubaddressedName(query.address.localPart).subaddress
        let expanded = members.map { member in
            ExpandedAddress(
                Self.passingOn(subaddress, to: member.address), hidesBehindAlias: member.hidesBehindAlias,
                list: entry.parameters)
        }
        // The poster is not to learn of `[CAPTURE]` from a notification.
        let captures = (entry.parameters?.captureAddresses ?? []).map { address in
            ExpandedAddress(address, hidesBehindAlias: true, list: entry.parameters)
        }
        return .addresses(expanded + captures)
    }

    /// A value `newname+*` takes the subaddress of the address over, or loses its `+*` (aliases specification, 3.3).
    private static func passingOn(_ subaddress: String?, to address: Mailbox) -> Mailbox {
        guard address.localPart.hasSuffix("+*"), address.localPart.utf8.count > 2 else { return address }
        var result = address
        result.localPart = String(address.localPart.dropLast(2))
        if let subaddress { result.localPart += "+" + subaddress }
        return result
    }
}
