import ArgumentParser
import Configuration
import OptionSyntax

/// `martlet config set NAME [VALUE]`
struct ConfigSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Sets an option in martlet.conf; comments and order stay.",
        discussion: "The changed configuration is checked first: one with an error is not written.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "For example dispatcher.service:SMTP.tcp_ports or channel:tcp_local.daemon.")
    var name: String

    @Argument(help: "The value; none for a keyword without a value.")
    var value: String?

    func run() throws {
        try ConfigurationChange(root: instance.existing(), "set \(name)").edit([.set(name: name, value: value)])
        Self.tellActivation(of: name)
    }

    /// What makes the change count; on standard error, since it is advice and no result.
    static func tellActivation(of name: String) {
        guard let path = try? OptionPath.parse(name).path else { return }
        Terminal.error("martlet: \(OptionCatalogue.activation(path).advice)")
    }
}

/// `martlet config unset NAME`
struct ConfigUnsetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Removes an option from martlet.conf: its default counts again.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "The option.")
    var name: String

    func run() throws {
        try ConfigurationChange(root: instance.existing(), "unset \(name)").edit([.unset(name: name)])
        ConfigSetCommand.tellActivation(of: name)
    }
}
