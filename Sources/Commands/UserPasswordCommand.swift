import Aliases
import ArgumentParser
import Configuration
import SASL
import SystemCalls

/// `martlet user password NAME`
struct UserPasswordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password", abstract: "Gives a user of the directory file another password.",
        discussion: "The password is one line of standard input. It holds at once; the old one no longer does.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "anna, or anna@hosted.example.")
    var name: String

    @OptionGroup var kinds: PasswordKinds

    func run() throws {
        let users = try UserFile(root: instance.existing(), name: name)
        let password = try NewPassword.read(kinds)
        try users.edit { text in
            DirectoryFile.settingPassword(in: text, uid: users.uid, domain: users.domain, password.secrets)
        }
        Terminal.line("martlet: password of \(users.uid)@\(users.domain) changed")
    }
}
