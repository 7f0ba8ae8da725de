import Aliases
import Enqueue
import SASL
import Synchronization
import SystemCalls

/// Who may log in: the users of the directory, by the hash or the verifier that is kept of their password. Every method
/// may be called from any thread.
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
        /// The directory cannot be asked.
        case unavailable
    }

    private let decoySecret = Authenticator.random()
    /// Verified when there is no such user, so that the time does not tell.
    private let decoyHash = Mutex<String?>(nil)
    private let throttle = Mutex(AuthenticationThrottle())
    private let provenPasswords = Mutex(ProvenPasswords())

    /// 32 octets of the system's generator.
    private static func random() -> [UInt8] { (0..<32).map { _ in UInt8.random(in: 0...255) } }

    /// A new exchange.
    func begin(_ mechanism: SASLMechanismName) -> any SASLMechanism {
        let nonce = Base64.encode((0..<18).map { _ in UInt8.random(in: 0...255) })
        return mechanism.begin(nonce: nonce, decoySecret: decoySecret)
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
            return .accepted(Self.user(entry))
        }
    }

    private func verifies(_ password: String, _ entry: DirectoryEntry) -> Bool {
        let verifier = Self.verifier(entry)
        guard let stored = entry.passwordHash ?? verifier?.description else { return false }
        let digest = provenPasswords.withLock {
            $0.digest(name: "\(entry.name)@\(entry.domain)", storedHash: stored, password: password)
        }
        if provenPasswords.withLock({ $0.contains(digest, at: Self.now) }) { return true }
        let isRight =
            entry.passwordHash.map { PasswordHash.verifies(password, $0) } ?? verifier?.verifies(password) ?? false
        if isRight { provenPasswords.withLock { $0.insert(digest, at: Self.now) } }
        return isRight
    }

    private static var now: Int64 { SystemClock.monotonicNanoseconds / 1_000_000_000 }

    private static func verifier(_ entry: DirectoryEntry) -> SCRAMVerifier? {
        entry.values("authPassword").lazy.compactMap { SCRAMVerifier($0) }.first
    }

    /// The verifier of a user for SCRAM; nil: no such user, or none with a verifier. The error: the directory cannot be
    /// asked.
    func verifier(_ name: String, _ router: Router) throws(Unavailable) -> SCRAMVerifier? {
        switch router.user(forLogin: name) {
        case .unavailable: throw Unavailable()
        case .notFound: nil
        case .found(let entry): Self.verifier(entry)
        }
    }

    struct Unavailable: Error {}

    /// The user whose exchange has succeeded without a password to compare.
    func user(_ name: String, _ router: Router) -> Outcome {
        switch router.user(forLogin: name) {
        case .unavailable: .unavailable
        case .found(let entry) where router.mayLogIn(entry): .accepted(Self.user(entry))
        case .found, .notFound: .refused
        }
    }

    private static func user(_ entry: DirectoryEntry) -> User {
        User(
            identity: "\(entry.name)@\(entry.domain)", mail: entry.mail,
            submitChannel: entry.value("mailSMTPSubmitChannel"))
    }

    private var decoy: String {
        decoyHash.withLock { hash in
            if let hash { return hash }
            let made = try? PasswordHash.make(Base64.encode(Self.random()))
            hash = made ?? ""
            return made ?? ""
        }
    }

    /// How long the answer to a failure waits, in nanoseconds.
    func delay(afterFailureOf address: String) -> Int64 {
        throttle.withLock { $0.failed(address, at: SystemClock.monotonicNanoseconds) }
    }

    func succeeded(_ address: String) { throttle.withLock { $0.succeeded(address) } }
}
