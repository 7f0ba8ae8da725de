/// A command line, without its line end, as the server understands it. Verbs are case-insensitive; paths and parameters
/// stay raw octets (smtp specification, 4; RFC 5321 section 4.1.1).
package enum SMTPCommand: Hashable, Sendable {
    /// The three forms of a greeting.
    package enum Greeting: Hashable, Sendable {
        case helo, ehlo, lhlo
    }

    case greeting(Greeting, name: ArraySlice<UInt8>)
    /// What follows `FROM:`: path and parameters.
    case mail(ArraySlice<UInt8>)
    /// What follows `TO:`: path and parameters.
    case recipient(ArraySlice<UInt8>)
    case data
    /// BDAT (RFC 3030). A size no Int64 can hold is Int64.max.
    case chunk(size: Int64, isLast: Bool)
    case reset
    case noop
    case verify(ArraySlice<UInt8>)
    case expand(ArraySlice<UInt8>)
    case help
    case quit
    case startTLS
    case authenticate(ArraySlice<UInt8>)
    case remoteQueueStart(ArraySlice<UInt8>)
    /// TURN of RFC 821.
    case turn
    /// XADR, XCIR, XGEN or XSTA (smtp specification, 9), in upper case, and what follows.
    case privateCommand(String, argument: ArraySlice<UInt8>)
    /// SEND, SAML or SOML of RFC 821, in upper case, and what follows `FROM:`.
    case send(String, ArraySlice<UInt8>)
    /// XCLIENT or XFORWARD of Postfix.
    case attributes(ClientAttributes.Command, ArraySlice<UInt8>)
    /// A verb we do not know, as received; empty for a blank line.
    case unknown(String)
    /// The verb is known and what follows it is wrong; `expected` shows the right form.
    case malformed(verb: String, expected: String)

    enum Verb: String, CaseIterable {
        case helo = "HELO"
        case ehlo = "EHLO"
        case lhlo = "LHLO"
        case mail = "MAIL"
        case rcpt = "RCPT"
        case data = "DATA"
        case bdat = "BDAT"
        case rset = "RSET"
        case noop = "NOOP"
        case vrfy = "VRFY"
        case expn = "EXPN"
        case help = "HELP"
        case quit = "QUIT"
        case startTLS = "STARTTLS"
        case auth = "AUTH"
        case etrn = "ETRN"
        case turn = "TURN"
        case xadr = "XADR"
        case xcir = "XCIR"
        case xgen = "XGEN"
        case xsta = "XSTA"
        case send = "SEND"
        case saml = "SAML"
        case soml = "SOML"
        case xclient = "XCLIENT"
        case xforward = "XFORWARD"
    }

    /// Verbs by their octets in one word.
    private static let verbs: [UInt64: Verb] = {
        var table: [UInt64: Verb] = [:]
        for verb in Verb.allCases { table[packed(verb.rawValue.utf8)] = verb }
        return table
    }()

    private static func packed(_ octets: some Collection<UInt8>) -> UInt64 {
        octets.reduce(0) { $0 << 8 | UInt64(Octet.uppercased($1)) }
    }

    /// Reads a command line. Control characters have been refused before.
    package static func parse(_ line: ArraySlice<UInt8>) -> SMTPCommand {
        let end = line.firstIndex(where: Octet.isBlank) ?? line.endIndex
        let word = line[..<end]
        guard (4...8).contains(word.count), let verb = verbs[packed(word)] else {
            return .unknown(String(decoding: word, as: UTF8.self))
        }
        return parse(verb, Octet.trimmed(line[end...]))
    }

    private static func parse(_ verb: Verb, _ argument: ArraySlice<UInt8>) -> SMTPCommand {
        switch verb {
        case .helo: .greeting(.helo, name: argument)
        case .ehlo: .greeting(.ehlo, name: argument)
        case .lhlo: .greeting(.lhlo, name: argument)
        case .mail: after("FROM:", argument).map { .mail($0) } ?? malformed(verb, "MAIL FROM:<address>")
        case .rcpt: after("TO:", argument).map { .recipient($0) } ?? malformed(verb, "RCPT TO:<address>")
        case .bdat: chunk(argument) ?? malformed(verb, "BDAT size [LAST]")
        case .noop: .noop
        case .help: .help
        case .vrfy: argument.isEmpty ? malformed(verb, "VRFY address") : .verify(argument)
        case .expn: argument.isEmpty ? malformed(verb, "EXPN list") : .expand(argument)
        case .auth: argument.isEmpty ? malformed(verb, "AUTH mechanism") : .authenticate(argument)
        case .etrn: argument.isEmpty ? malformed(verb, "ETRN node") : .remoteQueueStart(argument)
        case .xadr, .xcir, .xgen, .xsta: .privateCommand(verb.rawValue, argument: argument)
        case .send, .saml, .soml:
            after("FROM:", argument).map { .send(verb.rawValue, $0) }
                ?? malformed(verb, "\(verb.rawValue) FROM:<address>")
        case .xclient: .attributes(.xclient, argument)
        case .xforward: .attributes(.xforward, argument)
        case .data, .rset, .quit, .startTLS, .turn:
            argument.isEmpty ? bare(verb) : malformed(verb, verb.rawValue)
        }
    }

    /// The verbs that take no argument.
    private static func bare(_ verb: Verb) -> SMTPCommand {
        switch verb {
        case .data: .data
        case .rset: .reset
        case .quit: .quit
        case .startTLS: .startTLS
        case .turn: .turn
        default: .unknown(verb.rawValue)
        }
    }

    private static func malformed(_ verb: Verb, _ expected: String) -> SMTPCommand {
        .malformed(verb: verb.rawValue, expected: expected)
    }

    /// What follows `keyword`, which is in upper case.
    private static func after(_ keyword: StaticString, _ argument: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let prefix = argument.prefix(keyword.utf8CodeUnitCount)
        guard Octet.matches(prefix, keyword) else { return nil }
        return argument[prefix.endIndex...]
    }

    private static func chunk(_ argument: ArraySlice<UInt8>) -> SMTPCommand? {
        let words = argument.split(whereSeparator: Octet.isBlank)
        guard let first = words.first, let size = Octet.number(first), words.count <= 2 else { return nil }
        if words.count == 2, !Octet.matches(words[1], "LAST") { return nil }
        return .chunk(size: size, isLast: words.count == 2)
    }
}
