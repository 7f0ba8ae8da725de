import InternetMessage

/// The mailbox that a recipient of channel `ims-ms` names: `anna@ims-ms-daemon` is anna of the default domain,
/// `bert%hosted.example@ims-ms-daemon` is bert of a hosted one. A `+detail` behind either leads to the inbox
/// (channel-programs specification, 5).
package struct MailboxName: Hashable, Sendable {
    package var user: String
    package var domain: String

    /// Nil when the name could leave the tree of mailboxes: a slash, a NUL, a leading dot.
    package init?(recipient: String, defaultDomain: String) {
        guard let mailbox = Mailbox(recipient) else { return nil }
        self.init(localPart: mailbox.localPart, defaultDomain: defaultDomain)
    }

    /// The same of a local part without its quotes.
    package init?(localPart: String, defaultDomain: String) {
        let local = localPart.utf8
        // A detail comes last and may hold anything, `%` included; a plus in front separates nothing.
        let plus = local.dropFirst().firstIndex(of: UInt8(ascii: "+")) ?? local.endIndex
        let percent = local[..<plus].firstIndex(of: UInt8(ascii: "%"))
        let name = Substring(local[..<(percent ?? plus)])
        let domain = percent.map { Substring(local[local.index(after: $0)..<plus]) } ?? defaultDomain[...]
        guard Self.isSafe(name), Self.isSafe(domain) else { return nil }
        user = String(name)
        self.domain = domain.lowercased()
    }

    /// A user that is known by name.
    package init?(user: String, domain: String) {
        guard Self.isSafe(user[...]), Self.isSafe(domain[...]) else { return nil }
        self.user = user
        self.domain = domain.lowercased()
    }

    private static func isSafe(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, first != UInt8(ascii: "."), name.utf8.count <= 200 else { return false }
        return name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }
    }

    /// The directory of the mailbox below `root`, which ends in a slash or not.
    package func directory(below root: String) -> String {
        (root.hasSuffix("/") ? root : root + "/") + "\(domain)/\(user)"
    }
}
