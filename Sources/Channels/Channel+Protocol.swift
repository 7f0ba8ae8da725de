import OptionSyntax

extension Channel {
    /// What the channel speaks.
    package enum TransportProtocol: Sendable, Equatable { case none, smtp, lmtp }

    /// Which byte sequences end a line of input.
    package enum LineTerminator: Sendable, Equatable { case crlf, cr, lf, crOrLF }

    /// SMTP, LMTP or neither. A `tcp_*` channel without keyword counts as SMTP (channels specification, section 4.1).
    package var proto: TransportProtocol {
        if has("nosmtp"), settings["nosmtp"] == nil { return name.hasPrefix("tcp_") ? .smtp : .none }
        if settings.keys.contains(where: { $0 == "lmtp" || $0.hasPrefix("lmtp_") }) { return .lmtp }
        return has("nosmtp") ? .none : .smtp
    }

    /// True when a keyword says which protocol it is.
    package var namesProtocol: Bool {
        ChannelKeyword.groups["proto", default: []].contains { settings[$0] != nil }
    }

    /// `smtp` is `smtp_crlf`: nothing but CRLF ends a line.
    package var lineTerminator: LineTerminator {
        for (suffix, terminator) in [("cr", LineTerminator.cr), ("lf", .lf), ("crorlf", .crOrLF)]
        where settings["smtp_" + suffix] != nil || settings["lmtp_" + suffix] != nil {
            return terminator
        }
        return .crlf
    }

    /// RFC 6409 submission server.
    package var isSubmission: Bool { has("submit") }

    /// What happens to lines over 1000 bytes; counts on the initial channel only.
    package enum LongLines: Sendable, Equatable { case truncate, wrap, reject }

    package var longLines: LongLines {
        if has("rejectsmtplonglines") { return .reject }
        return has("wrapsmtplonglines") ? .wrap : .truncate
    }

    /// Whether TLS or AUTH is used.
    package enum Requirement: Sendable, Equatable { case no, may, must }

    package var serverTLS: Requirement { requirement("tlsserver") }
    package var clientTLS: Requirement { requirement("tlsclient") }
    package var serverSASL: Requirement { requirement("saslserver") }
    package var clientSASL: Requirement { requirement("saslclient") }

    private func requirement(_ suffix: String) -> Requirement {
        if has("must" + suffix) { return .must }
        return has("may" + suffix) ? .may : .no
    }

    /// What the channel does about switching by address and by user.
    package enum Switching: Sendable, Equatable {
        /// Starts switching and may be switched to.
        case switches
        /// May be switched to.
        case allows
        /// Neither; `saslswitchchannel` and `tlsswitchchannel` are not affected.
        case never
    }

    package var switching: Switching {
        if has("switchchannel") { return .switches }
        return has("noswitchchannel") ? .never : .allows
    }

    /// Channel option CHECK_SOURCE, 1 unless set: 0 leaves a service's sessions on the channel they start on (channels
    /// specification, section 4.10).
    package var checksSource: Bool { options["check_source"].flatMap(IntegerValue.parse) != 0 }

    /// Channel that the session continues as after AUTH.
    package var saslSwitchChannel: String? { argument("saslswitchchannel")?.lowercased() }

    /// Channel that the session continues as once TLS is established.
    package var tlsSwitchChannel: String? { argument("tlsswitchchannel")?.lowercased() }

    /// Switching by a user's attribute at MAIL FROM is allowed.
    package var switchesByUser: Bool { has("userswitchchannel") }

    /// The client's name may be looked up (PTR), and what of it counts. Channels specification, section 4.10.
    package struct Identification: Sendable, Equatable {
        package var looksUpName: Bool
        /// The name, not only the address, may switch the channel.
        package var switchesByName: Bool
        package var showsName: Bool
        package var showsAddress: Bool
    }

    package var identification: Identification {
        let given = ChannelKeyword.groups["ident", default: []].first { settings[$0] != nil } ?? "identnonenumeric"
        let looksUp = !given.hasSuffix("numeric")
        return Identification(
            looksUpName: looksUp, switchesByName: looksUp && !given.hasSuffix("limited"), showsName: looksUp,
            showsAddress: !given.hasSuffix("symbolic"))
    }

    package var isCHUNKINGServer: Bool { has("chunkingserver") }
    package var isCHUNKINGClient: Bool { has("chunkingclient") }

    /// The client stops at a server that shows our own XLOOP value.
    package var checksLoops: Bool { has("loopcheck") }

    /// Limits of the SMTP server, section 4.8; nil without limit.
    package var recipientLimit: Int? { integer("recipientlimit") }
    package var recipientCutoff: Int? { integer("recipientcutoff") }
    package var deferralRejectLimit: Int? { integer("deferralrejectlimit") }
    package var transactionLimit: Int? { integer("transactionlimit") }
    package var disconnectRecipientLimit: Int? { integer("disconnectrecipientlimit") }
    package var disconnectRejectLimit: Int? { integer("disconnectrejectlimit") }
    package var disconnectTransactionLimit: Int? { integer("disconnecttransactionlimit") }
    package var disconnectBadCommandLimit: Int? { integer("disconnectbadcommandlimit") }
    /// Failed AUTH attempts before the connection is closed.
    package var disconnectBadAuthLimit: Int { integer("disconnectbadauthlimit") ?? 3 }

    /// The client tries EHLO always, only when the banner says ESMTP, never, or (nil) unless the banner holds
    /// `fire away`.
    package enum EHLOPolicy: Sendable, Equatable { case always, checkBanner, never }

    package var ehloPolicy: EHLOPolicy? {
        if has("ehlo") { return .always }
        if has("checkehlo") { return .checkBanner }
        return has("noehlo") ? .never : nil
    }
}
