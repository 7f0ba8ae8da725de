// The replies of the server, by the situations of the smtp specification, 4, 4.1, 5 and 10.

extension Reply {
    // MARK: Success

    /// `hasOptions`: MAIL FROM had parameters.
    package static func mailAccepted(hasOptions: Bool) -> Reply {
        hasOptions ? mailWithOptions : mailPlain
    }

    private static let mailPlain = Reply(250, "2.5.0", "Address Ok.")
    private static let mailWithOptions = Reply(250, "2.5.0", "Address and options OK.")

    /// `address`: as the client gave it, without angle brackets.
    package static func recipientAccepted(_ address: String, hasOptions: Bool) -> Reply {
        Reply(250, "2.1.5", hasOptions ? "\(address) and options OK." : "\(address) OK.")
    }

    package static let ok = Reply(250, "2.5.0", "Ok.")
    package static let enterMail = Reply(354, nil, "Enter mail, end with a single \".\".")
    package static let goodbye = Reply(221, "2.3.0", "Bye received. Goodbye.")

    /// `id`: the envelope id without host (smtp specification, 8.3).
    package static func messageAccepted(envelopeID id: String, host: String) -> Reply {
        Reply(250, "2.5.0", "Ok, envelope id \(id)@\(host)")
    }

    /// VRFY with HIDE_VERIFY, the address may be local.
    package static func possibleLocalAddress(_ address: String) -> Reply {
        Reply(252, "2.5.0", "Possible local address <\(address)>")
    }

    /// VRFY of what is not local.
    package static let possibleRemoteAddress = Reply(252, "2.5.0", "Possible remote address not checked")

    static func help(_ service: ServerOptions.Service) -> Reply {
        let greetings = service == .lmtp ? "LHLO" : "HELO EHLO"
        let lines = [
            "Commands:", "\(greetings) MAIL RCPT DATA BDAT RSET", service == .lmtp ? "VRFY" : "VRFY EXPN",
            "NOOP HELP QUIT",
        ]
        return Reply(code: 214, enhancedStatus: "2.0.0", lines: lines)
    }

    // MARK: Refusals of addresses

    /// The address is no address; `text` is what the client gave.
    package static func addressSyntax(status: String = "5.1.3", reason: String, text: String) -> Reply {
        Reply(553, status, "\(reason): \(text)")
    }

    /// A refusal that concerns an address: `unknown host or domain: address`.
    package static func refused(_ code: Int, _ status: String, _ text: String, address: String) -> Reply {
        Reply(code, status, "\(text): \(address)")
    }

    // MARK: Syntax and sequence

    static func unknownCommand(_ verb: String) -> Reply {
        Reply(500, "5.5.1", "Unknown command \"\(verb)\" specified")
    }

    static let lineTooLong = Reply(500, "5.5.2", "Command line too long")
    static let lineNotEndedByCRLF = Reply(500, "5.5.2", "Command lines must end in CRLF")
    static let invalidCharacter = Reply(500, "5.5.2", "Invalid character in command")
    static let domainRequired = Reply(501, "5.5.4", "Domain name required")
    static let domainTooLong = Reply(501, "5.5.4", "Domain name too long")

    static func malformed(expected: String) -> Reply { Reply(501, "5.5.4", "Syntax error, expected: \(expected)") }

    static func notImplemented(_ verb: String) -> Reply { Reply(502, "5.5.1", "\(verb) command is not available") }

    static let parameterSyntax = Reply(501, "5.5.4", "Syntax error in parameters")

    static func invalidParameterValue(_ keyword: String) -> Reply {
        Reply(501, "5.5.4", "Invalid value for parameter \(keyword)")
    }

    static func repeatedParameter(_ keyword: String) -> Reply {
        Reply(501, "5.5.4", "Parameter \(keyword) given more than once")
    }

    static func unsupportedParameter(_ keyword: String) -> Reply {
        Reply(555, "5.5.4", "Unsupported parameter \(keyword)")
    }

    static func unsupportedAttribute(_ name: String) -> Reply {
        Reply(501, "5.5.4", "Unsupported attribute \(name)")
    }

    static let noMail = Reply(503, "5.5.0", "No MAIL FROM command has been given.")
    static let mailRepeated = Reply(503, "5.5.0", "MAIL FROM has already been given.")
    static let noRecipients = Reply(503, "5.5.0", "No recipients specified")
    static let noValidRecipients = Reply(503, "5.5.0", "No valid recipients specified")
    static let lastChunkMissing = Reply(503, "5.5.0", "No BDAT LAST command has been given.")
    static let unknownMechanism = Reply(504, "5.5.4", "Unknown authentication mechanism")
    static let authenticationRequired = Reply(530, "5.7.0", "No AUTH command has been given.")
    static let tlsRequired = Reply(530, "5.7.0", "No STARTTLS command has been given.")
    static let tlsReady = Reply(220, "2.5.0", "Go ahead with TLS negotiation.")
    static let tlsInUse = Reply(503, "5.5.0", "TLS is in use already.")
    static let dataBehindStartTLS = Reply(554, "5.7.0", "Nothing may follow STARTTLS before the TLS negotiation")
    static let authenticationRepeated = Reply(503, "5.5.0", "AUTH has already been done.")
    static let authenticationCancelled = Reply(501, "5.7.0", "Authentication cancelled.")
    static let authenticationLineTooLong = Reply(500, "5.5.6", "Authentication exchange line is too long")

    static func notInTransaction(_ verb: String) -> Reply {
        Reply(503, "5.5.0", "\(verb) is not allowed in a mail transaction.")
    }

    static let expandDisabled = Reply(550, "5.7.2", "EXPN command has been disabled")

    static func privateCommandDisabled(_ verb: String) -> Reply {
        Reply(550, "5.7.0", "\(verb) command has been disabled.")
    }

    /// MAIL FROM asked for a body that only BDAT can carry (RFC 3030 section 3).
    static let binaryNeedsChunks = Reply(503, "5.5.0", "BODY=BINARYMIME needs BDAT in place of DATA.")
    static let etrnSessionLimit = Reply(458, "4.7.1", "ETRN session limit reached")

    // MARK: Limits

    static let noMoreTransactions = Reply(451, "4.5.3", "No more transactions allowed")
    static let tooManyRejections = Reply(452, "4.5.3", "Too many rejections; try again later")
    static let envelopeCutOff = Reply(451, "4.4.5", "Error ending envelope - Too many recipients specified")

    static func disconnecting(_ limit: String) -> Reply {
        Reply(450, "4.7.0", "Session \(limit) limit reached; disconnecting")
    }

    // MARK: Content

    /// `limit` in octets.
    package static func sizeLimitExceeded(_ limit: Int64) -> Reply {
        Reply(552, "5.3.4", "channel limit of \(limit / 1024) kilobytes on message size exceeded")
    }

    static let chunkTooLarge = Reply(552, "5.3.4", "Chunk is larger than this server takes")
    static let bareLineEnd = Reply(550, "5.6.0", "bare CR or LF encountered; message rejected")
    static let longLine = Reply(550, "5.6.0", "lines longer than SMTP allows encountered; message rejected")

    // MARK: End of session

    static let commandTimeout = Reply(421, "4.4.2", "Timeout while waiting for command.")
    static let dataTimeout = Reply(421, "4.4.2", "Timeout while receiving message data.")
    /// The worker was told to stop.
    package static let shuttingDown = Reply(421, "4.3.2", "Service shutting down, closing connection")
}
