import ArgumentParser
import FoundationEssentials
import SystemCalls

/// `martlet manual`: the manual pages, made from the commands themselves.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Writes the manual pages of all commands.",
        discussion: "One file for each command, for a directory that man(1) looks into, as /usr/local/share/man/man1.")

    @Option(help: ArgumentHelp("Where the files go; it is made when it is missing.", valueName: "dir"))
    var output: String?

    @Argument(help: "Only the page of this command, on standard output, as martlet-queue or imsimta.")
    var page: String?

    func validate() throws {
        guard (output == nil) != (page == nil) else {
            throw ValidationError("say --output DIR for all pages, or the name of one")
        }
    }

    func run() throws {
        let pages = try Self.pages()
        if let page {
            guard let text = pages[page] ?? pages["martlet-\(page)"] else {
                throw CommandFailure("there is no page \(page): \(pages.keys.sorted().joined(separator: ", "))")
            }
            return Terminal.text(text)
        }
        guard let output else { return }
        let directory = absolute(output)
        try Files.createDirectory(directory, mode: 0o755)
        for (name, text) in pages {
            try Files.replace("\(directory)/\(name).1", with: Array(text.utf8), mode: 0o644)
        }
        Terminal.line("martlet: \(pages.count) pages are in \(directory)")
    }

    /// By name, without the section.
    static func pages() throws -> [String: String] {
        let tool: ManualTool
        do {
            tool = try JSONDecoder().decode(ManualTool.self, from: Data(MartletCommand._dumpHelp().utf8))
        } catch { throw CommandFailure("the commands cannot be described: \(error)") }
        var pages = ["martlet": ManualPage.overview(tool.command), "imsimta": ManualPage.family()]
        for command in tool.command.subcommands ?? [] where command.shouldDisplay && command.commandName != "help" {
            pages["martlet-\(command.commandName)"] = ManualPage.page(command)
        }
        return pages
    }
}

/// What ArgumentParser says of a command, as far as pages need it.
struct ManualTool: Decodable {
    struct Name: Decodable {
        var kind: String
        var name: String

        var text: String { kind == "short" ? "-\(name)" : kind == "long" ? "--\(name)" : "-\(name)" }
    }

    struct Argument: Decodable {
        var kind: String
        var shouldDisplay: Bool
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var abstract: String?
        var discussion: String?

        /// As it is written: `--since <time>`, `<id>`.
        var text: String {
            let value = "<\(valueName ?? "value")>"
            let names = (names ?? []).map(\.text).joined(separator: ", ")
            switch kind {
            case "positional": return isRepeating ? "\(value) ..." : value
            case "option": return "\(names) \(value)"
            default: return names
            }
        }
    }

    struct Command: Decodable {
        var commandName: String
        var shouldDisplay: Bool
        var abstract: String?
        var discussion: String?
        var subcommands: [Command]?
        var arguments: [Argument]?

        var shown: [Argument] {
            (arguments ?? []).filter { $0.shouldDisplay && !["help", "version"].contains($0.names?.last?.name) }
        }
        var parts: [Command] {
            (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
        }
    }

    var command: Command
}
