/// A token that a client shows in place of a password.
package struct BearerToken: Hashable, Sendable {
    /// Who the client says it is; nil: the token alone tells.
    package var name: String?
    package var token: String

    package init(name: String?, token: String) {
        self.name = name
        self.token = token
    }

    /// Long enough for tokens with many claims; a response of an AUTH exchange has 12 288 octets of base64 at most.
    static let longest = 9216

    /// `Bearer` and a token of the characters of RFC 6750 section 2.1.
    static func token(_ value: Substring) -> String? {
        let scheme = value.prefix(7)
        guard scheme.lowercased() == "bearer " else { return nil }
        let token = value.dropFirst(7).drop { $0 == " " }
        guard (1...longest).contains(token.utf8.count), token.utf8.allSatisfy(isTokenOctet) else { return nil }
        return String(token)
    }

    private static func isTokenOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/=".utf8.contains(octet)
        }
    }

    /// What a client is told of a token that is not good (RFC 7628 section 3.2.2).
    static let refusal = #"{"status":"invalid_token"}"#

    /// Fields of `key=value`, each ended by control-A.
    static func fields(_ text: Substring) -> [(key: Substring, value: Substring)]? {
        var fields: [(key: Substring, value: Substring)] = []
        for field in text.split(separator: "\u{1}", omittingEmptySubsequences: false) where !field.isEmpty {
            guard let mark = field.firstIndex(of: "="), fields.count < 16 else { return nil }
            fields.append((field[..<mark], field[mark...].dropFirst()))
        }
        return fields
    }

    /// A response as text: control-A is the only control character.
    static func text(_ response: [UInt8]) -> String? {
        guard response.count <= longest, !response.contains(where: { $0 < 32 && $0 != 1 || $0 == 127 }) else {
            return nil
        }
        return String(validating: response, as: UTF8.self)
    }
}

/// The mechanisms that bring a token: one response, and where it is not good, a reason that the client confirms.
struct BearerMechanism: SASLMechanism {
    enum Form {
        /// OAUTHBEARER (RFC 7628): `n,a=anna@example.com,^Ahost=…^Aport=…^Aauth=Bearer token^A^A`.
        case oauthBearer
        /// XOAUTH2, the older form that mail clients speak with large providers:
        /// `user=anna@example.com^Aauth=Bearer token^A^A`.
        case xoauth2
    }

    private enum State { case first, refused, done }

    private let form: Form
    private var state = State.first

    init(_ form: Form) { self.form = form }

    mutating func respond(_ response: [UInt8]?) -> SASLStep {
        switch state {
        case .first:
            guard let response else { return .challenge([]) }
            state = .done
            return token(response).map { .token($0) } ?? .failed(.malformed)
        case .refused:
            // The client's dummy response, control-A or whatever it sends.
            state = .done
            return .failed(.refused)
        case .done: return .failed(.malformed)
        }
    }

    mutating func refuseToken() -> SASLStep {
        state = .refused
        return switch form {
        case .oauthBearer: .challenge(Array(BearerToken.refusal.utf8))
        case .xoauth2: .challenge(Array(#"{"status":"401","schemes":"bearer"}"#.utf8))
        }
    }

    private func token(_ response: [UInt8]) -> BearerToken? {
        guard let text = BearerToken.text(response), text.hasSuffix("\u{1}\u{1}") else { return nil }
        return switch form {
        case .oauthBearer: Self.oauthBearer(text)
        case .xoauth2: Self.xoauth2(text)
        }
    }

    private static func oauthBearer(_ text: String) -> BearerToken? {
        guard let header = GS2Header(text), header.binding == .unsupported || header.binding == .notOffered,
            header.rest.hasPrefix("\u{1}"), let fields = BearerToken.fields(header.rest)
        else { return nil }
        let values = fields.filter { $0.key == "auth" }.map(\.value)
        guard values.count == 1, let token = BearerToken.token(values[0]) else { return nil }
        return BearerToken(name: header.authorizationName, token: token)
    }

    private static func xoauth2(_ text: String) -> BearerToken? {
        guard let fields = BearerToken.fields(text[...]), fields.count == 2, fields[0].key == "user",
            fields[1].key == "auth", let name = credential(fields[0].value.utf8),
            let token = BearerToken.token(fields[1].value)
        else { return nil }
        return BearerToken(name: name, token: token)
    }
}
