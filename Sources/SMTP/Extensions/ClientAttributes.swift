/// The attributes of XCLIENT and XFORWARD (Postfix's XCLIENT_README and XFORWARD_README): what a trusted client says of
/// the client behind it. Nil: not given.
package struct ClientAttributes: Hashable, Sendable {
    package enum Command: Hashable, Sendable {
        case xclient, xforward

        /// In the order they are listed in EHLO.
        package var names: [String] {
            switch self {
            case .xclient: ["NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT"]
            case .xforward: ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"]
            }
        }

        package var verb: String { self == .xclient ? "XCLIENT" : "XFORWARD" }

        func isTaken(_ trust: PeerTrust) -> Bool {
            self == .xclient ? trust.takesXCLIENT : trust.takesXFORWARD
        }
    }

    /// A value, or the statement that there is none: `[UNAVAILABLE]` and `[TEMPUNAVAIL]`.
    package enum Value: Hashable, Sendable {
        case known(String)
        case unavailable

        package var text: String? { if case .known(let text) = self { text } else { nil } }
    }

    package private(set) var values: [String: Value] = [:]

    package init() {}

    package subscript(name: String) -> Value? { values[name] }

    /// The values of a command replace those of the one before; what it does not name stays.
    package mutating func merge(_ later: ClientAttributes) {
        values.merge(later.values) { _, new in new }
    }

    /// ADDR without the prefix of IPv6, in the form of RFC 5952.
    package var address: String? { values["ADDR"]?.text }
    package var port: UInt16? { values["PORT"]?.text.flatMap { UInt16($0) } }

    private static let longestValue = 255

    /// Reads `NAME=value ...`. The failure is the reply to send.
    package static func parse(_ argument: ArraySlice<UInt8>, for command: Command) -> Result<ClientAttributes, Reply> {
        var attributes = ClientAttributes()
        let names = command.names
        for word in argument.split(whereSeparator: Octet.isBlank) {
            guard let equals = word.firstIndex(of: Octet.equals) else { return .failure(.parameterSyntax) }
            let name = String(decoding: word[..<equals].map(Octet.uppercased), as: UTF8.self)
            guard names.contains(name) else { return .failure(.unsupportedAttribute(name)) }
            guard attributes.values[name] == nil else { return .failure(.repeatedParameter(name)) }
            guard let value = value(word[(equals + 1)...], of: name) else {
                return .failure(.invalidParameterValue(name))
            }
            attributes.values[name] = value
        }
        return attributes.values.isEmpty ? .failure(.parameterSyntax) : .success(attributes)
    }

    private static func value(_ octets: ArraySlice<UInt8>, of name: String) -> Value? {
        guard !octets.isEmpty, octets.count <= longestValue, let text = ExtendedText.decode(octets) else { return nil }
        if ["[UNAVAILABLE]", "[TEMPUNAVAIL]"].contains(text.uppercased()) { return .unavailable }
        switch name {
        case "ADDR", "DESTADDR":
            let hasPrefix = text.prefix(5).uppercased() == "IPV6:"
            let bare = hasPrefix ? String(text.dropFirst(5)) : text
            guard let address = NetworkAddress(bare), !hasPrefix || bare.contains(":") else { return nil }
            return .known(address.description)
        case "PORT", "DESTPORT": return UInt16(text).map { .known(String($0)) }
        case "PROTO": return ["SMTP", "ESMTP", "LMTP"].contains(text.uppercased()) ? .known(text.uppercased()) : nil
        case "SOURCE": return ["LOCAL", "REMOTE"].contains(text.uppercased()) ? .known(text.uppercased()) : nil
        // A blank would make two words of it in logs and trace fields.
        default: return text.contains(" ") ? nil : .known(text)
        }
    }
}
