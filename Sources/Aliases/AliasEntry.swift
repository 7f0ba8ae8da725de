package import InternetMessage
package import OptionSyntax

/// One alias: its name and what it stands for (aliases specification, 2.1).
package struct AliasEntry: Hashable, Sendable {
    /// The name as written.
    package var name: String
    package var location: SourceLocation
    /// Values written in the entry itself.
    package var members: [AliasMember]
    /// The list whose addresses are the members; nil: they are in `members`.
    package var list: ListLocation?
    /// Parameters of a mailing list; nil for a plain alias.
    package var parameters: ListParameters?

    package init(
        name: String, location: SourceLocation, members: [AliasMember], list: ListLocation? = nil,
        parameters: ListParameters? = nil
    ) {
        self.name = name
        self.location = location
        self.members = members
        self.list = list
        self.parameters = parameters
    }
}

/// One value of an alias.
package struct AliasMember: Hashable, Sendable {
    /// The address; a bare local part is another alias, or a local user.
    package var address: Mailbox
    /// Written with a leading colon: notifications name the alias instead.
    package var hidesBehindAlias: Bool

    package init(_ address: Mailbox, hidesBehindAlias: Bool = false) {
        self.address = address
        self.hidesBehindAlias = hidesBehindAlias
    }

    /// Reads one value, `[":"] address`; nil when it is no address of at most 256 octets.
    package init?(parsing text: String) {
        let hides = text.utf8.first == UInt8(ascii: ":")
        guard let mailbox = Mailbox(hides ? String(text.dropFirst()).trimmed : text) else { return nil }
        self.init(mailbox, hidesBehindAlias: hides)
    }
}

/// Where the addresses of a mailing list are.
package enum ListLocation: Hashable, Sendable {
    /// A file, as written: a full path or one with a symbolic root.
    case file(String)
    case ldap(String)

    /// Reads `file-spec` or `ldap-url`.
    package init(_ text: String) {
        self = text.asciiLowercased.hasPrefix("ldap:") ? .ldap(text) : .file(text)
    }
}
