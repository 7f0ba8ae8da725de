/// What a server keeps of a password for SCRAM (RFC 5802 section 3, RFC 7677). Nobody can log in with it, but who steals
/// it can try passwords, so it is kept like a hash.
package struct SCRAMVerifier: Hashable, Sendable {
    package var hash: SCRAMHash
    package var iterations: Int
    package var salt: [UInt8]
    package var storedKey: [UInt8]
    package var serverKey: [UInt8]

    /// RFC 7677 section 4 asks for 4096 at least; more costs the client's time, once for each connection.
    package static let usualIterations = 15_000
    static let iterationRange = 4096...1_000_000

    /// - Parameter salt: at least 16 octets that no other user has.
    package init(password: String, salt: [UInt8], iterations: Int = usualIterations, hash: SCRAMHash = .sha256) {
        self.hash = hash
        self.iterations = iterations
        self.salt = salt
        let salted = hash.saltedPassword(password, salt: salt, iterations: iterations)
        storedKey = hash.digest(hash.authentication(salted, "Client Key"))
        serverKey = hash.authentication(salted, "Server Key")
    }

    init(hash: SCRAMHash, iterations: Int, salt: [UInt8], storedKey: [UInt8], serverKey: [UInt8]) {
        self.hash = hash
        self.iterations = iterations
        self.salt = salt
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    /// Reads a value of the attribute `authPassword` (RFC 5803 section 2), as `description` writes it: nil for another
    /// scheme or bad values.
    package init?(_ text: String) {
        let fields = text.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 3, let hash = SCRAMHash(rawValue: fields[0].uppercased()) else { return nil }
        let info = fields[1].split(separator: ":", omittingEmptySubsequences: false)
        let keys = fields[2].split(separator: ":", omittingEmptySubsequences: false)
        guard info.count == 2, keys.count == 2, let iterations = Int(info[0]),
            Self.iterationRange.contains(iterations), let salt = Base64.decode(info[1].utf8), !salt.isEmpty,
            let storedKey = Base64.decode(keys[0].utf8), storedKey.count == hash.keySize,
            let serverKey = Base64.decode(keys[1].utf8), serverKey.count == hash.keySize
        else { return nil }
        self.init(hash: hash, iterations: iterations, salt: salt, storedKey: storedKey, serverKey: serverKey)
    }

    /// `SCRAM-SHA-256$15000:salt$StoredKey:ServerKey`, the binary parts in base64.
    package var description: String {
        let keys = "\(Base64.encode(storedKey)):\(Base64.encode(serverKey))"
        return "\(hash.rawValue)$\(iterations):\(Base64.encode(salt))$\(keys)"
    }

    /// Whether the password is the one this was made of. Takes the time of all iterations.
    package func verifies(_ password: String) -> Bool {
        let other = SCRAMVerifier(password: password, salt: salt, iterations: iterations, hash: hash)
        return isEqualInConstantTime(other.storedKey, storedKey)
    }
}

/// Compares secrets; the time does not tell how much of them is equal. Lengths are no secret.
package func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
