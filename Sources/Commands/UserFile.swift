import Aliases
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

/// A password as the directory file keeps it: hashed for PLAIN and LOGIN, and as a verifier for SCRAM.
struct NewPassword {
    let hash: String
    let verifier: String

    /// From one line of standard input.
    static func read() throws -> NewPassword {
        guard let line = readLine(), !line.isEmpty else { throw CommandFailure("no password on standard input") }
        let salt = (0..<16).map { _ in UInt8.random(in: 0...255) }
        return NewPassword(
            hash: try PasswordHash.make(line), verifier: SCRAMVerifier(password: line, salt: salt).description)
    }
}
