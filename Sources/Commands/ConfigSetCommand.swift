import ArgumentParser
import Configuration
import OptionSyntax

/// `martlet config set NAME [VALUE]`
struct ConfigSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Sets an option in martlet.conf; comments and order stay.",
        discussion:
            "The changed configuration is checked first: one with an error is not written. An option whose values"
            + " accumulate gets one more. A password goes to passwords.conf.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "For example dispatcher.service:SMTP.tcp_ports or channel:tcp_local.daemon.")
    var name: String

    @Argument(help: "The value; none for a keyword without a value.")
    var value: String?

    /// `config set NAME -4..4` and the same of `unset`: behind the name a word with one hyphen is the value and no option,
    /// so it goes to the end, behind `--`.
    static func protectingValue(_ arguments: [String]) -> [String] {
        guard arguments.first == "config", ["set", "unset"].contains(arguments.dropFirst().first ?? ""),
            !arguments.contains("--")
        else { return arguments }
        var isNamed = false
        var isRoot = false
        for (index, word) in arguments.enumerated().dropFirst(2) {
            if isRoot {
                isRoot = false
            } else if word == "--root" {
                isRoot = true
            } else if !word.hasPrefix("-") {
                if isNamed { return arguments }
                isNamed = true
            } else if isNamed, !word.hasPrefix("--"), word.count > 1, word != "-h" {
                return arguments[..<index] + arguments[(index + 1)...] + ["--", word]
            }
        }
        return arguments
    }

    func run() throws {
        let change = ConfigurationChange(root: try instance.existing(), "set \(name)")
        tell(try change.edit([.set(name: name, value: value)]), change.paths)
        Self.tellActivation(of: name, change.paths)
    }

    /// What makes the change count; on standard error, since it is advice and no result.
    static func tellActivation(of name: String, _ paths: InstancePaths) {
        guard let path = try? OptionPath.parse(name).path else { return }
        Terminal.error("martlet: \(OptionCatalogue.activation(path).advice)")
        if let notice = CompiledConfiguration.notice(paths) { Terminal.error("martlet: \(notice)") }
    }
}

/// `martlet config unset NAME [VALUE]`
struct ConfigUnsetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Removes an option from martlet.conf: its default counts again.",
        discussion: "Of several values, rules above all, the one named goes, or with --all every one.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "The option; with --all also a group, as channel:tcp_old.")
    var name: String

    @Argument(help: "Which of several values, as a rule in quotes.")
    var value: String?

    @Flag(help: "Every value of an option that has several, or everything in a group.")
    var all = false

    func run() throws {
        let change = ConfigurationChange(root: try instance.existing(), "unset \(name)")
        tell(try change.edit([.unset(name: name, value: value, all: all)]), change.paths)
        ConfigSetCommand.tellActivation(of: name, change.paths)
    }
}

/// Shows what is to be known about a change that was made.
func tell(_ findings: Diagnostics, _ paths: InstancePaths) {
    ConfigurationChange.lines(findings.all, texts: nil, paths: paths, isColoured: Terminal.errorsAreColoured)
        .forEach(Terminal.error)
}
