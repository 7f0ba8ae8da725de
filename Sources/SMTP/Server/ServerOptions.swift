/// How a session behaves: a part of the configuration snapshot, made for one connection. Channel keywords follow the
/// current channel, so the driver sets new options when the channel switches (smtp specification, 1).
package struct ServerOptions: Hashable, Sendable {
    package enum Service: Hashable, Sendable {
        case smtp
        /// Submission (RFC 6409): EHLO without a name is accepted.
        case submission
        /// LMTP (RFC 2033): LHLO only, one reply per recipient after the data.
        case lmtp
    }

    package var service = Service.smtp
    /// BANNER_HOST, else the official host name.
    package var hostName: String
    /// Address of the client without brackets, for the reply to HELO.
    package var clientAddress: String
    /// `<product> <version> 64bit (built Mon DD YYYY)`.
    package var productVersion: String
    /// CUSTOM_VERSION_STRING: all of the banner after the host name.
    package var customVersion: String?
    /// BANNER_ADDITION; `|` separates lines. Empty: none.
    package var bannerAddition = ""
    /// EHLO_ADDITION; `|` separates keywords. Empty: none.
    package var ehloAddition = ""
    /// Octets of a message, above 0; nil: no limit. SIZE in EHLO.
    package var sizeLimit: Int64?
    /// Always that of the initial channel (smtp specification, 7.3).
    package var longLines = LongLines.truncate
    /// `chunkingserver`.
    package var offersChunking = true
    /// RFC 6531.
    package var offersSMTPUTF8 = false
    /// EXPN is answered at all: DISABLE_EXPAND and the `expn*` keywords.
    package var allowsExpand = false
    /// EXPN is listed in EHLO: `expnallow`.
    package var advertisesExpand = false
    /// ETRN is done, and listed in EHLO: not with `disableetrn`.
    package var offersRemoteQueueStart = false
    /// The private commands that are answered (smtp specification, 9), in upper case; all are disabled unless set.
    package var privateCommands: Set<String> = []
    /// DISABLE_SEND=0: SEND, SAML and SOML are done as MAIL is.
    package var allowsSend = false
    package var extensions = ServerExtensionOptions()
    /// Seconds since 1970, as the driver says: dates in EHLO and MAIL FROM are judged by it.
    package var now: Int64 = 0
    /// STARTTLS is done, and listed in EHLO, while the connection has no TLS.
    package var offersTLS = false
    /// In upper case; listed in EHLO until the client is authenticated. Empty: SASL is off, or waits for TLS.
    package var authenticationMechanisms: [String] = []
    /// SASL is on, and its mechanisms are kept back until the connection is protected.
    package var authenticationNeedsTLS = false
    /// The connection is protected by TLS.
    package var usesTLS = false
    package var isAuthenticated = false
    /// `musttlsserver`.
    package var requiresTLS = false
    /// `mustsaslserver`.
    package var requiresAuthentication = false
    /// `refuseehlo`: only HELO is known.
    package var refusesEHLO = false
    /// MAX_HELO_DOMAIN_LENGTH in octets; nil: no limit.
    package var longestGreetingName: Int?
    /// XLOOP: 32 hexadecimal digits that stand for the installation.
    package var xloop: String
    /// `sourcenosolicit`: solicitation keywords that are refused (RFC 3865), as listed in EHLO; usually empty.
    package var refusedSolicitations: [String] = []
    package var limits = ServerLimits()

    package init(hostName: String, clientAddress: String, productVersion: String, xloop: String) {
        self.hostName = hostName
        self.clientAddress = clientAddress
        self.productVersion = productVersion
        self.xloop = xloop
    }
}

/// The extensions that are there when configured: row 16 of the master table (smtp specification, 3.2).
package struct ServerExtensionOptions: Hashable, Sendable {
    /// BINARYMIME (RFC 3030): BODY=BINARYMIME is taken, and its content by BDAT as it is.
    package var offersBinaryMIME = false
    /// FUTURERELEASE (RFC 4865): the most seconds that a message is held; nil: not offered.
    package var longestHold: Int64?
    /// DELIVERBY (RFC 2852): the fewest seconds for mode R, 0 for no minimum; nil: not offered.
    package var shortestDeliverBy: Int64?
    /// MT-PRIORITY (RFC 6710): the priorities given as asked for; nil: not offered.
    package var priorities: ClosedRange<Int>?
    /// LIMITS (RFC 9422) shows the limits of transactions and recipients.
    package var showsLimits = false

    package init() {}
}

/// What a peer may do whatever channel its session is on; stays as it is when the options are replaced.
package struct PeerTrust: Hashable, Sendable {
    /// The peer may say who is behind it by XCLIENT.
    package var takesXCLIENT = false
    /// The peer may say where a message came from by XFORWARD.
    package var takesXFORWARD = false
    /// `$V` of PORT_ACCESS: the private commands are answered whatever the options say (smtp specification, 9).
    package var enablesPrivateCommands = false

    package init() {}
}

/// The limits of a session (smtp specification, 6). Nil: none.
package struct ServerLimits: Hashable, Sendable {
    /// ALLOW_TRANSACTIONS_PER_SESSION.
    package var transactions: Int?
    /// TRANSACTION_LIMIT_RCPT_TO: the limit above refuses at RCPT TO instead of MAIL FROM.
    package var refusesTransactionAtRecipient = false
    /// `transactionlimit`.
    package var channelTransactions: Int?
    /// `error_text_transaction_limit_exceeded`.
    package var transactionText = "number of transactions exceeds allowed maximum"
    /// ALLOW_RECIPIENTS_PER_TRANSACTION; counts VRFY as well.
    package var recipients: Int? = 128
    /// `recipientlimit`.
    package var channelRecipients: Int?
    /// `error_text_recipient_over`.
    package var recipientText = "too many recipients specified"
    /// `use_permanent_error` bit 4: 550 instead of 452.
    package var recipientOverflowIsPermanent = false
    /// REJECT_RECIPIENTS_PER_TRANSACTION or `recipientcutoff`, the lower one.
    package var recipientCutoff: Int?
    /// ALLOW_REJECTIONS_BEFORE_DEFERRAL or `deferralrejectlimit`, the lower one.
    package var rejectionsBeforeDeferral: Int?
    /// `disconnecttransactionlimit`.
    package var disconnectTransactions: Int?
    /// `disconnectrecipientlimit`.
    package var disconnectRecipients: Int?
    /// `disconnectrejectlimit`.
    package var disconnectRejections: Int?
    /// `disconnectbadcommandlimit`.
    package var disconnectBadCommands: Int?
    /// `disconnectbadauthlimit`.
    package var disconnectBadAuthentications = 3
    /// ALLOW_ETRNS_PER_SESSION.
    package var remoteQueueStarts = 1

    package init() {}
}
