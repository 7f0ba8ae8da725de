import Crypto

/// The hash of a SCRAM mechanism, and the functions of RFC 5802 section 2.2 over it.
package enum SCRAMHash: String, CaseIterable, Sendable {
    case sha256 = "SCRAM-SHA-256"
    /// RFC 5802; for clients that know nothing better.
    case sha1 = "SCRAM-SHA-1"

    package var keySize: Int { self == .sha256 ? SHA256.byteCount : Insecure.SHA1.byteCount }

    func digest(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha1: Array(Insecure.SHA1.hash(data: bytes))
        }
    }

    func authentication(_ key: [UInt8], _ text: String) -> [UInt8] {
        authentication(SymmetricKey(data: key), Array(text.utf8))
    }

    private func authentication(_ key: SymmetricKey, _ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256: Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
        case .sha1: Array(HMAC<Insecure.SHA1>.authenticationCode(for: bytes, using: key))
        }
    }

    /// `Hi(Normalize(password), salt, i)`, PBKDF2 with one block. Passwords are taken as they are, as most clients do;
    /// SASLprep would differ for some characters beyond ASCII only.
    func saltedPassword(_ password: String, salt: [UInt8], iterations: Int) -> [UInt8] {
        let key = SymmetricKey(data: Array(password.utf8))
        var block = authentication(key, salt + [0, 0, 0, 1])
        var result = block
        for _ in 1..<max(2, iterations) {
            block = authentication(key, block)
            for index in result.indices { result[index] ^= block[index] }
        }
        return result
    }
}
