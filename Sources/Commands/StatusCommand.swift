import ArgumentParser
import Configuration
import SystemCalls
import TransactionLog

/// `martlet status [SERVICE]`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Services with their workers and connections, channels with their queues, tasks.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "Only this service, with its statistics, connections and history.")
    var service: String?

    @Flag(help: "One JSON object: services, channels, jobs, pools, tasks; with SERVICE also connections and history.")
    var json = false

    @Flag(help: "Metrics of services and queues in the Prometheus text format.")
    var prometheus = false

    @Flag(help: "Again every second, until Ctrl-C.")
    var watch = false

    func validate() throws {
        if prometheus, json || watch || service != nil {
            throw ValidationError("--prometheus goes with neither SERVICE, --json nor --watch")
        }
    }

    func run() throws {
        let root = try instance.existing()
        let source = StatusSource(root: root)
        if prometheus { return Terminal.line(source.metrics()) }
        let page = { () throws -> [String] in
            if json { return [try source.json(service)] }
            if let service { return try source.page(of: service) }
            return try source.overview()
        }
        guard watch else { return Terminal.line(try page().joined(separator: "\n")) }
        ScreenWatch.run {
            // A daemon that restarts must not end the watch.
            do { return try page() } catch { return ["\(error)"] }
        }
    }
}

/// Asks the daemons of an instance.
struct StatusSource {
    let dispatcher: DaemonClient
    let controller: DaemonClient

    let root: String

    init(root: String, timeoutSeconds: Int = 30) {
        self.root = root
        dispatcher = DaemonClient(root: root, .dispatcher, timeoutSeconds: timeoutSeconds)
        controller = DaemonClient(root: root, .jobController, timeoutSeconds: timeoutSeconds)
    }

    func overview() throws -> [String] {
        var page = StatusPage(isColoured: Terminal.isColoured)
        page.add(try dispatcher.ask(DispatcherStatus.self, "status").services)
        let status = try controller.ask(QueueStatus.self, "status")
        page.add(status, now: Int(SystemClock.wallSeconds))
        page.add(status.tasks ?? [], now: Int(SystemClock.wallSeconds))
        return page.lines
    }

    func page(of name: String) throws -> [String] {
        var page = StatusPage(isColoured: Terminal.isColoured)
        let service = try dispatcher.ask(DispatcherStatus.Service.self, "status", name)
        page.add([service])
        page.addDetails(service)
        page.addConnections(try dispatcher.ask(ConnectionList.self, "connections", name))
        page.addHistory(try dispatcher.ask(ConnectionList.self, "history", name))
        return page.lines
    }

    /// The answers are JSON objects: one object with the members of all.
    func json(_ service: String?) throws -> String {
        let queues = try controller.command("status").dropFirst()
        guard let service else { return "\(try dispatcher.command("status").dropLast()),\(queues)" }
        return "{\"services\":[\(try dispatcher.command("status", service))],"
            + "\"connections\":\(try dispatcher.command("connections", service)),"
            + "\"history\":\(try dispatcher.command("history", service)),\(queues)"
    }

    /// What does not answer is reported as not up; that is an answer for a monitor, no failure.
    func metrics() -> String {
        let services = try? dispatcher.ask(MetricsAnswer.self, "metrics").metrics
        let queues = try? controller.ask(QueueStatus.self, "status")
        var text = StatusMetrics.components([
            (dispatcher.daemon.name, services != nil), (controller.daemon.name, queues != nil),
        ])
        text += services ?? ""
        if let queues { text += StatusMetrics.queues(queues, now: Int(SystemClock.wallSeconds)) }
        let paths = InstancePaths(instanceRoot: root)
        if let counters = TrafficCounters(path: paths.counters, creates: false) {
            text += StatusMetrics.traffic(counters.rows())
        }
        if let free = try? Files.freeSpace(paths.queue) {
            text += StatusMetrics.disk(freeBytes: free.bytes, freeInodes: free.inodes)
        }
        if text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}
