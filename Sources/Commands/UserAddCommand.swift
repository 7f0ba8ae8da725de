import Aliases
import ArgumentParser
import Configuration
import Glibc
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

    @OptionGroup var kinds: PasswordKinds

    func run() throws {
        let users = try UserFile(root: instance.existing(), name: name)
        let password = try passwordStdin ? NewPassword.read(kinds) : nil
        try users.edit { text in
            DirectoryFile.addingUser(
                to: text, uid: users.uid, domain: users.domain, mail: "\(users.uid)@\(users.domain)",
                password?.secrets ?? DirectoryFile.Secrets())
        }
        try Self.createMailbox(uid: users.uid, domain: users.domain, users.configuration)
        Terminal.line("martlet: user \(users.uid)@\(users.domain) added")
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
