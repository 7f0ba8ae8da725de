import ArgumentParser

/// `martlet dispatcher status [SERVICE]` (dispatcher specification, section 11).
struct DispatcherCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispatcher", abstract: "Looks at the Dispatcher alone.",
        subcommands: [DispatcherStatusCommand.self]
    )
}

struct DispatcherStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Services with their ports, workers, connections and statistics.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "Only this service.")
    var service: String?

    @Flag(help: "The answer of the Dispatcher as one JSON object.")
    var json = false

    func run() throws {
        let client = DaemonClient(root: try instance.existing(), .dispatcher)
        if json {
            return Terminal.line(try service.map { try client.command("status", $0) } ?? client.command("status"))
        }
        var page = StatusPage(isColoured: Terminal.isColoured)
        if let service {
            let status = try client.ask(DispatcherStatus.Service.self, "status", service)
            page.add([status])
            page.addDetails(status)
        } else {
            page.add(try client.ask(DispatcherStatus.self, "status").services)
        }
        Terminal.line(page.lines.joined(separator: "\n"))
    }
}
