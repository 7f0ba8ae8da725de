/// What the SMTP server of a source channel checks and how it answers. Channels specification, sections 4.7, 4.8, 4.10 and
/// 4.11; which of it is in effect says the keyword table.
extension Channel {
    /// What is done about the name that reverse DNS gave.
    package enum ForwardCheck: Sendable, Equatable {
        /// It is taken as it is.
        case none
        /// When it does not lead back to the address, it is marked with an asterisk in `Received:`.
        case tag
        /// When it does not lead back, it is forgotten.
        case delete
    }

    package var forwardCheck: ForwardCheck {
        if has("forwardchecktag") { return .tag }
        return has("forwardcheckdelete") ? .delete : .none
    }

    /// MAIL FROM with a domain that takes no mail is refused.
    package var verifiesSenderDomain: Bool { has("mailfromdnsverify") }

    /// When the sender policy is asked for.
    package struct SenderPolicyCheck: Sendable, Equatable {
        /// When the domain of MAIL FROM is checked.
        package enum Sender: Sendable, Equatable { case never, atMailFrom, atRecipient }

        package var checksHELO: Bool
        package var sender: Sender
    }

    package var senderPolicyCheck: SenderPolicyCheck {
        SenderPolicyCheck(
            checksHELO: has("spfhelo"),
            sender: has("spfmailfrom") ? .atMailFrom : has("spfrcptto") ? .atRecipient : .never)
    }

    /// How much VRFY and EXPN tell.
    package enum Detail: Sendable, Equatable {
        case detailed
        /// As the channel options HIDE_VERIFY and DISABLE_EXPAND say.
        case byOption
        case nothing
    }

    package var verifyDetail: Detail { has("vrfyallow") ? .detailed : has("vrfyhide") ? .nothing : .byOption }
    package var expandDetail: Detail { has("expnallow") ? .detailed : has("expndisable") ? .nothing : .byOption }

    /// All recipients are accepted, and those that are not valid bounce later.
    package var acceptsAllAddresses: Bool { has("acceptalladdresses") }

    /// Recipients with a temporary error are accepted and parked, in place of being deferred in the dialogue.
    package var acceptsTemporaryFailures: Bool { has("accepttemporaryfailures") }

    /// `authrewrite`: what becomes of the authenticated address.
    package struct AuthenticatedAddressUse: Sendable, Hashable {
        package enum Action: Int, Sendable {
            case nothing = 0
            /// `Sender:`, or `Resent-sender:` in resent mail.
            case addSenderOrResentSender
            case addSender
            /// The mapping AUTH_REWRITE is asked, with the Resent- fields in resent mail.
            case probeWithResent
            case probe
            /// `From:`, or `Resent-From:` in resent mail.
            case addFromOrResentFrom
            case addFrom
        }

        package var action: Action
        /// Bit 4: the mapping is asked without authentication too.
        package var probesAlways: Bool
        /// Bit 5: probes begin with the source channel and a vertical bar.
        package var prefixesChannel: Bool
    }

    package var authenticatedAddressUse: AuthenticatedAddressUse {
        let bits = integer("authrewrite") ?? 0
        return AuthenticatedAddressUse(
            action: .init(rawValue: bits & 15) ?? .nothing, probesAlways: bits & 16 != 0,
            prefixesChannel: bits & 32 != 0)
    }

    /// Name and password with which the client authenticates.
    package struct ClientCredentials: Sendable, Equatable {
        package var user: String
        package var password: String
    }

    /// From the keywords, else from the channel options of the same name; nil unless both are there.
    package var clientCredentials: ClientCredentials? {
        guard let user = argument("authusername") ?? options["auth_username"],
            let password = argument("authpassword") ?? options["auth_password"]
        else { return nil }
        return ClientCredentials(user: user, password: password)
    }

    /// Host or channel tag to which directory addresses go before their mailHost is looked at.
    package var aliasDetourHost: String? { argument("aliasdetourhost") }
}
