extension ClientSession {
    /// What is awaited, for the time limit in force.
    package enum Phase: Hashable, Sendable {
        case banner, initialCommand, hello, startTLS, handshake, authentication, remoteQueueStart, mail, recipient,
            dataCommand, chunk,
            finalReply, reset, quit
        /// Nothing: no transaction is under way.
        case idle
        /// Our own content is being sent.
        case content
    }
}

extension ClientSession.Phase {
    /// For errors: what the answer was due to.
    var words: String {
        switch self {
        case .banner: "the connection"
        case .initialCommand: "the initial command"
        case .hello: "EHLO"
        case .startTLS, .handshake: "STARTTLS"
        case .authentication: "AUTH"
        case .remoteQueueStart: "ETRN"
        case .mail: "MAIL"
        case .recipient: "RCPT"
        case .dataCommand: "DATA"
        case .chunk, .finalReply, .content: "the message"
        case .reset: "RSET"
        case .quit: "QUIT"
        case .idle: "nothing"
        }
    }
}
