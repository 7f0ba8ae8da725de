import ArgumentParser
import Configuration
import OptionSyntax

/// `martlet config history`
struct ConfigHistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Lists the former texts of martlet.conf, newest last.",
        discussion: "Each was in force until the time shown; the \(ConfigurationHistory.limit) newest are kept.")

    @OptionGroup var instance: InstanceOptions

    @Flag(help: "One JSON array.")
    var json = false

    func run() throws {
        let generations = ConfigurationHistory(paths: InstancePaths(instanceRoot: try instance.existing())).generations
        if json {
            Terminal.line(JSONValue.array(generations.map(Self.json)).text)
        } else {
            Terminal.table(
                ["GENERATION", "UNTIL", "BY", "CHANGE"],
                generations.map { [String($0.number), $0.time, $0.user, $0.change] }, rightAligned: [0])
        }
    }

    private static func json(_ generation: ConfigurationHistory.Generation) -> JSONValue {
        [
            "generation": .integer(generation.number), "until": .string(generation.time),
            "user": .string(generation.user), "change": .string(generation.change),
        ]
    }
}

/// `martlet config diff [FROM [TO]]`
struct ConfigDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Shows what two generations of martlet.conf set differently.",
        discussion:
            "Without arguments the newest generation and the text in force; with one, that generation and the text in"
            + " force. Lines with - are in the former only, with + in the latter only.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "A generation (martlet config history).")
    var from: Int?

    @Argument(help: "A generation; the text in force without it.")
    var to: Int?

    func run() throws {
        let paths = InstancePaths(instanceRoot: try instance.existing())
        let history = ConfigurationHistory(paths: paths)
        guard let first = from ?? history.generations.last?.number else {
            throw CommandFailure("there are no generations yet: nothing was changed with martlet config")
        }
        do throws(ConfigurationEditor.Refusal) {
            let former = try history.text(of: first)
            let current = try ConfigurationEditor.current(paths)?.withoutPasswords ?? []
            let latter = try to.map { number throws(ConfigurationEditor.Refusal) in try history.text(of: number) }
            for line in ConfigurationDifferences(from: former, to: latter ?? current).lines {
                Terminal.line(line.description)
            }
        } catch {
            throw CommandFailure(error.description)
        }
    }
}

/// `martlet config revert N`
struct ConfigRevertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revert", abstract: "Puts a former text of martlet.conf in force again.",
        discussion:
            "It is checked first, and the text in force now becomes a generation itself. Passwords stay as they are.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "The generation (martlet config history).")
    var generation: Int

    func run() throws {
        let change = ConfigurationChange(root: try instance.existing(), "revert \(generation)")
        var texts: ConfigurationTexts
        do throws(ConfigurationEditor.Refusal) {
            texts = ConfigurationTexts(main: try ConfigurationHistory(paths: change.paths).text(of: generation))
            texts.passwords = try ConfigurationEditor.current(change.paths)?.passwords
        } catch {
            throw CommandFailure(error.description)
        }
        tell(try change.replace(with: texts), change.paths)
    }
}
