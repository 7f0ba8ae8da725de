import ArgumentParser
import Configuration
import Glibc
import OptionSyntax
import SystemCalls

/// `msconfig`, or `martlet msconfig`
struct MSConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "msconfig", abstract: "Edits the configuration in a dialogue, or with one command.",
        discussion:
            "Without a command it asks for commands: help lists them. Nothing is written before write or exit; the"
            + " prompt ends in # when something is unsaved. With a command it carries it out and saves.")

    @OptionGroup var instance: InstanceOptions

    @Flag(name: .customLong("dry-run"), help: "With a command: show what would change, save nothing.")
    var dryRun = false

    @Argument(parsing: .captureForPassthrough, help: "A command, as: set channel:tcp_local.maxjobs 5.")
    var command: [String] = []

    func run() throws {
        if ["--help", "-h"].contains(command.first) { throw CleanExit.helpRequest(Self.self) }
        let paths = InstancePaths(instanceRoot: try instance.existing())
        let session: ConfigurationSession
        do throws(ConfigurationEditor.Refusal) {
            session = try ConfigurationSession(paths: paths)
        } catch {
            throw CommandFailure(error.description)
        }
        let reader = LineEditor()
        let dialogue = MSConfigDialogue(session: session, around: Self.surroundings(paths, reader))
        let words = command.drop { $0 == "--" }
        let isGood = words.isEmpty ? Self.converse(dialogue, reader) : carryOut(Array(words), dialogue)
        if !isGood { throw ExitCode(1) }
    }

    private static func surroundings(_ paths: InstancePaths, _ reader: LineEditor) -> MSConfigDialogue.Surroundings {
        MSConfigDialogue.Surroundings(
            say: { Terminal.line($0) },
            ask: { question in
                if !reader.isTerminal { Terminal.text(question) }
                let answer = reader.line(question, remembers: { _ in false })
                if !reader.isTerminal { Terminal.line("") }
                return answer
            },
            editText: { text, name in ExternalEditor.edit(text, name: name) },
            save: { change, texts, base throws(ConfigurationEditor.Refusal) in
                try ConfigurationChange(paths: paths, change).write(texts, base: base)
            },
            isColoured: Terminal.isInteractive && getenv("NO_COLOR") == nil,
            askSecret: { question in
                Terminal.text(question)
                defer { Terminal.line("") }
                return reader.secretLine()
            })
    }

    /// One command, then save.
    private func carryOut(_ words: [String], _ dialogue: MSConfigDialogue) -> Bool {
        var dialogue = dialogue
        guard dialogue.perform(words: words) != .failed else { return false }
        if dryRun {
            dialogue.session.differences.forEach(Terminal.line)
            return true
        }
        return dialogue.perform("exit") != .failed
    }

    /// Lines until the end. True when every one was carried out, as a script wants to know.
    private static func converse(_ dialogue: MSConfigDialogue, _ reader: LineEditor) -> Bool {
        var dialogue = dialogue
        var isGood = true
        while true {
            let prompt = dialogue.session.prompt
            reader.complete = { line in
                MSConfigCompletion(configuration: dialogue.session.configuration).candidates(line)
            }
            let outcome: MSConfigDialogue.Outcome
            if let line = reader.line(prompt, remembers: { !MSConfigDialogue.holdsPassword($0) }) {
                outcome = dialogue.perform(line)
            } else {
                outcome = dialogue.end(onTerminal: reader.isTerminal)
                if outcome == .failed { return false }
            }
            if outcome == .failed, !reader.isTerminal { isGood = false }
            if outcome == .leaves { return isGood }
        }
    }
}
