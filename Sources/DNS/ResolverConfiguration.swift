/// Where questions go.
package struct ResolverConfiguration: Hashable, Sendable {
    /// `address` or `address@port` of resolvers that all questions are sent to. Empty: those of ``resolverFile``.
    package var servers: [String]
    /// Used when ``servers`` is empty. When it cannot be read, a resolver on this host is assumed, as resolv.conf(5)
    /// says.
    package var resolverFile: String
    /// Names and addresses that need no DNS; nil: none. A file that is missing is as good as an empty one.
    package var hostsFile: String?
    /// DS or DNSKEY records from which DNSSEC validation starts; nil: answers are not validated.
    package var trustAnchorFile: String?
    /// Milliseconds after which a question counts as timed out, from 1.
    package var timeout: Int

    package init(
        servers: [String] = [], resolverFile: String = "/etc/resolv.conf", hostsFile: String? = "/etc/hosts",
        trustAnchorFile: String? = nil, timeout: Int = 30_000
    ) {
        self.servers = servers
        self.resolverFile = resolverFile
        self.hostsFile = hostsFile
        self.trustAnchorFile = trustAnchorFile
        self.timeout = max(1, timeout)
    }
}

/// A resolver that could not be set up: which setting, and why.
package struct ResolverSetupError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For example `resolver 192.0.2.1@5353`.
    package var setting: String
    package var reason: String

    package init(setting: String, reason: String) {
        self.setting = setting
        self.reason = reason
    }

    package var description: String { "\(setting): \(reason)" }
}
