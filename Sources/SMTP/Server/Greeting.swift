/// What the server says of itself: banner, and the replies to HELO and EHLO (smtp specification, 2 and 3).
enum Greeting {
    /// Longest banner line that takes BANNER_ADDITION, in characters from the code on, without CRLF.
    private static let longestBannerLine = 80

    static func banner(_ options: ServerOptions) -> Reply {
        let name = options.service == .lmtp ? "LMTP" : "ESMTP"
        let version = options.customVersion ?? "-- Server \(name) (\(options.productVersion))"
        let line = "\(options.hostName) \(version)"
        guard !options.bannerAddition.isEmpty else { return Reply(220, nil, line) }
        if options.bannerAddition.contains("|") {
            return Reply(code: 220, lines: [line] + pieces(options.bannerAddition))
        }
        let whole = "\(line) \(options.bannerAddition)"
        guard whole.utf8.count + 4 <= longestBannerLine else {
            return Reply(code: 220, lines: [line, options.bannerAddition])
        }
        return Reply(220, nil, whole)
    }

    static func helo(_ options: ServerOptions) -> Reply {
        Reply(250, nil, "\(options.hostName) OK, [\(options.clientAddress)].")
    }

    /// The order is that of the master table in 3.2.
    static func ehlo(_ options: ServerOptions) -> Reply {
        var lines = [options.hostName, "8BITMIME", "PIPELINING"]
        if options.offersChunking { lines.append("CHUNKING") }
        // The store has no queue for notifications: who hands mail over sees to them.
        if options.service != .lmtp { lines.append("DSN") }
        lines.append("ENHANCEDSTATUSCODES")
        if options.advertisesExpand, options.allowsExpand, options.service != .lmtp { lines.append("EXPN") }
        lines += ["HELP", "XLOOP \(options.xloop)"]
        if options.offersTLS, !options.usesTLS { lines.append("STARTTLS") }
        if !options.authenticationMechanisms.isEmpty, !options.isAuthenticated {
            lines.append("AUTH " + options.authenticationMechanisms.joined(separator: " "))
            lines.append("AUTH=" + options.authenticationMechanisms.reversed().joined(separator: " "))
        }
        if options.offersRemoteQueueStart { lines.append("ETRN") }
        let solicitations = options.refusedSolicitations
        lines.append(solicitations.isEmpty ? "NO-SOLICITING" : "NO-SOLICITING \(solicitations)")
        if options.offersSMTPUTF8 { lines.append("SMTPUTF8") }
        lines += pieces(options.ehloAddition).filter { !$0.isEmpty }
        lines.append("SIZE \(options.sizeLimit ?? 0)")
        return Reply(code: 250, lines: lines)
    }

    private static func pieces(_ text: String) -> [String] {
        text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    }
}
