package import InternetMessage

/// How far a subaddress may be left out when aliases are looked up (aliases specification, 3.3).
package enum SubaddressMatching: String, Sendable, CaseIterable {
    /// `subaddressexact`, `subaddresswild`, `subaddressrelaxed` (default).
    case exact, wild, relaxed
}

/// What alias lookup needs to know of the channel an address rewrote to: `l`, or one with `aliaslocal`.
package struct AliasChannel: Hashable, Sendable {
    package var name: String
    /// Whether it is the local channel `l`.
    package var isLocal: Bool
    package var subaddress: SubaddressMatching
    /// `aliasmagic` of the channel; nil: the MTA option.
    package var aliasMagic: Int?
    /// `aliaswild`.
    package var aliasWild: Bool
    /// `viaaliasrequired`.
    package var viaAliasRequired: Bool

    package init(
        name: String, isLocal: Bool, subaddress: SubaddressMatching = .relaxed, aliasMagic: Int? = nil,
        aliasWild: Bool = false, viaAliasRequired: Bool = false
    ) {
        self.name = name
        self.isLocal = isLocal
        self.subaddress = subaddress
        self.aliasMagic = aliasMagic
        self.aliasWild = aliasWild
        self.viaAliasRequired = viaAliasRequired
    }
}

/// The local part in two: `anna` and `lists` of `anna+lists`. A plus in front is no separator.
package struct SubaddressedName: Hashable, Sendable {
    package var name: String
    /// nil when there is none; empty for `anna+`.
    package var subaddress: String?

    package init(_ localPart: String) {
        let octets = localPart.utf8
        guard let plus = octets.firstIndex(of: UInt8(ascii: "+")), plus != octets.startIndex else {
            name = localPart
            subaddress = nil
            return
        }
        name = String(localPart[..<plus])
        subaddress = String(localPart[octets.index(after: plus)...])
    }
}

/// Order of alias probes and of alias sources.
package enum AliasProbes {
    /// The names to look for in the alias file or database, in order (aliases specification, 3.4).
    /// `domains`: `alias_domains`.
    package static func names(for address: Mailbox, on channel: AliasChannel, domains: Int) -> [String] {
        let parts = SubaddressedName(address.localPart)
        var locals = [address.localPartText]
        if parts.subaddress != nil {
            if channel.subaddress != .exact { locals.append(Mailbox.quotedIfNeeded(parts.name + "+*")) }
            if channel.subaddress == .relaxed { locals.append(Mailbox.quotedIfNeeded(parts.name)) }
        }
        var names: [String] = []
        let domain = address.domain
        if domains & 2 != 0, !domain.isEmpty {
            names += locals.map { $0 + "@" + domain }
            if domains & 4 != 0 || channel.aliasWild {
                if parts.subaddress != nil { names.append("*+*@" + domain) }
                names.append("*@" + domain)
            }
        }
        if domains & 1 != 0 || channel.isLocal || domain.isEmpty { names += locals }
        return names
    }

    /// The sources of an `alias_magic` value in order: its decimal digits, ones first, without zeros (aliases
    /// specification, 3.1).
    package static func sources(magic: Int) -> [Int] {
        var digits: [Int] = []
        var rest = max(0, magic)
        while rest > 0 {
            if rest % 10 != 0 { digits.append(rest % 10) }
            rest /= 10
        }
        return digits
    }
}
