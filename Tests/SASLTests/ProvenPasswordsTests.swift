import Testing

@testable import SASL

struct ProvenPasswordsTests {
    private func filled() -> (ProvenPasswords, ProvenPasswords.Digest) {
        var passwords = ProvenPasswords()
        let digest = passwords.digest(name: "anna@example.test", storedHash: "$6$salt$hash", password: "secret")
        passwords.insert(digest, at: 1000)
        return (passwords, digest)
    }

    @Test func aRightPasswordIsRememberedForItsTime() {
        let (passwords, digest) = filled()
        #expect(passwords.contains(digest, at: 1000))
        #expect(passwords.contains(digest, at: 1000 + ProvenPasswords.lifetime - 1))
        #expect(!passwords.contains(digest, at: 1000 + ProvenPasswords.lifetime))
    }

    @Test(arguments: [
        ("anna@example.test", "$6$salt$hash", "Secret"), ("anna@example.test", "$6$salt$other", "secret"),
        ("bert@example.test", "$6$salt$hash", "secret"), ("anna@example.tes", "t$6$salt$hash", "secret"),
        ("anna@example.test", "$6$salt$has", "hsecret"), ("", "", ""),
    ])
    func anotherUserHashOrPasswordIsNotTheSame(name: String, storedHash: String, password: String) {
        let (passwords, _) = filled()
        let other = passwords.digest(name: name, storedHash: storedHash, password: password)
        #expect(!passwords.contains(other, at: 1000))
    }

    @Test func digestsOfTwoProcessesDiffer() {
        let (_, digest) = filled()
        #expect(
            digest
                != ProvenPasswords().digest(name: "anna@example.test", storedHash: "$6$salt$hash", password: "secret"))
    }

    @Test func theTableIsBounded() {
        var (passwords, first) = filled()
        for number in 1..<ProvenPasswords.limit {
            passwords.insert(passwords.digest(name: "\(number)", storedHash: "", password: ""), at: 1000)
        }
        #expect(passwords.contains(first, at: 1000))
        passwords.insert(passwords.digest(name: "one more", storedHash: "", password: ""), at: 1000)
        #expect(!passwords.contains(first, at: 1000))
    }
}
