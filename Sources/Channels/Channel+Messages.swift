extension Channel {
    /// Domains that complete addresses without one: for header and MAIL FROM, and for RCPT TO.
    ///
    /// Channels specification, section 4.9.
    package var defaultHosts: [String] { settings["defaulthost"]?.arguments ?? [] }

    /// `nodefaulthost` was given: nothing is completed.
    package var refusesDefaultHost: Bool { settings["nodefaulthost"] != nil }

    /// Bare local parts are completed with the client's name.
    package var usesRemoteHost: Bool { has("remotehost") }

    /// Bare local parts are completed with the domain of the authenticated user.
    package var usesAuthenticatedHost: Bool { has("authhost") }

    package var isLogging: Bool { has("logging") }
    /// `logheader`: bit 0 for header lines at dequeue, bit 1 at enqueue; nil: as the option `log_header` says.
    package var loggedHeader: Int? { integer("logheader") }
    package var isMasterDebugging: Bool { has("master_debug") }

    /// An address that lands here and still holds a route loses the outer host and is rewritten again.
    package var routesLocally: Bool { has("routelocal") }

    /// Only addresses that came out of an alias may be queued here.
    package var requiresAlias: Bool { has("viaaliasrequired") }

    /// Addresses of this channel are looked up as aliases too.
    package var looksUpAliases: Bool { name == "l" || has("aliaslocal") }

    /// `exproute`: addresses of this channel get a source route through us in mail on other channels.
    package var routesExported: Bool { has("exproute") }

    /// `improute`: in mail on this channel addresses of the others do.
    package var routesImported: Bool { has("improute") }

    /// `restricted`: local parts that need quotes are written in the way of RFC 1137.
    package var usesRestrictedEncoding: Bool { has("restricted") }

    /// Rewrite rules may ask for this channel (`$M`, `$N`, `$Q`, `$C`).
    package var appliesRules: Bool { has("rules") }

    /// Address reversal applies to mail queued here.
    package var reversesAddresses: Bool { has("reverse") }

    /// How far an alias look-up leaves the subaddress out.
    package enum Subaddress: Sendable, Equatable { case exact, wild, relaxed }

    package var subaddress: Subaddress {
        if has("subaddressexact") { return .exact }
        return has("subaddresswild") ? .wild : .relaxed
    }

    /// Largest message queued here, in MTA blocks; nil without limit.
    package var blockLimit: Int? { integer("blocklimit") }
    /// Largest message accepted from here, in MTA blocks.
    package var sourceBlockLimit: Int? { integer("sourceblocklimit") }
    /// Most lines of a message queued here.
    package var lineLimit: Int? { integer("linelimit") }

    /// When the postmaster gets a copy of a notice.
    package enum PostmasterCopy: Sendable, Equatable {
        case always
        /// Unless the envelope From of the failing message is empty.
        case unlessEmptySender
        /// Only when the notice cannot be returned.
        case onlyUndeliverable
        case never
    }

    /// For failures.
    package var failureCopy: PostmasterCopy { copy("sendpost") ?? .never }

    /// For warnings; what failures do when nothing is said.
    package var warningCopy: PostmasterCopy { copy("warnpost") ?? failureCopy }

    private func copy(_ kind: String) -> PostmasterCopy? {
        if settings[kind] != nil { return .always }
        if settings["copy" + kind] != nil { return .unlessEmptySender }
        if settings["err" + kind] != nil { return .onlyUndeliverable }
        return settings["no" + kind] != nil ? .never : nil
    }

    /// Copies for the postmaster hold the header only.
    package var sendsPostmasterHeaderOnly: Bool { has("postheadonly") }

    /// From address of notices, nil for the MTA option's.
    package var returnAddress: String? { argument("returnaddress") }
    package var returnPersonal: String? { argument("returnpersonal") }

    /// First channel of delivery status notifications.
    package var notificationChannel: String { argument("notificationchannel")?.lowercased() ?? "process" }

    /// message/partial goes to the `defragment` channel first.
    package var defragments: Bool { has("defragment") }

    /// How Sieve `fileinto` changes the recipient address.
    package var fileInto: String? { argument("fileinto") }

    /// Recipients that are handled at once; the rest goes to `expandChannel` as one copy. Nil without limit.
    /// It does not count on `l` and on reprocess channels, where `defaults` may have put it.
    package var expandLimit: Int? { mayExpandElsewhere ? integer("expandlimit") : nil }
    /// False on the channels that do the expanding themselves (channels specification, section 4.8).
    package var mayExpandElsewhere: Bool { name != "l" && name != "reprocess" && !name.hasPrefix("reprocess_") }
    package var expandChannel: String { argument("expandchannel")?.lowercased() ?? "reprocess" }
    /// Recipients above which the message is held.
    package var holdLimit: Int? { integer("holdlimit") }

    /// `Return-path:` is added to mail queued here: by default on `ims-ms` and LMTP channels.
    package var addsReturnPath: Bool {
        if settings["addreturnpath"] != nil { return true }
        if settings["noaddreturnpath"] != nil { return false }
        return name == "ims-ms" || name.hasPrefix("ims-ms_") || proto == .lmtp
    }

    /// The recipient is named in our `Received:` when there is exactly one.
    package var showsReceivedFor: Bool { has("receivedfor") }

    /// The envelope From as it was given is named in our `Received:` when the MTA has changed it.
    package var showsReceivedFrom: Bool { has("receivedfrom") }

    /// 0 to 6, nil for the MTA option's.
    package var missingRecipientPolicy: Int? { integer("missingrecipientpolicy") }

    /// What happens to 8-bit data.
    package enum EightBit: Sendable, Equatable { case pass, negotiate, strict, encode }

    /// `utf8strict`: as `eightstrict`, and under SMTPUTF8 8-bit headers are UTF-8.
    package var requiresValidUTF8: Bool { has("utf8strict") }

    package var eightBit: EightBit {
        if has("eightbit") { return .pass }
        if has("eightstrict") || requiresValidUTF8 { return .strict }
        return has("sevenbit") ? .encode : .negotiate
    }
}
