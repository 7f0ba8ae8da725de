/// What a ``ServerSession`` wants its driver to do. Those marked as questions are answered by
/// ``ServerSession/answered(_:)``; until then the session does nothing else.
package enum ServerAction: Hashable, Sendable {
    /// Write this; nothing need be flushed before ``ServerSession/next()`` gives nil.
    case reply(Reply)
    /// For the log: what the reply that follows is about is no command, or not a well-formed one. `verb`: its beginning,
    /// without what could be a secret.
    case badCommand(verb: String, Reply)
    /// Question: HELO (`extended` false), EHLO or LHLO. Octets of `name` above 127 have become `*` (channels
    /// specification, 8.1). An open transaction is given up by ``abort(_:)`` after acceptance.
    case greeting(name: String, extended: Bool)
    /// Question: the octets after `FROM:`, path and parameters. See ``MailParameters``.
    case mail(ArraySlice<UInt8>)
    /// Question: the octets after `TO:`, path and parameters. See ``RecipientParameters``.
    case recipient(ArraySlice<UInt8>)
    /// Question: content is about to come. Refusing ends the transaction.
    case beginData
    /// The next piece of content; line ends are CRLF.
    case content([UInt8])
    /// Question: all content has been given. Only asked when the session itself found nothing to refuse. The
    /// transaction ends with the answer.
    case endOfData(ContentFindings)
    /// The transaction is over without a message: whatever was collected goes away.
    case abort(AbortReason)
    /// Question: AUTH with one of the mechanisms offered, in upper case, and the initial response as it came: base64, `=`
    /// for an empty one, nil for none (RFC 4954 section 4).
    case authenticate(mechanism: String, response: ArraySlice<UInt8>?)
    /// Question: the client's answer to a challenge, in base64 as it came.
    case authenticationResponse(ArraySlice<UInt8>)
    /// Write what is pending and begin the TLS handshake; ``ServerSession/tlsEstablished()`` tells how it ended. What
    /// comes before that is not the client's under TLS and goes nowhere.
    case startTLS
    /// Question: the argument of VRFY.
    case verify(ArraySlice<UInt8>)
    /// Question: the argument of EXPN.
    case expand(ArraySlice<UInt8>)
    /// Question: ETRN (RFC 1985) with this argument.
    case remoteQueueStart(ArraySlice<UInt8>)
    /// Question: one of the private commands that ``ServerOptions/privateCommands`` allows, and its argument.
    case privateCommand(String, argument: ArraySlice<UInt8>)
    /// Question: XCLIENT says who the client is, or XFORWARD where the next message came from. After XCLIENT the session
    /// is as at its beginning, with the options the driver sets before it answers.
    case attributes(ClientAttributes.Command, ClientAttributes)
    /// Write what is pending and close; nothing comes after this.
    case close
}

/// Why a transaction ended without a message.
package enum AbortReason: Hashable, Sendable {
    case reset
    /// A second HELO, EHLO or LHLO.
    case greeting
    /// DATA or BDAT was refused, by the driver or by `recipientcutoff`.
    case dataRefused(Reply)
    /// The content was refused by the session; the reply says why.
    case contentRefused(Reply, ContentFindings)
    case timedOut
    /// QUIT, lost connection, shutdown, a limit that disconnects.
    case sessionEnded
}

/// The answer to a question of ``ServerAction``.
package enum ServerAnswer: Hashable, Sendable {
    /// Yes. Nil: the usual reply; to ``ServerAction/greeting(name:extended:)`` and ``ServerAction/beginData`` nothing
    /// else is right.
    case accept(Reply?)
    case refuse(Reply)
    case refuseAndClose(Reply)
    /// AUTH: the exchange goes on with this challenge, in base64; may be empty.
    case challenge(String)
    /// LMTP, end of data: one reply for each accepted recipient, in order.
    case acceptEach([Reply])
}

/// Which time limit is in force (smtp specification, 6.1).
package enum ServerTimeout: Hashable, Sendable {
    /// None: the session waits for its driver.
    case none
    /// COMMAND_RECEIVE_TIME: default 10 minutes, from the last change of ``ServerSession/progress``.
    case command
    /// DATA_RECEIVE_TIME: default 5 minutes, from the last change of ``ServerSession/progress``.
    case data

    /// Whether data comes too slowly: after the first 10 minutes of a DATA or BDAT phase at least 100 octets a second
    /// on average are required; if so, the driver calls ``ServerSession/timedOut()``.
    /// `octets`: ``ServerSession/contentOctets``.
    package static func isTooSlow(octets: Int64, seconds: Int64) -> Bool {
        seconds > 600 && octets / seconds < 100
    }
}
