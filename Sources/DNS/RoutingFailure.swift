/// Why a destination has nothing to connect to: what the recipients of a message for it are told.
package struct RoutingFailure: Error, Hashable, Sendable {
    package var isPermanent: Bool
    /// RFC 3463 status, for example `5.1.2`.
    package var status: String
    /// One line.
    package var text: String

    package init(isPermanent: Bool, status: String, text: String) {
        self.isPermanent = isPermanent
        self.status = status
        self.text = text
    }

    static func noSuchDomain(_ name: String) -> RoutingFailure {
        RoutingFailure(isPermanent: true, status: "5.1.2", text: "no such domain \(name) in the DNS")
    }

    static func noMailHost(_ name: String) -> RoutingFailure {
        RoutingFailure(isPermanent: true, status: "5.1.2", text: "\(name) has neither mail exchanger nor address")
    }

    /// RFC 7505 section 4.
    static func nullMX(_ name: String) -> RoutingFailure {
        RoutingFailure(
            isPermanent: true, status: "5.1.10", text: "Recipient address has null MX (\(name) does not accept mail)")
    }

    /// SMTP specification, 12.9.
    static func loop(_ name: String) -> RoutingFailure {
        RoutingFailure(
            isPermanent: true, status: "5.4.6",
            text: "mail for \(name) loops back to this host, its best mail exchanger")
    }

    static func noAddress(_ name: String) -> RoutingFailure {
        RoutingFailure(isPermanent: true, status: "5.4.4", text: "no mail exchanger of \(name) has an address")
    }

    static func temporary(_ answer: DNSAnswer) -> RoutingFailure {
        RoutingFailure(
            isPermanent: false, status: "4.4.3",
            text: "DNS lookup of \(answer.question.name) failed temporarily: \(answer.reason)")
    }
}
