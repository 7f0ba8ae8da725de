import Aliases
import ArgumentParser
import Configuration
import Glibc
import SASL
import SystemCalls

/// The directory file of an instance, with the user that a command is about.
struct UserFile {
    let path: String
    let uid: String
    let domain: String
    let configuration: MTAConfiguration

    /// `name`: a user of the default domain, or user@domain.
    init(root: String, name: String) throws {
        guard let configuration = MTAConfiguration.load(instanceRoot: root).configuration else {
            throw CommandFailure("the configuration has errors (martlet config check)")
        }
        guard let path = configuration.directoryFile else {
            throw CommandFailure("base.directory names no directory file; users are kept elsewhere")
        }
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        self.path = path
        self.configuration = configuration
        uid = parts[0]
        domain = parts.count == 2 ? parts[1].lowercased() : configuration.defaultDomain
    }

    /// Changes the file under a lock, so that two commands at the same time lose nobody.
    func edit(_ change: (String) -> Result<String, DirectoryEditError>) throws {
        let lock = try OwnedDescriptor.open("\(path).lock", O_RDWR | O_CREAT)
        for _ in 0..<100 where !Files.lockExclusively(lock.number) { usleep(50_000) }
        let text = Files.exists(path) ? String(decoding: try Files.read(path), as: UTF8.self) : ""
        switch change(text) {
        case .success(let text): try Files.replace(path, with: Array(text.utf8))
        case .failure(let error): throw CommandFailure(error.description)
        }
        unlink("\(path).lock")
        _ = consume lock
    }
}

/// What else is kept of a new password, for clients that know neither PLAIN nor SCRAM-SHA-256.
struct PasswordKinds: ParsableArguments {
    @Flag(name: .customLong("scram-sha-1"), help: "Keep a verifier for SCRAM-SHA-1 too.")
    var scramSHA1 = false

    @Flag(
        name: .customLong("plain"),
        help: "Keep the password itself too, for CRAM-MD5: whoever reads the directory file has it.")
    var plain = false
}

/// A password as the directory file keeps it: hashed for PLAIN and LOGIN, and as a verifier for SCRAM.
struct NewPassword {
    let hash: String
    let verifiers: [String]
    let plain: String?

    /// From one line of standard input.
    static func read(_ kinds: PasswordKinds) throws -> NewPassword {
        guard let line = readLine(), !line.isEmpty else { throw CommandFailure("no password on standard input") }
        func verifier(_ hash: SCRAMHash) -> String {
            let salt = (0..<16).map { _ in UInt8.random(in: 0...255) }
            return SCRAMVerifier(password: line, salt: salt, hash: hash).description
        }
        return NewPassword(
            hash: try PasswordHash.make(line),
            verifiers: [verifier(.sha256)] + (kinds.scramSHA1 ? [verifier(.sha1)] : []),
            plain: kinds.plain ? line : nil)
    }

    /// Values of `userPassword` and `authPassword` for the directory file.
    var secrets: DirectoryFile.Secrets {
        DirectoryFile.Secrets(passwordHash: hash, verifiers: verifiers, plainPassword: plain)
    }
}
