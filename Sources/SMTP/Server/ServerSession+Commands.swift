extension ServerSession {
    /// Does one command line.
    mutating func execute(_ line: ArraySlice<UInt8>) {
        guard !line.contains(where: Octet.isControl) else { return sendBad(.invalidCharacter) }
        let command = SMTPCommand.parse(line)
        if !command.isUnknown { mayGetSecrets = false }
        defer { if command.isAuthentication { mayGetSecrets = true } }
        if isShuttingDown, transaction == nil, command != .quit { return close(with: .shuttingDown) }
        switch command {
        case .greeting(let form, let name): greet(form, name, line)
        case .mail(let argument): mail(argument)
        case .recipient(let argument): recipient(argument)
        case .data: data()
        case .chunk(let size, let isLast): beginChunk(size: size, isLast: isLast)
        case .reset: reset()
        case .quit: close(with: .goodbye)
        case .noop: send(.ok)
        case .help: send(.help(options.service))
        case .verify(let argument): verify(argument)
        case .expand(let argument): expand(argument)
        case .startTLS: startTLS()
        case .authenticate(let argument): authenticate(argument)
        default: executeRare(command)
        }
    }

    private mutating func executeRare(_ command: SMTPCommand) {
        switch command {
        case .remoteQueueStart(let argument): startRemoteQueue(argument)
        case .privateCommand(let verb, let argument): executePrivate(verb, argument)
        case .attributes(let command, let argument): takeAttributes(command, argument)
        case .send(let verb, let argument): sendMail(verb, argument)
        case .turn: send(.notImplemented("TURN"))
        case .unknown(let verb):
            sendBad(.unknownCommand(verb), logged: mayGetSecrets ? .unknownCommand(Self.hidden) : nil)
        case .malformed(let verb, let expected): malformed(verb, expected)
        default: break
        }
    }

    private mutating func malformed(_ verb: String, _ expected: String) {
        // Nobody knows how many octets of message follow, and none of them may be read as a command.
        if verb == "BDAT" { return close(with: .malformed(expected: expected)) }
        sendBad(.malformed(expected: expected))
    }

    /// What the log has instead of a word that may be a secret.
    private static let hidden = "***"

    /// A command that is no command: the session ends when there were too many (`disconnectbadcommandlimit`). Commands
    /// out of sequence do not count: they are the usual consequence of a refusal under PIPELINING. `logged`: what the log has
    /// for the reply, when that is not to be repeated there.
    mutating func sendBad(_ reply: Reply, logged: Reply? = nil) {
        if let limit = options.limits.disconnectBadCommands, counts.badCommands >= limit {
            return close(with: .disconnecting("bad command"))
        }
        counts.badCommands += 1
        let verb = framer.line.prefix { !Octet.isBlank($0) }.prefix(40)
        emit(.badCommand(verb: mayGetSecrets ? Self.hidden : String(decoding: verb, as: UTF8.self), logged ?? reply))
        send(reply)
    }

    private mutating func greet(
        _ form: SMTPCommand.Greeting, _ argument: ArraySlice<UInt8>, _ line: ArraySlice<UInt8>
    ) {
        guard (form == .lhlo) == (options.service == .lmtp) else {
            return sendBad(.unknownCommand(String(decoding: line.prefix(4), as: UTF8.self)))
        }
        if form == .ehlo, options.refusesEHLO { return send(.unknownCommand("EHLO")) }
        let octets = argument.prefix { !Octet.isBlank($0) }
        guard !octets.isEmpty || options.service == .submission else { return sendBad(.domainRequired) }
        if let longest = options.longestGreetingName, octets.count > longest { return sendBad(.domainTooLong) }
        let name = String(decoding: octets.map { $0 > 127 ? UInt8(ascii: "*") : $0 }, as: UTF8.self)
        ask(.greeting(name: name, extended: form != .helo), .greeting(extended: form != .helo))
    }

    private mutating func reset() {
        guard !disconnectsAtLimit() else { return }
        endTransaction(.reset)
        send(.ok)
    }

    private mutating func verify(_ argument: ArraySlice<UInt8>) {
        if let limit = options.limits.recipients, (transaction?.accepted ?? 0) + counts.verifications >= limit {
            return send(recipientOverflow)
        }
        if let refusal = accessRefusal { return send(refusal) }
        counts.verifications += 1
        ask(.verify(Array(argument)[...]), .verify)
    }

    private mutating func expand(_ argument: ArraySlice<UInt8>) {
        guard options.service != .lmtp else { return sendBad(.unknownCommand("EXPN")) }
        guard options.allowsExpand else { return send(.expandDisabled) }
        if let refusal = accessRefusal { return send(refusal) }
        ask(.expand(Array(argument)[...]), .verify)
    }
}

extension SMTPCommand {
    fileprivate var isUnknown: Bool { if case .unknown = self { true } else { false } }

    fileprivate var isAuthentication: Bool {
        switch self {
        case .authenticate, .malformed(verb: "AUTH", _): true
        default: false
        }
    }
}
