import ArgumentParser
import Configuration
import Glibc
import SystemCalls

/// `martlet queue …`, `imsimta qm …`: one command, or with `qm` alone the dialogue.
struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Looks at messages in the queues and acts on them.",
        usage: "martlet queue COMMAND [SWITCHES] …",
        discussion: QueueVerb.all.filter { !["date", "exit", "quit", "view"].contains($0.name) }
            .map { "\($0.usage)\n    \($0.meaning)" }.joined(separator: "\n")
            + "\n\nSwitches are written --from=A, --from A or -from=A; --json gives one line of JSON. What only looks works"
            + " while the Job Controller is down too, and so do stop and start.")

    @OptionGroup var instance: InstanceOptions

    @Argument(parsing: .captureForPassthrough, help: "The command and its switches; help COMMAND says more.")
    var command: [String] = []

    func run() throws {
        if command.isEmpty || ["--help", "-h"].contains(command.first ?? "") { throw CleanExit.helpRequest(Self.self) }
        var words = command
        if words.last == "--help" || words.last == "-h" { words = ["help", words[0]] }
        if words[0].lowercased() == "help" {
            // It needs no instance.
            let topic = words.dropFirst().first.flatMap { $0.hasPrefix("-") ? nil : $0 }
            do throws(FamilySpelling.Refusal) {
                return try QueueVerb.help(topic).forEach { Terminal.line($0) }
            } catch {
                Terminal.error(error.description)
                throw ExitCode(64)
            }
        }
        let status = try Self.manager(&words, instance, isDialogue: false).perform(words) ?? 0
        if status != 0 { throw ExitCode(status) }
    }

    /// `--root` may stand among the words.
    static func manager(
        _ words: inout [String], _ instance: InstanceOptions, isDialogue: Bool, facility: String = "QM"
    ) throws -> QueueManager {
        var instance = instance
        if let index = words.firstIndex(where: { $0 == "--root" }), words.indices.contains(index + 1) {
            instance.root = words[index + 1]
            words.removeSubrange(index...(index + 1))
        } else if let index = words.firstIndex(where: { $0.hasPrefix("--root=") || $0.hasPrefix("-root=") }) {
            instance.root = String(words.remove(at: index).drop { $0 != "=" }.dropFirst())
        }
        var facility = facility
        if let index = words.firstIndex(where: { $0.hasPrefix("--facility=") }) {
            facility = String(words.remove(at: index).dropFirst("--facility=".count))
        }
        let source = QueueSource(paths: InstancePaths(instanceRoot: try instance.existing()))
        let manager = QueueManager(source: source, around: surroundings, isDialogue: isDialogue)
        manager.facility = facility
        return manager
    }

    private static var surroundings: QueueManager.Surroundings {
        QueueManager.Surroundings(
            say: { Terminal.line($0) }, complain: { Terminal.error($0) },
            ask: { Terminal.ask($0, apart: true) }, progress: { Terminal.progress($0) },
            isColoured: Terminal.isInteractive && getenv("NO_COLOR") == nil, screen: Terminal.height)
    }
}

/// `imsimta qm`, without a command: asks for commands.
struct QueueDialogueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qm", abstract: "The dialogue of imsimta qm; with a command it is martlet queue.",
        shouldDisplay: false)

    @OptionGroup var instance: InstanceOptions

    @Argument(parsing: .captureForPassthrough, help: "A command of martlet queue.")
    var command: [String] = []

    func run() throws {
        var words = command
        let manager = try QueueCommand.manager(&words, instance, isDialogue: true)
        let own = words.filter { !["-maintenance", "--maintenance"].contains($0.lowercased()) }
        guard own.isEmpty else {
            // One command: there is no listing that ids could be of.
            var words = command
            let status = try QueueCommand.manager(&words, instance, isDialogue: false).perform(own) ?? 0
            if status != 0 { throw ExitCode(status) }
            return
        }
        let reader = LineEditor()
        var worst: Int32 = 0
        while let line = reader.line("qm.maint> ") {
            do throws(FamilySpelling.Refusal) {
                guard let status = manager.perform(try QueueLine.words(line)) else { break }
                if !reader.isTerminal { worst = max(worst, status) }
            } catch {
                Terminal.error(error.description)
                if !reader.isTerminal { worst = max(worst, 64) }
            }
        }
        if worst != 0 { throw ExitCode(worst) }
    }
}
