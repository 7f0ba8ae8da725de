/// The commands of extensions: ETRN, the private ones, XCLIENT and XFORWARD, and the old ways to send.
extension ServerSession {
    // MARK: ETRN (RFC 1985, smtp specification, 10.3)

    mutating func startRemoteQueue(_ argument: ArraySlice<UInt8>) {
        guard options.offersRemoteQueueStart, options.service != .lmtp else { return send(.notImplemented("ETRN")) }
        guard transaction == nil else { return send(.notInTransaction("ETRN")) }
        if let refusal = accessRefusal { return send(refusal) }
        guard counts.remoteQueueStarts < options.limits.remoteQueueStarts else { return send(.etrnSessionLimit) }
        counts.remoteQueueStarts += 1
        ask(.remoteQueueStart(Array(argument)[...]), .verify)
    }

    // MARK: Private commands (smtp specification, 9)

    mutating func executePrivate(_ verb: String, _ argument: ArraySlice<UInt8>) {
        guard trust.enablesPrivateCommands || options.privateCommands.contains(verb) else {
            return send(.privateCommandDisabled(verb))
        }
        if let refusal = accessRefusal { return send(refusal) }
        if verb == "XADR", argument.isEmpty { return sendBad(.malformed(expected: "XADR address")) }
        ask(.privateCommand(verb, argument: Array(argument)[...]), .verify)
    }

    // MARK: SEND, SAML, SOML (RFC 821)

    mutating func sendMail(_ verb: String, _ argument: ArraySlice<UInt8>) {
        guard options.allowsSend, options.service != .lmtp else { return sendBad(.unknownCommand(verb)) }
        mail(argument)
        if case .mail? = question { submitType = verb }
    }

    // MARK: XCLIENT and XFORWARD

    mutating func takeAttributes(_ command: ClientAttributes.Command, _ argument: ArraySlice<UInt8>) {
        guard command.isTaken(trust) else { return send(.privateCommandDisabled(command.verb)) }
        guard transaction == nil else { return send(.notInTransaction(command.verb)) }
        switch ClientAttributes.parse(argument, for: command) {
        case .failure(let reply): sendBad(reply)
        case .success(let attributes): ask(.attributes(command, attributes), .attributes(command))
        }
    }

    /// After XCLIENT: another client, who is greeted. What the one before has counted up does not count for this one, but
    /// bad commands do: they are the proxy's.
    mutating func beginAgain() {
        let badCommands = counts.badCommands
        counts = Counts()
        counts.badCommands = badCommands
        send(Greeting.banner(options))
    }
}
