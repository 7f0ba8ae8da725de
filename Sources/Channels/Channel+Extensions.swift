import OptionSyntax

/// What the SMTP server offers on a channel beyond what every channel has.
extension Channel {
    /// Which ETRN commands are honoured from this source channel (smtp specification, 10.3).
    package enum RemoteQueueStarts: Sendable, Equatable {
        /// All; `echo`: the reply names the channel.
        case all(echo: Bool)
        /// Only arguments with `@`.
        case domains
        case none
    }

    package var remoteQueueStarts: RemoteQueueStarts {
        if has("disableetrn") { return .none }
        if has("domainetrn") { return .domains }
        return .all(echo: has("allowetrn"))
    }

    /// ETRN may not start this destination channel.
    package var blocksRemoteQueueStarts: Bool { settings["blocketrn"] != nil }

    /// SMTPUTF8 is offered. The default `utf8negotiate` does not count: row 16 of the EHLO table wants it configured (smtp
    /// specification, 3.2 and worked example S-2).
    package var offersSMTPUTF8: Bool { settings["utf8negotiate"] != nil || requiresValidUTF8 }

    /// Our server refuses EHLO, so that clients use HELO.
    package var refusesEHLO: Bool { has("refuseehlo") }

    /// ETRN with this name is sent to servers that offer it.
    package var remoteQueueStartRequest: String? { argument("sendetrn") }

    /// Seconds that a client may have a message held (RFC 4865); nil: not offered.
    package var futureRelease: Int? { integer("futurerelease") }

    /// `mtprioritiesallowed`: the transfer priorities that are given as asked for (RFC 6710), `-4..4`, `-4:4` or `-4,4`; nil:
    /// not offered.
    package var transferPriorities: ClosedRange<Int>? {
        guard let text = argument("mtprioritiesallowed") else { return nil }
        let bounds = text.replacing("..", with: ",").replacing(":", with: ",")
            .split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard bounds.count == 2, let low = bounds[0], let high = bounds[1], low <= high, low >= -9, high <= 9 else {
            return nil
        }
        return low...high
    }

    /// Solicitation keywords (RFC 3865) that are refused from this channel.
    package var refusedSolicitations: [String] { Self.words(argument("sourcenosolicit")) }
    /// The same for mail to this channel.
    package var refusedSolicitationsTo: [String] { Self.words(argument("destinationnosolicit")) }

    private static func words(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map(String.init)
    }

    /// Every connection begins with a PROXY header.
    package var expectsProxyHeader: Bool { settings["proxyprotocol"] != nil }
}
