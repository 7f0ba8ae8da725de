extension ClientSession.Phase {
    /// For errors: what the answer was due to.
    var words: String {
        switch self {
        case .banner: "the connection"
        case .initialCommand: "the initial command"
        case .hello: "EHLO"
        case .startTLS, .handshake: "STARTTLS"
        case .authentication: "AUTH"
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
