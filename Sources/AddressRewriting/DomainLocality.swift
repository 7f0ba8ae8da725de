/// Whether a domain is ours, as `$V` and `$Z` ask.
package enum DomainLocality: Hashable, Sendable {
    case local
    case nonLocal
    /// The directory cannot be asked; rewriting of the address ends with a temporary failure.
    case unavailable
}

/// The directory behind `$V` and `$Z`.
package protocol DirectoryLookups: Sendable {
    func locality(ofDomain domain: String) -> DomainLocality
}

/// A directory that knows no domain.
package struct NoDirectory: DirectoryLookups {
    package init() {}
    package func locality(ofDomain domain: String) -> DomainLocality { .nonLocal }
}

/// A domain's directory entry as far as routing is concerned.
package struct DomainEntry: Hashable, Sendable {
    /// The values of the attribute `ldap_domain_attr_routing_hosts` names; empty when it is absent.
    package var routingHosts: [String]

    package init(routingHosts: [String] = []) { self.routingHosts = routingHosts }
}

/// The procedure behind `$V` (rewrite-rules specification, section 9) over any directory: the entry of the domain, or
/// of the nearest domain above it when `searchesUplevel` (`domain_uplevel` bit 0), decides.
/// - Parameters:
///   - ownHosts: the local host name and its aliases (`ldap_local_host`, `ldap_host_alias_list`).
///   - entry: looks a domain up; the outer nil means the directory is unavailable.
package func locality(
    ofDomain domain: String, ownHosts: [String], searchesUplevel: Bool, entry: (String) -> DomainEntry??
) -> DomainLocality {
    var name = folded(domain)[...]
    while !name.isEmpty {
        guard let answer = entry(String(name)) else { return .unavailable }
        if let found = answer {
            if found.routingHosts.isEmpty { return .local }
            let own = Set(ownHosts.map { folded($0) })
            return found.routingHosts.contains { own.contains(folded($0)) } ? .local : .nonLocal
        }
        guard searchesUplevel, let dot = name.firstIndex(of: ".") else { break }
        name = name[name.index(after: dot)...]
    }
    return .nonLocal
}
