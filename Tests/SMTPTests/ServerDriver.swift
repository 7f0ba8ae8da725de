@testable import SMTP

/// Drives a ``ServerSession`` as the SMTP server does, with a policy fit for tests: addresses that begin with `bad` are
/// refused, everything else is accepted.
struct ServerDriver {
    enum Answering {
        case atOnce
        /// Questions wait until all input of a call has been received.
        case late
    }

    var session: ServerSession
    /// Reply lines, without CRLF, in the order of writing.
    var replies: [String] = []
    /// Content of the messages taken.
    var messages: [String] = []
    var aborts: [String] = []
    var badCommands: [String] = []
    var badCommandReplies: [Reply] = []
    var names: [String] = []
    /// How often the TLS handshake was to begin.
    var tlsStarts = 0
    var refusesData = false
    var refusesMessages = false
    private let answering: Answering
    private var content: [UInt8] = []
    private(set) var isClosed = false

    init(_ options: ServerOptions = ServerDriver.options(), answering: Answering = .atOnce) {
        session = ServerSession(options)
        self.answering = answering
    }

    /// The options of worked example S-2, without SASL and ETRN.
    static func options(_ change: (inout ServerOptions) -> Void = { _ in }) -> ServerOptions {
        var options = ServerOptions(
            hostName: "mx.example", clientAddress: "192.0.2.7", productVersion: "Martlet Messaging Server 1.0",
            xloop: "BB350E50FA14E756DE6BD3D78A032E20")
        options.sizeLimit = 20_971_520
        change(&options)
        return options
    }

    mutating func start() {
        session.start()
        pump()
    }

    mutating func send(_ text: String) { send([Array(text.utf8)]) }

    mutating func send(_ pieces: [[UInt8]]) {
        for piece in pieces {
            piece.withUnsafeBytes { session.receive($0) }
            if answering == .atOnce { pump() } else { pull() }
        }
        pump()
    }

    private var question: ServerAction?

    /// Takes actions, without answering.
    private mutating func pull() {
        while let action = session.next() {
            switch action {
            case .reply(let reply): write(reply)
            case .content(let piece): content += piece
            case .abort(let reason):
                content = []
                aborts.append(Self.text(reason))
            case .close: isClosed = true
            case .startTLS: tlsStarts += 1
            case .badCommand(let verb, let reply):
                badCommands.append(verb)
                badCommandReplies.append(reply)
            case .authenticate, .authenticationResponse, .greeting, .mail, .recipient, .beginData, .endOfData, .verify,
                .expand, .remoteQueueStart, .privateCommand, .attributes:
                question = action
            }
        }
    }

    /// Takes actions and answers until input is needed.
    mutating func pump() {
        pull()
        while let asked = question {
            question = nil
            session.answered(answer(asked))
            pull()
        }
    }

    private mutating func write(_ reply: Reply) {
        let text = String(decoding: reply.serialized, as: UTF8.self)
        replies += text.split(separator: "\r\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    static func text(_ reason: AbortReason) -> String {
        switch reason {
        case .reset: "reset"
        case .greeting: "greeting"
        case .dataRefused: "data refused"
        case .contentRefused: "content refused"
        case .timedOut: "timed out"
        case .sessionEnded: "session ended"
        }
    }

    // MARK: Policy

    private mutating func answer(_ asked: ServerAction) -> ServerAnswer {
        switch asked {
        case .greeting(let name, let extended):
            names.append((extended ? "EHLO " : "HELO ") + name)
            return .accept(nil)
        case .mail(let argument): return mail(argument)
        case .recipient(let argument): return recipient(argument)
        case .beginData:
            content = []
            return refusesData ? .refuse(Reply(451, "4.3.1", "No room")) : .accept(nil)
        case .endOfData:
            if refusesMessages { return .refuse(Reply(550, "5.7.1", "No thanks")) }
            messages.append(String(decoding: content, as: UTF8.self))
            return .accept(.messageAccepted(envelopeID: "0RZ100D2FDBMHZ20", host: "mx.example"))
        case .verify: return .accept(.possibleRemoteAddress)
        case .expand: return .accept(Reply(250, "2.1.5", "a@b"))
        case .remoteQueueStart(let argument):
            guard RemoteQueueStart(argument) != nil else { return .refuse(.nodeSyntax) }
            return .accept(.queueStarted(String(decoding: argument, as: UTF8.self), channel: nil))
        case .privateCommand(let verb, _): return .accept(Reply(250, "2.5.0", "report of \(verb)"))
        case .attributes(_, let attributes):
            session.options.clientAddress = attributes.address ?? session.options.clientAddress
            return .accept(nil)
        case .authenticate(let mechanism, let response): return authentication(mechanism, response)
        case .authenticationResponse(let response): return authentication("", response)
        case .reply, .badCommand, .content, .abort, .startTLS, .close: return .accept(nil)
        }
    }

    /// A small stand-in for SASL: `good` is right, `more` leads to another challenge, everything else is wrong.
    private func authentication(_ mechanism: String, _ response: ArraySlice<UInt8>?) -> ServerAnswer {
        switch response.map({ String(decoding: $0, as: UTF8.self) }) {
        case nil: return .challenge("")
        case "more": return .challenge("d29ybGQ=")
        case "good": return .accept(Reply(235, "2.7.0", "\(mechanism) authentication successful."))
        default: return .refuse(Reply(535, "5.7.8", "Bad username or password (Authentication failed)."))
        }
    }

    /// A small stand-in for the parser of paths: up to a blank outside of brackets, without the brackets.
    private func path(_ argument: ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>) {
        let start = argument.drop { $0 == 32 }
        let end = start.firstIndex(of: 62).map { $0 + 1 } ?? start.firstIndex(of: 32) ?? start.endIndex
        let text = String(decoding: start[..<end], as: UTF8.self).filter { $0 != "<" && $0 != ">" }
        return (text, start[end...])
    }

    private mutating func mail(_ argument: ArraySlice<UInt8>) -> ServerAnswer {
        let (address, rest) = path(argument)
        switch MailParameters.parse(rest, options: session.options) {
        case .failure(let reply): return .refuse(reply)
        case .success(let parameters):
            if address.hasPrefix("bad") { return .refuse(.refused(550, "5.7.1", "not you", address: address)) }
            session.hasBinaryBody = parameters.body == .binaryMIME
            return .accept(.mailAccepted(parameters))
        }
    }

    private func recipient(_ argument: ArraySlice<UInt8>) -> ServerAnswer {
        let (address, rest) = path(argument)
        if address.isEmpty { return .refuse(.addressSyntax(reason: "address is empty", text: "")) }
        switch RecipientParameters.parse(rest) {
        case .failure(let reply): return .refuse(reply)
        case .success(let parameters):
            if address.hasPrefix("bad") {
                return .refuse(.refused(550, "5.1.1", "unknown or illegal user", address: address))
            }
            return .accept(.recipientAccepted(address, hasOptions: !parameters.isEmpty))
        }
    }
}
