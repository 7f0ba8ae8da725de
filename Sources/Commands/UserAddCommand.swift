import Aliases
import ArgumentParser
import Configuration
import Glibc
import InternetMessage
import SystemCalls

/// `martlet user add NAME --password-stdin`
struct UserAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a user with a mailbox to the directory file.",
        discussion: "NAME is a user of the default domain, or user@domain. The password is one line of standard input.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "anna, or anna@hosted.example.")
    var name: String

    @Flag(help: "Read the password from standard input; without it the user has none and cannot log in.")
    var passwordStdin = false

    func run() throws {
        let root = try instance.existing()
        let load = MTAConfiguration.load(instanceRoot: root)
        guard let configuration = load.configuration else {
            throw CommandFailure("the configuration has errors (martlet config check)")
        }
        guard let path = configuration.directoryFile else {
            throw CommandFailure("base.directory names no directory file; users are kept elsewhere")
        }
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let domain = parts.count == 2 ? parts[1].lowercased() : configuration.defaultDomain
        let hash = try passwordStdin ? PasswordHash.make(Self.password()) : nil
        try Self.add(uid: parts[0], domain: domain, hash: hash, to: path)
        try Self.createMailbox(uid: parts[0], domain: domain, configuration)
        Terminal.line("martlet: user \(parts[0])@\(domain) added")
    }

    private static func password() throws -> String {
        guard let line = readLine(), !line.isEmpty else {
            throw CommandFailure("no password on standard input")
        }
        return line
    }

    /// Under a lock, so that two commands at the same time lose nobody.
    private static func add(uid: String, domain: String, hash: String?, to path: String) throws {
        let lock = try OwnedDescriptor.open("\(path).lock", O_RDWR | O_CREAT)
        for _ in 0..<100 where !Files.lockExclusively(lock.number) { usleep(50_000) }
        let text = Files.exists(path) ? String(decoding: try Files.read(path), as: UTF8.self) : ""
        let edited = DirectoryFile.addingUser(
            to: text, uid: uid, domain: domain, mail: "\(uid)@\(domain)", passwordHash: hash)
        switch edited {
        case .success(let text): try Files.replace(path, with: Array(text.utf8))
        case .failure(let error): throw CommandFailure(error.description)
        }
        unlink("\(path).lock")
        _ = consume lock
    }

    /// `store/DOMAIN/USER`, and for the default domain the short name `store/USER`.
    private static func createMailbox(uid: String, domain: String, _ configuration: MTAConfiguration) throws {
        let store = configuration.paths.store
        for part in ["tmp", "cur", "new"] { try Files.createDirectory("\(store)/\(domain)/\(uid)/\(part)") }
        if domain == configuration.defaultDomain.lowercased(), symlink("\(domain)/\(uid)", "\(store)/\(uid)") < 0,
            errno != EEXIST
        {
            throw SystemCallError.current("symlink", "\(store)/\(uid)")
        }
    }
}
