package import Channels

/// The bits of RETURN_ENVELOPE and `returnenvelope` (notifications-logging specification, 1.1 rule 7).
package struct ReturnEnvelope: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Notifications come from the postmaster instead of from nobody.
    package static let noticesFromPostmaster = ReturnEnvelope(rawValue: 1)
    /// Every empty envelope From becomes the postmaster.
    package static let emptyIsPostmaster = ReturnEnvelope(rawValue: 2)
    /// MAIL FROM must rewrite to a channel.
    package static let mustRewrite = ReturnEnvelope(rawValue: 4)
    /// The domain of MAIL FROM must be in the DNS.
    package static let mustResolve = ReturnEnvelope(rawValue: 8)
    /// A local MAIL FROM must be somebody's address.
    package static let mustBeUser = ReturnEnvelope(rawValue: 16)
    /// With ``mustResolve``: a domain that says that it takes no mail (RFC 7505) is refused too.
    package static let mustTakeMail = ReturnEnvelope(rawValue: 64)
}

extension MTAConfiguration {
    /// As the channel says, else as the MTA option does. Bits that are not known mean nothing.
    package func returnEnvelope(of channel: Channel?) -> ReturnEnvelope {
        let own = channel?.integer("returnenvelope").flatMap { UInt32(exactly: $0) }
        return ReturnEnvelope(rawValue: own ?? mta.returnEnvelope)
    }
    /// Whether nobody is to be told of the failure of mail with that envelope From: it is empty, or the postmaster where
    /// RETURN_ENVELOPE, of whatever channel the mail came by, puts it in place of the empty one.
    package func isNobody(_ sender: String) -> Bool {
        if sender.isEmpty { return true }
        guard sender.lowercased() == "postmaster@\(channels.localHost)".lowercased() else { return false }
        let bits: ReturnEnvelope = [.noticesFromPostmaster, .emptyIsPostmaster]
        return ([nil] + channels.channels).contains { !returnEnvelope(of: $0).isDisjoint(with: bits) }
    }
}
