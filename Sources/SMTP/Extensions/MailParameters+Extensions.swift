/// BY of MAIL FROM (RFC 2852 section 4).
package struct DeliverByRequest: Hashable, Sendable {
    /// What is done when the time is over.
    package enum Mode: Hashable, Sendable {
        /// N: the sender is told of the delay.
        case notify
        /// R: the message goes back.
        case giveBack
    }

    /// From now; may be over already in mode N.
    package var seconds: Int64
    package var mode: Mode
    /// T: each relay is to be reported.
    package var isTraced: Bool

    package init(seconds: Int64, mode: Mode, isTraced: Bool) {
        self.seconds = seconds
        self.mode = mode
        self.isTraced = isTraced
    }
}

/// MT-PRIORITY of MAIL FROM (RFC 6710 section 3).
package struct PriorityRequest: Hashable, Sendable {
    /// -9 to 9, as asked for.
    package var asked: Int
    /// What it came to: the nearest that is allowed.
    package var granted: Int
}

/// The parameters of the extensions that are there when configured.
extension MailParameters {
    mutating func takeExtension(_ parameter: ParameterList.Parameter, _ options: ServerOptions) throws(Reply) {
        let extensions = options.extensions
        if let longest = extensions.longestHold, parameter.named("HOLDFOR") || parameter.named("HOLDUNTIL") {
            guard releaseTime == nil else { throw parameter.repeated }
            releaseTime = try Self.releaseTime(parameter, longest: longest, now: options.now)
        } else if let shortest = extensions.shortestDeliverBy, parameter.named("BY") {
            guard deliverBy == nil else { throw parameter.repeated }
            deliverBy = try Self.deliverBy(parameter, shortest: shortest)
        } else if let allowed = extensions.priorities, parameter.named("MT-PRIORITY") {
            guard priority == nil else { throw parameter.repeated }
            priority = try Self.priority(parameter, allowed)
        } else if parameter.named("SOLICIT") {
            guard solicitations.isEmpty else { throw parameter.repeated }
            solicitations = try Self.solicitations(parameter)
            if let refused = Solicitation.firstMatch(solicitations, refused: options.refusedSolicitations) {
                throw .solicitationRefused(refused)
            }
        } else {
            throw .unsupportedParameter(parameter.name)
        }
    }

    /// RFC 4865 section 4: HOLDFOR has 1 to 9 digits, HOLDUNTIL a date of RFC 3339; neither may be beyond the longest
    /// hold that EHLO announced.
    private static func releaseTime(
        _ parameter: ParameterList.Parameter, longest: Int64, now: Int64
    ) throws(Reply) -> Int64 {
        let value = try parameter.required()
        let time: Int64
        if parameter.named("HOLDFOR") {
            guard value.count <= 9, let seconds = Octet.number(value) else { throw parameter.invalid }
            time = now + seconds
        } else {
            guard let date = UTCDate.seconds(value) else { throw parameter.invalid }
            time = date
        }
        guard time - now <= longest else { throw .holdTooLong(longest) }
        return max(time, now)
    }

    /// `["+" / "-"] 1*9DIGIT ";" ("N" / "R") ["T"]`. Mode R with no time left cannot be met.
    private static func deliverBy(
        _ parameter: ParameterList.Parameter, shortest: Int64
    ) throws(Reply) -> DeliverByRequest {
        let value = try parameter.required()
        guard let separator = value.firstIndex(of: Octet.semicolon) else { throw parameter.invalid }
        var digits = value[..<separator]
        let sign = digits.first.flatMap { $0 == Octet.plus || $0 == Octet.hyphen ? $0 : nil }
        if sign != nil { digits = digits.dropFirst() }
        var letters = value[(separator + 1)...].map(Octet.uppercased)
        let isTraced = letters.count == 2 && letters.last == UInt8(ascii: "T")
        if isTraced { letters.removeLast() }
        guard digits.count <= 9, let number = Octet.number(digits), letters.count == 1,
            let mode: DeliverByRequest.Mode = letters[0] == UInt8(ascii: "N")
                ? .notify : letters[0] == UInt8(ascii: "R") ? .giveBack : nil
        else { throw parameter.invalid }
        let seconds = sign == Octet.hyphen ? -number : number
        if mode == .giveBack {
            guard seconds > 0 else { throw parameter.invalid }
            guard seconds >= shortest else { throw .deliverByTooShort(shortest) }
        }
        return DeliverByRequest(seconds: seconds, mode: mode, isTraced: isTraced)
    }

    /// `["-"] DIGIT`.
    private static func priority(
        _ parameter: ParameterList.Parameter, _ allowed: ClosedRange<Int>
    ) throws(Reply) -> PriorityRequest {
        let value = try parameter.required()
        let digits = value.first == Octet.hyphen ? value.dropFirst() : value
        guard digits.count == 1, let number = Octet.number(digits) else { throw parameter.invalid }
        let asked = value.count == 2 ? -Int(number) : Int(number)
        return PriorityRequest(asked: asked, granted: min(max(asked, allowed.lowerBound), allowed.upperBound))
    }

    private static let longestSolicitations = 1000

    private static func solicitations(_ parameter: ParameterList.Parameter) throws(Reply) -> [String] {
        let value = try parameter.required()
        guard value.count <= longestSolicitations, let words = Solicitation.words(value) else {
            throw parameter.invalid
        }
        return words
    }
}

/// Solicitation class keywords (RFC 3865 section 2).
package enum Solicitation {
    /// `word *("," word)`; a word begins with a letter and has letters, digits and `.-_:`. Nil for anything else.
    package static func words(_ octets: some Collection<UInt8>) -> [String]? {
        var words: [String] = []
        for word in octets.split(separator: Octet.comma, omittingEmptySubsequences: false) {
            guard let first = word.first, Octet.isLetter(first), word.allSatisfy(isWordOctet) else { return nil }
            words.append(String(decoding: word, as: UTF8.self))
        }
        return words.isEmpty ? nil : words
    }

    private static func isWordOctet(_ octet: UInt8) -> Bool {
        Octet.isLetter(octet) || Octet.isDigit(octet) || ".-_:".utf8.contains(octet)
    }

    /// The first of `words` that is refused; case does not count.
    package static func firstMatch(_ words: [String], refused: [String]) -> String? {
        guard !refused.isEmpty else { return nil }
        let known = Set(refused.map { $0.lowercased() })
        return words.first { known.contains($0.lowercased()) }
    }
}

extension Reply {
    static func holdTooLong(_ longest: Int64) -> Reply {
        Reply(501, "5.5.4", "A message is held for \(longest) seconds at most")
    }

    static func deliverByTooShort(_ shortest: Int64) -> Reply {
        Reply(501, "5.5.4", "Delivery within less than \(shortest) seconds cannot be asked for")
    }

    /// RFC 3865 section 2.5.
    package static func solicitationRefused(_ keyword: String) -> Reply {
        Reply(550, "5.7.1", "Solicitation class \(keyword) is not accepted")
    }

    /// `change`: the priority that was given in place of the one asked for (RFC 6710 section 4.4, status 2.3.6 of its
    /// section 9).
    package static func mailAccepted(_ parameters: MailParameters) -> Reply {
        guard let priority = parameters.priority, priority.asked != priority.granted else {
            return mailAccepted(hasOptions: !parameters.isEmpty)
        }
        return Reply(250, "2.3.6", "Address and options OK; priority changed to \(priority.granted).")
    }
}
