/// AUTH of the client (RFC 4954; smtp specification, 15.3). The session asks its driver, which has the mechanisms and the
/// secrets: ``Action/chooseMechanism(_:)`` is answered by ``authenticate(_:initialResponse:)`` or ``goOn(without:)``,
/// ``Action/challenge(_:)`` by ``respond(_:)`` or ``cancelAuthentication(_:)``, and ``Action/authenticated`` by
/// ``acceptAuthentication()`` or ``goOn(without:)``.
extension ClientSession {
    /// Longest command line with an initial response, without CRLF; a longer response follows the server's 334
    /// (RFC 4954 section 4).
    private static let longestCommand = 510

    /// Begins an exchange. `initialResponse`: base64, `=` for one of no octets; nil: the server speaks first.
    package mutating func authenticate(_ mechanism: String, initialResponse: String?) {
        guard stage == .authenticating else { return }
        var line = "AUTH \(mechanism)"
        delayedResponse = nil
        if let response = initialResponse {
            if line.utf8.count + 1 + response.utf8.count <= Self.longestCommand {
                line += " " + response
            } else {
                delayedResponse = response
            }
        }
        say(line)
    }

    /// The client's response to a challenge, in base64.
    package mutating func respond(_ response: String) {
        guard stage == .authenticating else { return }
        say(response)
    }

    /// The challenge is none that can be answered: the exchange is given up, because of `reason`.
    package mutating func cancelAuthentication(_ reason: String) {
        guard stage == .authenticating else { return }
        cancelReason = reason
        say("*")
    }

    /// The exchange has succeeded, in the eyes of the driver too.
    package mutating func acceptAuthentication() {
        guard stage == .authenticating else { return }
        establish()
    }

    /// There is no authentication, or none to believe in: mail goes without, where that is allowed.
    package mutating func goOn(without reason: String) {
        guard stage == .authenticating else { return }
        guard options.authentication == .required else { return establish() }
        fail(.authenticationMissing(reason), reason)
    }

    mutating func beginAuthentication() {
        stage = .authenticating
        emit(.chooseMechanism(extensions.authMechanisms))
    }

    mutating func authenticationAnswered(_ reply: ReceivedReply) {
        guard stage == .authenticating else { return }
        switch reply.code {
        case 334 where delayedResponse != nil:
            let response = delayedResponse ?? ""
            delayedResponse = nil
            say(response)
        case 334 where cancelReason == nil: emit(.challenge(reply.lines.first ?? ""))
        case 235 where cancelReason == nil: emit(.authenticated)
        default:
            let reason = cancelReason ?? "authentication was refused: \(reply.text)"
            cancelReason = nil
            goOn(without: reason)
        }
    }

    private mutating func say(_ line: String) {
        expectAuthentication()
        emit(.send(Array("\(line)\r\n".utf8)))
    }
}
