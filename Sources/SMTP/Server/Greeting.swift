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
    static func ehlo(_ options: ServerOptions, _ trust: PeerTrust = PeerTrust()) -> Reply {
        var lines = [options.hostName, "8BITMIME", "PIPELINING"]
        if options.offersChunking { lines.append("CHUNKING") }
        // The store has no queue for notifications: who hands mail over sees to them.
        if options.service != .lmtp { lines.append("DSN") }
        lines.append("ENHANCEDSTATUSCODES")
        if options.advertisesExpand, options.allowsExpand, options.service != .lmtp { lines.append("EXPN") }
        lines.append("HELP")
        if options.allowsSend, options.service != .lmtp { lines += ["SAML", "SEND", "SOML"] }
        lines += ["XADR", "XSTA", "XCIR", "XGEN"].filter {
            trust.enablesPrivateCommands || options.privateCommands.contains($0)
        }
        lines.append("XLOOP \(options.xloop)")
        if options.offersTLS, !options.usesTLS { lines.append("STARTTLS") }
        if !options.authenticationMechanisms.isEmpty, !options.isAuthenticated {
            lines.append("AUTH " + options.authenticationMechanisms.joined(separator: " "))
            lines.append("AUTH=" + options.authenticationMechanisms.reversed().joined(separator: " "))
        }
        if options.offersRemoteQueueStart { lines.append("ETRN") }
        let solicitations = options.refusedSolicitations.joined(separator: ",")
        lines.append(solicitations.isEmpty ? "NO-SOLICITING" : "NO-SOLICITING \(solicitations)")
        lines += extensions(options, trust)
        lines += pieces(options.ehloAddition).filter { !$0.isEmpty }
        lines.append("SIZE \(options.sizeLimit ?? 0)")
        return Reply(code: 250, lines: lines)
    }

    /// Row 16: what is there only when it is configured.
    private static func extensions(_ options: ServerOptions, _ trust: PeerTrust) -> [String] {
        let extensions = options.extensions
        var lines: [String] = []
        if options.offersSMTPUTF8 { lines.append("SMTPUTF8") }
        if extensions.offersBinaryMIME, options.offersChunking { lines.append("BINARYMIME") }
        if let longest = extensions.longestHold {
            lines.append("FUTURERELEASE \(longest) \(UTCDate.text(options.now + longest))")
        }
        if let shortest = extensions.shortestDeliverBy {
            lines.append(shortest > 0 ? "DELIVERBY \(shortest)" : "DELIVERBY")
        }
        if extensions.priorities != nil { lines.append("MT-PRIORITY") }
        for command in [ClientAttributes.Command.xclient, .xforward] where command.isTaken(trust) {
            lines.append("\(command.verb) \(command.names.joined(separator: " "))")
        }
        if extensions.showsLimits { lines += limits(options.limits) }
        return lines
    }

    /// RFC 9422 section 3: MAILMAX and RCPTMAX, as far as there is a limit.
    private static func limits(_ limits: ServerLimits) -> [String] {
        func word(_ name: String, _ values: [Int?]) -> String? {
            values.compactMap { $0 }.filter { $0 > 0 }.min().map { "\(name)=\($0)" }
        }
        let words = [
            word("MAILMAX", [limits.transactions, limits.channelTransactions, limits.disconnectTransactions]),
            word("RCPTMAX", [limits.recipients, limits.channelRecipients, limits.recipientCutoff]),
        ].compactMap { $0 }
        return words.isEmpty ? [] : ["LIMITS " + words.joined(separator: " ")]
    }

    private static func pieces(_ text: String) -> [String] {
        text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    }
}
