import Aliases
import Configuration
import Enqueue
import Glibc
import SASL
import Synchronization
import SystemCalls

/// Who may log in: the users of the directory, by the hash or the verifier that is kept of their password, by their
/// certificate, or by a token. Every method may be called from any thread.
final class Authenticator: Sendable {
    /// A user who has proved to be one.
    struct User: Hashable, Sendable {
        /// `uid@domain`, as it stands in logs and in the access tables.
        var identity: String
        /// The primary address.
        var mail: String
        /// `mailSMTPSubmitChannel`.
        var submitChannel: String?
    }

    enum Outcome: Hashable, Sendable {
        case accepted(User)
        case refused
        /// The user is one, and not the one that the client wants to act for.
        case notAuthorized
        /// The directory cannot be asked.
        case unavailable
    }

    private let decoySecret = Authenticator.random()
    /// Verified when there is no such user, so that the time does not tell.
    private let decoyHash = Mutex<String?>(nil)
    private let addresses = Mutex(AuthenticationThrottle())
    /// Someone who tries one name from many addresses. An owner with a few devices has more attempts.
    private let names = Mutex(AuthenticationThrottle(freeFailures: 5))
    private let provenPasswords = Mutex(ProvenPasswords())

    /// 32 octets of the system's generator.
    private static func random() -> [UInt8] { (0..<32).map { _ in UInt8.random(in: 0...255) } }

    /// A new exchange.
    func begin(_ mechanism: SASLMechanismName, _ connection: SASLConnection) -> any SASLMechanism {
        let nonce = Base64.encode((0..<18).map { _ in UInt8.random(in: 0...255) })
        return mechanism.begin(nonce: nonce, decoySecret: decoySecret, connection: connection)
    }

    /// Compares a password; takes a noticeable time on purpose, so never on an event loop.
    func verify(_ attempt: SASLPassword, _ router: Router) -> Outcome {
        switch router.user(forLogin: attempt.name) {
        case .unavailable: return .unavailable
        case .notFound:
            _ = PasswordHash.verifies(attempt.password, decoy)
            return .refused
        case .found(let entry):
            guard verifies(attempt.password, entry), router.mayLogIn(entry) else { return .refused }
            return .accepted(User(entry))
        }
    }

    /// The user whose password was right a moment ago; nil when it has to be compared. Takes no time, so it may be asked on
    /// an event loop.
    func proven(_ attempt: SASLPassword, _ router: Router) -> User? {
        guard case .found(let entry) = router.user(forLogin: attempt.name), router.mayLogIn(entry) else { return nil }
        return isProven(digest(attempt.password, entry)) ? User(entry) : nil
    }

    private func digest(_ password: String, _ entry: DirectoryEntry) -> ProvenPasswords.Digest {
        let stored = entry.passwordHash ?? Self.verifiers(entry).first?.description ?? entry.plainPassword ?? ""
        return provenPasswords.withLock {
            $0.digest(name: "\(entry.name)@\(entry.domain)", storedHash: stored, password: password)
        }
    }

    private func isProven(_ digest: ProvenPasswords.Digest) -> Bool {
        provenPasswords.withLock { $0.contains(digest, at: Self.now) }
    }

    private func verifies(_ password: String, _ entry: DirectoryEntry) -> Bool {
        let verifier = Self.verifiers(entry).first
        let digest = digest(password, entry)
        if isProven(digest) { return true }
        let isRight =
            entry.passwordHash.map { PasswordHash.verifies(password, $0) } ?? verifier?.verifies(password)
            ?? isPlain(password, entry)
        if isRight { provenPasswords.withLock { $0.insert(digest, at: Self.now) } }
        return isRight
    }

    /// Of a user without a hash. The time tells no more than for a name that does not exist.
    private func isPlain(_ password: String, _ entry: DirectoryEntry) -> Bool {
        _ = PasswordHash.verifies(password, decoy)
        return entry.plainPassword.map { isEqualInConstantTime(Array($0.utf8), Array(password.utf8)) } ?? false
    }

    private static var now: Int64 { SystemClock.monotonicNanoseconds / 1_000_000_000 }

    private static func verifiers(_ entry: DirectoryEntry) -> [SCRAMVerifier] {
        entry.values("authPassword").compactMap { SCRAMVerifier($0) }
    }

    /// Compares the digest of CRAM-MD5 with what the password of the directory gives.
    func verify(_ proof: CRAMProof, _ router: Router) -> Outcome {
        switch router.user(forLogin: proof.name) {
        case .unavailable: return .unavailable
        case .notFound:
            _ = proof.proves(proof.name)
            return .refused
        case .found(let entry):
            guard let password = entry.plainPassword, proof.proves(password), router.mayLogIn(entry) else {
                return .refused
            }
            return .accepted(User(entry))
        }
    }

    /// The verifier of a user for SCRAM; nil: no such user, or none with a verifier of that hash. The error: the
    /// directory cannot be asked.
    func verifier(_ name: String, _ hash: SCRAMHash, _ router: Router) throws(Unavailable) -> SCRAMVerifier? {
        switch router.user(forLogin: name) {
        case .unavailable: throw Unavailable()
        case .notFound: nil
        case .found(let entry): Self.verifiers(entry).first { $0.hash == hash }
        }
    }

    struct Unavailable: Error {}

    /// The user whose exchange has succeeded without a password to compare. `knowsAll`: who is not in the directory is
    /// none; otherwise somebody else has the users, and the directory may have more of some of them.
    func user(_ name: String, _ router: Router, knowsAll: Bool = true) -> Outcome {
        switch router.user(forLogin: name) {
        case .unavailable: .unavailable
        case .found(let entry) where router.mayLogIn(entry): .accepted(User(entry))
        case .notFound where !knowsAll:
            .accepted(User(outside: name, defaultDomain: router.configuration.defaultDomain))
        case .found, .notFound: .refused
        }
    }

    /// EXTERNAL: the first of the certificate's names that is a user's.
    /// - Parameter wanted: who the client wants to be, which has to be the same user.
    func external(_ names: [String], wanted: String?, _ router: Router, knowsAll: Bool) -> Outcome {
        for name in names.prefix(8) {
            let outcome = user(name, router, knowsAll: knowsAll)
            switch outcome {
            case .unavailable: return outcome
            case .accepted: return authorized(outcome, wanted, router, knowsAll)
            case .refused, .notAuthorized: continue
            }
        }
        return .refused
    }

    /// A token: whose it is, when it is good.
    func token(_ token: BearerToken, _ verifier: TokenVerifier, _ router: Router, knowsAll: Bool) -> Outcome {
        guard let name = verifier.name(token.token, now: Double(time(nil))) else { return .refused }
        return authorized(user(name, router, knowsAll: knowsAll), token.name, router, knowsAll)
    }

    /// Nobody may act for somebody else, but may be called by any of their own names.
    private func authorized(_ outcome: Outcome, _ wanted: String?, _ router: Router, _ knowsAll: Bool) -> Outcome {
        guard case .accepted = outcome, let wanted else { return outcome }
        return user(wanted, router, knowsAll: knowsAll) == outcome ? outcome : .notAuthorized
    }

    private var decoy: String {
        decoyHash.withLock { hash in
            if let hash { return hash }
            let made = try? PasswordHash.make(Base64.encode(Self.random()))
            hash = made ?? ""
            return made ?? ""
        }
    }

    /// How long the answer to a failure waits, in nanoseconds. `name`: who the client said it is; may be empty.
    func delay(afterFailureOf address: String, name: String) -> Int64 {
        let now = SystemClock.monotonicNanoseconds
        let byAddress = addresses.withLock { $0.failed(address, at: now) }
        guard !name.isEmpty else { return byAddress }
        return max(byAddress, names.withLock { $0.failed(name.lowercased(), at: now) })
    }

    func succeeded(_ address: String, name: String) {
        addresses.withLock { $0.succeeded(address) }
        names.withLock { $0.succeeded(name.lowercased()) }
    }
}

extension Authenticator.User {
    fileprivate init(_ entry: DirectoryEntry) {
        self.init(
            identity: "\(entry.name)@\(entry.domain)", mail: entry.mail,
            submitChannel: entry.value("mailSMTPSubmitChannel"))
    }

    /// A user of whom the directory knows nothing.
    fileprivate init(outside name: String, defaultDomain: String) {
        let full = name.utf8.contains(UInt8(ascii: "@")) ? name : "\(name)@\(defaultDomain)"
        self.init(identity: full, mail: full)
    }
}

extension DirectoryEntry {
    /// A password kept as it is, `userPassword: {PLAIN}secret`; for CRAM-MD5 alone.
    fileprivate var plainPassword: String? {
        for value in values("userPassword") {
            for scheme in ["{plain}", "{cleartext}"] where value.lowercased().hasPrefix(scheme) {
                return String(value.dropFirst(scheme.count))
            }
        }
        return nil
    }
}
