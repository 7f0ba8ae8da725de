import ArgumentParser
import FoundationEssentials

/// `martlet status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Services with their workers and connections, channels with their queues.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "Only this service.")
    var service: String?

    @Flag(help: "One JSON object: services, channels, jobs, pools.")
    var json = false

    func run() throws {
        let root = try instance.existing()
        let dispatcher = DaemonClient(root: root, .dispatcher)
        let controller = DaemonClient(root: root, .jobController)
        if json {
            // Both answers are JSON objects: one object with the members of both.
            let services =
                try service.map { "{\"services\":[\(try dispatcher.command("status", $0))]}" }
                ?? dispatcher.command("status")
            let queues = try controller.command("status")
            Terminal.line("\(services.dropLast()),\(queues.dropFirst())")
            return
        }
        let status = try dispatcher.ask(DispatcherStatus.self, "status")
        let shown = status.services.filter { service == nil || $0.name.lowercased() == service?.lowercased() }
        if let service, shown.isEmpty { throw CommandFailure("there is no service \(service)") }
        showServices(shown)
        if service == nil { try showQueues(controller.ask(QueueStatus.self, "status")) }
    }

    private func showServices(_ services: [DispatcherStatus.Service]) {
        Terminal.table(
            ["SERVICE", "PORTS", "STATE", "PID", "WORKER", "ACTIVE", "TOTAL", "BORN"],
            services.flatMap { service in
                let ports = service.ports.map(String.init).joined(separator: " ")
                if service.workers.isEmpty { return [[service.name, ports, service.state ?? "", "", "", "", "", ""]] }
                return service.workers.enumerated().map { index, worker in
                    [
                        index == 0 ? service.name : "", index == 0 ? ports : "", index == 0 ? service.state ?? "" : "",
                        worker.pid.map(String.init) ?? "", worker.state, String(worker.active), String(worker.total),
                        worker.born ?? "",
                    ]
                }
            }, rightAligned: [3, 5, 6])
    }

    private func showQueues(_ status: QueueStatus) {
        let waiting = status.channels.filter { $0.ready + $0.delayed + $0.active + $0.held > 0 }
        Terminal.line("")
        if waiting.isEmpty { return Terminal.line("No messages in the queues.") }
        Terminal.table(
            ["CHANNEL", "POOL", "JOBS", "READY", "DELAYED", "ACTIVE", "HELD"],
            waiting.map { channel in
                [channel.name, channel.pool]
                    + [channel.jobs, channel.ready, channel.delayed, channel.active, channel.held]
                    .map(String.init)
            }, rightAligned: [2, 3, 4, 5, 6])
    }
}

/// What the dispatcher answers to `status`.
private struct DispatcherStatus: Decodable {
    struct Worker: Decodable {
        var pid: Int?
        var state: String
        var active: Int
        var total: Int
        var born: String?
    }

    struct Service: Decodable {
        var name: String
        var ports: [Int]
        var state: String?
        var workers: [Worker]
    }

    var services: [Service]
}

/// What the job controller answers to `status`.
private struct QueueStatus: Decodable {
    struct Channel: Decodable {
        var name: String
        var pool: String
        var jobs: Int
        var ready: Int
        var delayed: Int
        var active: Int
        var held: Int
    }

    var channels: [Channel]
}
