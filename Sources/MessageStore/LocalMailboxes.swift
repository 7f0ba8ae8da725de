package import InternetMessage
import SystemCalls

/// Which mailbox of a store an address means, for a server that delivers without rewriting and without aliases
/// (channel-programs specification, 3).
package struct LocalMailboxes: Sendable {
    /// What the directory of the instance says of an address.
    package enum Known: Hashable, Sendable {
        case user(name: String, domain: String)
        /// The user is there, and is not to get mail now.
        case closed
        case unknown
        case unavailable
    }

    package enum Answer: Hashable, Sendable {
        case mailbox(MailboxName)
        /// 550 5.1.1.
        case unknown
        /// 450 4.2.0.
        case closed
        /// 451 4.3.0: the directory cannot be asked.
        case unavailable
    }

    private let root: String
    private let defaultDomain: String
    /// Host names that stand for the store as a whole, in lower case: what is left of them is a user of the default
    /// domain.
    private let storeHosts: Set<String>

    /// `storeHosts`: official hosts of store and LMTP channels, as `ims-ms-daemon`.
    package init(root: String, defaultDomain: String, storeHosts: Set<String>) {
        self.root = root
        self.defaultDomain = defaultDomain
        self.storeHosts = Set(storeHosts.map { $0.lowercased() })
    }

    /// `uid%domain@host`, `uid@store-host` and `user@domain`, each with or without `+detail`. A mailbox that is there is
    /// taken without asking the directory; one that is not is made for a user of the directory.
    package func find(_ address: Mailbox, directory: (_ address: String) -> Known) -> Answer {
        guard let named = name(address) else { return .unknown }
        let known = directory("\(Mailbox.quotedIfNeeded(named.user))@\(named.domain)")
        switch known {
        case .closed: return .closed
        case .user(let name, let domain):
            return MailboxName(user: name, domain: domain).map { .mailbox($0) } ?? .unknown
        case .unknown, .unavailable:
            // `tmp` is made last: where it is, all of the mailbox is.
            if Files.exists(named.directory(below: root) + "/tmp") { return .mailbox(named) }
            return known == .unknown ? .unknown : .unavailable
        }
    }

    private func name(_ address: Mailbox) -> MailboxName? {
        let domain = address.domain.lowercased()
        // Relays of the family name store hosts `HOST.lmtp`.
        let isStoreHost = domain.isEmpty || domain.hasSuffix(".lmtp") || storeHosts.contains(domain)
        return MailboxName(
            localPart: address.localPart, defaultDomain: isStoreHost ? defaultDomain : address.domain)
    }

    /// The Maildir of a mailbox.
    package func maildir(_ name: MailboxName) -> Maildir { Maildir(name.directory(below: root)) }
}
