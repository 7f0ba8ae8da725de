/// STARTTLS (RFC 3207) and AUTH (RFC 4954).
extension ServerSession {
    // MARK: STARTTLS

    mutating func startTLS() {
        guard !options.usesTLS else { return send(.tlsInUse) }
        guard options.offersTLS else { return send(.notImplemented("STARTTLS")) }
        guard transaction == nil else { return send(.notInTransaction("STARTTLS")) }
        // Commands sent along in the clear could be those of somebody between us and the client (CVE-2011-0411).
        guard !hasInput else { return close(with: .dataBehindStartTLS) }
        send(.tlsReady)
        phase = .handshake
        emit(.startTLS)
    }

    /// The handshake is done: what was said before is forgotten (RFC 3207 section 4.2). The driver sets the options that
    /// hold from now on.
    package mutating func tlsEstablished() {
        guard phase == .handshake else { return }
        progressed()
        phase = .command
        options.usesTLS = true
    }

    // MARK: AUTH

    mutating func authenticate(_ argument: ArraySlice<UInt8>) {
        guard !options.isAuthenticated else { return send(.authenticationRepeated) }
        guard transaction == nil else { return send(.notInTransaction("AUTH")) }
        if counts.failedAuthentications >= options.limits.disconnectBadAuthentications {
            return close(with: .disconnecting("authentication failure"))
        }
        let words = argument.split(whereSeparator: Octet.isBlank)
        guard let first = words.first, words.count <= 2 else { return sendBad(.parameterSyntax) }
        let mechanism = String(decoding: first.map(Octet.uppercased), as: UTF8.self)
        guard options.authenticationMechanisms.contains(mechanism) else {
            return send(options.authenticationNeedsTLS && !options.usesTLS ? .tlsRequired : .unknownMechanism)
        }
        let response = words.count == 2 ? Array(words[1])[...] : nil
        ask(.authenticate(mechanism: mechanism, response: response), .authentication)
    }

    mutating func authenticationResponse(_ line: ArraySlice<UInt8>) {
        guard !line.elementsEqual([UInt8(ascii: "*")]) else { return cancelAuthentication(.authenticationCancelled) }
        ask(.authenticationResponse(Array(line)[...]), .authentication)
    }

    mutating func cancelAuthentication(_ reply: Reply) {
        phase = .command
        send(reply)
    }

    /// The driver wants an answer of the client. `text`: base64, may be empty.
    mutating func challenge(_ text: String) {
        phase = .authentication
        send(Reply(334, nil, text))
    }

    /// The exchange is over.
    mutating func endAuthentication(_ reply: Reply, succeeded: Bool) {
        phase = .command
        options.isAuthenticated = succeeded
        if succeeded { mayGetSecrets = false }
        if !succeeded { counts.failedAuthentications += 1 }
        send(reply)
    }
}
