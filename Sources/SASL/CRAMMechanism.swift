import Crypto

/// CRAM-MD5 (RFC 2195): the client answers a challenge with a digest keyed with the password. The server has to keep the
/// password itself for that, so it is offered only where the site says so (smtp specification, 15.2).
struct CRAMMechanism: SASLMechanism {
    private let challenge: String
    private var hasAsked = false

    /// `challenge`: a msg-id that is never used again.
    init(challenge: String) { self.challenge = challenge }

    mutating func respond(_ response: [UInt8]?) -> SASLStep {
        guard let response else {
            hasAsked = true
            return .challenge(Array(challenge.utf8))
        }
        // There is no initial response: nobody can have answered a challenge that was not sent.
        guard hasAsked, let text = credential(response), let blank = text.lastIndex(of: " "),
            let name = credential(text[..<blank].utf8),
            let digest = Self.octets(hexadecimal: text[blank...].dropFirst())
        else { return .failed(.malformed) }
        return .proof(CRAMProof(name: name, challenge: challenge, digest: digest))
    }

    /// 16 octets.
    private static func octets(hexadecimal text: Substring) -> [UInt8]? {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue.map(UInt8.init) }
        guard digits.count == 32 else { return nil }
        var octets: [UInt8] = []
        for index in stride(from: 0, to: 32, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            octets.append(high << 4 | low)
        }
        return octets
    }
}

/// The answer to a challenge of CRAM-MD5.
package struct CRAMProof: Hashable, Sendable {
    /// Who the password belongs to.
    package var name: String
    var challenge: String
    var digest: [UInt8]

    /// Whether it was made with this password.
    package func proves(_ password: String) -> Bool {
        isEqualInConstantTime(Self.digest(challenge, password), digest)
    }

    static func digest(_ challenge: String, _ password: String) -> [UInt8] {
        let key = SymmetricKey(data: Array(password.utf8))
        return Array(HMAC<Insecure.MD5>.authenticationCode(for: Array(challenge.utf8), using: key))
    }
}
