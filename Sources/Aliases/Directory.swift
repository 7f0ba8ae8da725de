import InternetMessage

/// An entry of the directory as alias expansion sees it.
package struct DirectoryEntry: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case user, group }

    package var kind: Kind
    /// `uid` of a user, `group` of a group.
    package var name: String
    /// The canonical domain it belongs to, in lower case.
    package var domain: String
    /// Values by attribute name in lower case, in order.
    package var attributes: [String: [String]]

    package init(kind: Kind, name: String, domain: String, attributes: [String: [String]]) {
        self.kind = kind
        self.name = name
        self.domain = domain
        self.attributes = attributes
    }

    /// The first value of an attribute; names compare without case.
    package func value(_ attribute: String) -> String? { attributes[attribute.asciiLowercased]?.first }

    package func values(_ attribute: String) -> [String] { attributes[attribute.asciiLowercased] ?? [] }

    /// The primary address: `mail`, else name and domain.
    package var mail: String { value("mail") ?? name + "@" + domain }

    /// The hash `userPassword` holds, without its `{CRYPT}`; nil when there is none crypt(3) could know.
    package var passwordHash: String? {
        guard let value = value("userPassword"), value.asciiLowercased.hasPrefix("{crypt}") else { return nil }
        return String(value.dropFirst(7))
    }
}

/// A domain the directory knows as ours.
package struct DirectoryDomain: Hashable, Sendable {
    /// The canonical name, in lower case.
    package var name: String
    package var attributes: [String: [String]]

    package init(name: String, attributes: [String: [String]] = [:]) {
        self.name = name
        self.attributes = attributes
    }

    package func value(_ attribute: String) -> String? { attributes[attribute.asciiLowercased]?.first }

    package func values(_ attribute: String) -> [String] { attributes[attribute.asciiLowercased] ?? [] }
}

/// An answer of a directory.
package enum DirectoryAnswer<Found: Hashable & Sendable>: Hashable, Sendable {
    case found(Found)
    case notFound
    /// The directory cannot be asked; the text says why. Never to be taken for "unknown".
    case unavailable(String)
}

/// The directory interface (aliases specification, 6): the file of the default configuration, or LDAP.
package protocol Directory: Sendable {
    /// The domain of that name, whatever its case: `$V` and `$Z` of rewrite rules ask this.
    func domain(_ name: String) -> DirectoryAnswer<DirectoryDomain>
    /// The entry whose `mail`, `mailAlternateAddress` or `mailEquivalentAddress` is that address, or, for an entry
    /// without `mail`, whose name and domain make it; `@domain` asks for the catch-all.
    func entry(forAddress address: String) -> DirectoryAnswer<DirectoryEntry>
    /// The user who logs in as `login`: a uid of the default domain, `uid@domain`, or an address of the user.
    func user(forLogin login: String, defaultDomain: String) -> DirectoryAnswer<DirectoryEntry>
}

/// A directory that could not be read: every answer is temporary (default configuration, 5).
package struct UnavailableDirectory: Directory {
    private let reason: String

    /// `reason`: what happened, for the log.
    package init(reason: String) { self.reason = reason }

    package func domain(_ name: String) -> DirectoryAnswer<DirectoryDomain> { .unavailable(reason) }
    package func entry(forAddress address: String) -> DirectoryAnswer<DirectoryEntry> { .unavailable(reason) }
    package func user(forLogin login: String, defaultDomain: String) -> DirectoryAnswer<DirectoryEntry> {
        .unavailable(reason)
    }
}
