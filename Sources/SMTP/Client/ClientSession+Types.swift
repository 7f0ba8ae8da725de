/// What a client session is told, and what it says.
extension ClientSession {
    package struct Options: Hashable, Sendable {
        /// The name given in EHLO.
        package var hostName: String
        /// HELO at once: the server dropped an earlier connection when it heard EHLO.
        package var usesHELO: Bool
        /// LHLO, and one reply per recipient after the final dot (RFC 2033).
        package var isLMTP: Bool
        /// STARTTLS behind the first EHLO (RFC 3207).
        package var tls: TLSUse
        /// Our own XLOOP value; a server that shows the same one is this installation. Empty: no check.
        package var xloop: String
        /// AUTH behind the last EHLO (RFC 4954).
        package var authentication = AuthenticationUse.never
        /// INITIAL_COMMAND: sent before EHLO, whatever the answer. Empty: none.
        package var initialCommand = ""
        /// `sendetrn`: the name for ETRN, where the server offers it (RFC 1985). Empty: none.
        package var remoteQueueStart = ""

        package init(
            hostName: String, usesHELO: Bool = false, isLMTP: Bool = false, tls: TLSUse = .never, xloop: String = ""
        ) {
            self.hostName = hostName
            self.usesHELO = usesHELO
            self.isLMTP = isLMTP
            self.tls = tls
            self.xloop = xloop
        }
    }

    /// Whether a session is protected by TLS.
    package enum TLSUse: Hashable, Sendable {
        case never
        /// `maytlsclient`: when the server offers it.
        case ifOffered
        /// `musttlsclient`: or no mail is sent.
        case required
    }

    /// Whether the client logs in.
    package enum AuthenticationUse: Hashable, Sendable {
        case never
        /// `maysaslclient`: when it can; otherwise mail goes without.
        case ifPossible
        /// `mustsaslclient`: or no mail is sent.
        case required
    }

    /// Why no transaction is possible on this connection, or no further one.
    package enum Failure: Hashable, Sendable {
        /// 5yz at the banner, or to HELO.
        case refusedForGood(ReceivedReply)
        /// 4yz at the banner or to HELO, 421 at any time.
        case refusedForNow(ReceivedReply)
        /// The connection ended without a reply that was due; `atEHLO`: in answer to EHLO.
        case connectionLost(atEHLO: Bool)
        case timedOut(Phase)
        /// What came is no SMTP.
        case malformed(String)
        /// The server is this installation.
        case loop
        /// TLS is required, and the server does not offer it, refuses it, or the handshake failed. The text says which.
        case tlsMissing(String)
        /// The handshake failed, and the mail may go without TLS: on another connection, this one is of no use.
        case handshakeFailed(String)
        /// Authentication is required, and could not be had. The text says why.
        case authenticationMissing(String)
    }

    package enum Action: Hashable, Sendable {
        case send([UInt8])
        /// Begin the TLS handshake; ``tlsEstablished()`` or ``handshakeFailed(_:)`` tells how it ended.
        case startTLS
        /// Which of these mechanisms, in upper case, is to be used for AUTH?
        case chooseMechanism([String])
        /// A challenge of the server, in base64.
        case challenge(String)
        /// The server says that authentication has succeeded.
        case authenticated
        /// EHLO or HELO was answered: transactions may begin.
        case ready(ServerExtensions)
        /// The oldest transaction's content is wanted: by DATA dot-stuffed with the final dot, by BDAT in chunks, each
        /// but the last followed by ``chunkSent()``; then ``contentSent()``.
        case sendContent
        /// The oldest transaction has ended; one result for each recipient.
        case completed([RecipientResult])
        /// The session is over. `interrupted`: for each transaction that was begun and has no result, what is to be
        /// reported, the oldest first.
        case failed(Failure, interrupted: [[RecipientResult]])
        /// QUIT was answered, or nothing is left to do: close.
        case close
    }
}
