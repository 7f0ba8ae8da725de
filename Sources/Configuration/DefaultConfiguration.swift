/// The configuration that `martlet init` writes: one model in two forms (default configuration specification,
/// sections 3 and 4).
package struct DefaultConfiguration: Hashable, Sendable {
    /// TCP ports of the services.
    package struct Ports: Hashable, Sendable {
        package var smtp: Int
        package var submission: Int
        /// Submission with TLS from the first byte.
        package var submissions: Int
        package var lmtp: Int
        package var admin: Int

        package init(smtp: Int, submission: Int, submissions: Int, lmtp: Int, admin: Int) {
            self.smtp = smtp
            self.submission = submission
            self.submissions = submissions
            self.lmtp = lmtp
            self.admin = admin
        }

        /// No privilege needed.
        package static let embedded = Ports(smtp: 2525, submission: 2587, submissions: 2465, lmtp: 2225, admin: 7633)
        /// The assigned ports.
        package static let packaged = Ports(smtp: 25, submission: 587, submissions: 465, lmtp: 225, admin: 7633)
    }

    package var hostname: String
    package var defaultDomain: String
    /// The host's own IP addresses besides loopback; clients from them count as internal.
    package var ownAddresses: [String]
    package var ports: Ports
    /// Services written with `enable = 0`.
    package var disabledServices: Set<String>

    package init(
        hostname: String, defaultDomain: String, ownAddresses: [String], ports: Ports = .embedded,
        disabledServices: Set<String> = []
    ) {
        self.hostname = hostname
        self.defaultDomain = defaultDomain
        self.ownAddresses = ownAddresses
        self.ports = ports
        self.disabledServices = disabledServices
    }

    /// Host name and default domain are one word: the second of two equal rules or aliases is left out.
    var isOneName: Bool { hostname.lowercased() == defaultDomain.lowercased() }

    static let deliveryOptions =
        "*mailbox=$M%$\\$2I$_+$2S@ims-ms-daemon,&members=*,/hold=@hold-daemon:$A,&@members_offline=*,#forward=**,"
        + "*^!autoreply=$M+$D@bitbucket"

    /// The mapping entry that permits an own address.
    func internalAddress(_ address: String) -> String {
        let pattern = address.contains(":") ? "${\(address)/128}" : address
        return "  " + pattern.padding(to: 22) + "$Y"
    }

    /// A directory file (section 5) with the domain entry.
    package static func directoryFile(domain: String) -> String {
        "! Directory of an embedded instance: one entry a paragraph.\n\ndomain: \(domain)\n"
    }
}

extension String {
    /// With blanks up to `width`, at least one blank.
    func padding(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(1, width - count))
    }
}
