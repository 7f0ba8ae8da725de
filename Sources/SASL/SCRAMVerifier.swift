import Crypto

/// What a server keeps of a password for SCRAM-SHA-256 (RFC 5802 section 3, RFC 7677). Nobody can log in with it, but who
/// steals it can try passwords, so it is kept like a hash.
package struct SCRAMVerifier: Hashable, Sendable {
    package var iterations: Int
    package var salt: [UInt8]
    package var storedKey: [UInt8]
    package var serverKey: [UInt8]

    /// RFC 7677 section 4 asks for 4096 at least; more costs the client's time, once for each connection.
    package static let usualIterations = 15_000
    private static let iterationRange = 4096...1_000_000
    private static let scheme = "SCRAM-SHA-256"

    /// - Parameter salt: at least 16 octets that no other user has.
    package init(password: String, salt: [UInt8], iterations: Int = usualIterations) {
        self.iterations = iterations
        self.salt = salt
        let salted = SCRAM.saltedPassword(password, salt: salt, iterations: iterations)
        storedKey = SCRAM.hash(SCRAM.authentication(salted, "Client Key"))
        serverKey = SCRAM.authentication(salted, "Server Key")
    }

    init(iterations: Int, salt: [UInt8], storedKey: [UInt8], serverKey: [UInt8]) {
        self.iterations = iterations
        self.salt = salt
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    /// Reads a value of the attribute `authPassword` (RFC 5803 section 2), as `description` writes it: nil for another
    /// scheme or bad values.
    package init?(_ text: String) {
        let fields = text.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 3, fields[0].uppercased() == Self.scheme else { return nil }
        let info = fields[1].split(separator: ":", omittingEmptySubsequences: false)
        let keys = fields[2].split(separator: ":", omittingEmptySubsequences: false)
        guard info.count == 2, keys.count == 2, let iterations = Int(info[0]),
            Self.iterationRange.contains(iterations), let salt = Base64.decode(info[1].utf8), !salt.isEmpty,
            let storedKey = Base64.decode(keys[0].utf8), storedKey.count == SCRAM.keySize,
            let serverKey = Base64.decode(keys[1].utf8), serverKey.count == SCRAM.keySize
        else { return nil }
        self.init(iterations: iterations, salt: salt, storedKey: storedKey, serverKey: serverKey)
    }

    /// `SCRAM-SHA-256$15000:salt$StoredKey:ServerKey`, the binary parts in base64.
    package var description: String {
        "\(Self.scheme)$\(iterations):\(Base64.encode(salt))$\(Base64.encode(storedKey)):\(Base64.encode(serverKey))"
    }

    /// Whether the password is the one this was made of. Takes the time of all iterations.
    package func verifies(_ password: String) -> Bool {
        let other = SCRAMVerifier(password: password, salt: salt, iterations: iterations)
        return isEqualInConstantTime(other.storedKey, storedKey)
    }
}

/// The functions of RFC 5802 section 2.2 over SHA-256.
enum SCRAM {
    static let keySize = 32

    static func hash(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    static func authentication(_ key: [UInt8], _ text: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }

    /// `Hi(Normalize(password), salt, i)`, PBKDF2 with one block. Passwords are taken as they are, as most clients do;
    /// SASLprep would differ for some characters beyond ASCII only.
    static func saltedPassword(_ password: String, salt: [UInt8], iterations: Int) -> [UInt8] {
        let key = SymmetricKey(data: Array(password.utf8))
        var block = Array(HMAC<SHA256>.authenticationCode(for: salt + [0, 0, 0, 1], using: key))
        var result = block
        for _ in 1..<max(2, iterations) {
            block = Array(HMAC<SHA256>.authenticationCode(for: block, using: key))
            for index in result.indices { result[index] ^= block[index] }
        }
        return result
    }
}

/// Compares secrets; the time does not tell how much of them is equal. Lengths are no secret.
package func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
