/// The lines of `martlet status`: made of the answers of the daemons, nothing else.
struct StatusPage {
    let isColoured: Bool
    private(set) var lines: [String] = []

    init(isColoured: Bool) { self.isColoured = isColoured }

    mutating func add(_ text: String, _ style: TextTable.Style = .plain) {
        let cell = TextTable.Cell(text, style)
        lines.append(isColoured ? style.apply(cell.text) : cell.text)
    }

    private mutating func add(_ table: TextTable) { lines += table.lines(isColoured: isColoured) }

    private mutating func space() { if !lines.isEmpty { lines.append("") } }

    // MARK: Services

    /// One line a service, then one line a worker, then what needs attention.
    mutating func add(_ services: [DispatcherStatus.Service]) {
        var table = TextTable([
            "SERVICE", "PORTS", "STATE", .number("WORKERS"), .number("CONNECTIONS"), .number("PEAK"),
            .number("ACCEPTED"), .number("DENIED"),
        ])
        for service in services {
            let connections = service.connections
            let limit = service.limits.map { "/\($0.maxProcs)" } ?? ""
            table.add([
                .init(service.name), .init(service.ports.map(String.init).joined(separator: " ")),
                Self.state(service.state ?? ""), .init("\(service.workers.count)\(limit)"),
                .init(
                    connections.map { "\($0.current)/\($0.capacity)" } ?? "",
                    service.saturation?.now == true ? .bad : .plain),
                .init(connections.map { String($0.peak) } ?? ""),
                .init(connections.map { String($0.accepted) } ?? ""), .init(service.denied.map(String.init) ?? ""),
            ])
        }
        add(table)
        addWorkers(services)
        for service in services { addWarnings(service) }
    }

    private mutating func addWorkers(_ services: [DispatcherStatus.Service]) {
        guard services.contains(where: { !$0.workers.isEmpty }) else { return }
        space()
        var table = TextTable([
            "SERVICE", .number("PID"), "WORKER", .number("ACTIVE"), .number("PENDING"), .number("TOTAL"),
            .number("PEAK"), .number("CONFIG"), "BORN",
        ])
        for service in services {
            for (index, worker) in service.workers.enumerated() {
                table.add([
                    .init(index == 0 ? service.name : ""), .init(worker.pid.map(String.init) ?? ""),
                    Self.state(worker.state), .init(worker.active), .init(worker.pending.map(String.init) ?? ""),
                    .init(worker.total), .init(worker.peak.map(String.init) ?? ""),
                    .init(worker.generation.map(String.init) ?? ""), .init(worker.born ?? ""),
                ])
            }
        }
        add(table)
    }

    private mutating func addWarnings(_ service: DispatcherStatus.Service) {
        if let reason = service.reason { add("\(service.name): \(reason)", .bad) }
        for listener in service.listeners ?? [] where listener.state == "not-listening" {
            add("\(service.name) does not listen on \(listener.address); see dispatcher.log", .bad)
        }
        if service.saturation?.now == true {
            add("\(service.name) is at capacity: clients wait for a banner (raise MAX_PROCS or MAX_CONNS)", .warning)
        }
    }

    // MARK: One service

    /// The statistics of section 11 of the dispatcher specification.
    mutating func addDetails(_ service: DispatcherStatus.Service) {
        if let counts = service.connections {
            space()
            var table = TextTable(["STATISTICS", .number("MINIMUM"), .number("AVERAGE"), .number("MAXIMUM")])
            table.add(Self.range("concurrent connections", counts.concurrent))
            table.add(Self.range("connections an hour", counts.perHour))
            table.add(Self.range("connection, milliseconds", counts.milliseconds))
            add(table)
            space()
            add(
                "\(counts.completed) completed, \(counts.lost) lost, \(counts.dropped) dropped, \(counts.waiting) waiting"
            )
        }
        if let saturation = service.saturation { add("At capacity \(Self.text(saturation))") }
        guard let handoff = service.handoff else { return }
        if handoff.count > 0 {
            add("Handoffs: half below \(handoff.median) microseconds, 99 of 100 below \(handoff.p99)")
        }
        if let limited = handoff.limited { add("Limited by MAX_HANDOFFS \(Self.text(limited))") }
    }

    mutating func addConnections(_ list: ConnectionList) {
        space()
        guard !list.connections.isEmpty else { return add("No open connections.") }
        var table = TextTable([
            .number("CONNECTION"), .number("WORKER"), "CLIENT", "SERVER", "USER", .number("SINCE"),
        ])
        for connection in list.connections {
            table.add([
                .init(connection.id), .init(connection.worker.map(String.init) ?? ""), .init(connection.remote),
                .init(connection.local), .init(connection.ident), .init(Self.age(connection.seconds)),
            ])
        }
        add(table)
        if let omitted = list.omitted, omitted > 0 { add("and \(omitted) more") }
    }

    /// Nothing at all when HISTORICAL_TIME is 0.
    mutating func addHistory(_ list: ConnectionList) {
        guard let time = list.historicalTime, time > 0 else { return }
        space()
        add("Closed connections of the last \(Self.age(time)):", .heading)
        var table = TextTable([
            .number("CONNECTION"), "CLIENT", "USER", "BEGAN", .number("LASTED"), .number("IN"), .number("OUT"), "END",
        ])
        for connection in list.connections {
            table.add([
                .init(connection.id), .init(connection.remote), .init(connection.ident), .init(connection.began),
                .init(Self.age(connection.seconds)), .init(connection.bytesIn), .init(connection.bytesOut),
                .init(connection.reason),
            ])
        }
        add(table)
        guard let workers = list.workers, !workers.isEmpty else { return }
        space()
        var ended = TextTable([.number("PID"), .number("TOTAL"), .number("PEAK"), "BORN", "ENDED", "END"])
        for worker in workers {
            ended.add([
                .init(worker.pid), .init(worker.total), .init(worker.peak), .init(worker.born), .init(worker.ended),
                .init(worker.ending),
            ])
        }
        add(ended)
    }

    // MARK: Queues

    /// Channels with messages, and stopped ones. `now`: seconds since 1970.
    mutating func add(_ status: QueueStatus, now: Int) {
        space()
        let shown = status.channels.filter { $0.ready + $0.delayed + $0.active + $0.held > 0 || $0.stopped == true }
        if shown.isEmpty { return add("No messages in the queues.") }
        var table = TextTable([
            "CHANNEL", "POOL", .number("JOBS"), .number("READY"), .number("DELAYED"), .number("ACTIVE"),
            .number("HELD"), .number("OLDEST"), "STATE",
        ])
        for channel in shown {
            table.add([
                .init(channel.name), .init(channel.pool), .init(channel.jobs), .init(channel.ready),
                .init(channel.delayed), .init(channel.active),
                .init(channel.held, channel.held > 0 ? .warning : .plain),
                .init(channel.oldest.map { Self.age(max(0, now - $0)) } ?? ""),
                channel.stopped == true ? .init("stopped", .warning) : "",
            ])
        }
        add(table)
    }

    // MARK: Tasks

    /// The tasks of the scheduler; nothing without one. `now`: seconds since 1970.
    mutating func add(_ tasks: [QueueStatus.Task], now: Int) {
        if tasks.isEmpty { return }
        space()
        var table = TextTable(["TASK", "STATE", "LAST RUN", .number("TOOK"), "END", .number("NEXT IN")])
        for task in tasks {
            let state: TextTable.Cell =
                task.running ? .init("running", .good) : task.enabled ? .init("waiting") : .init("disabled", .faint)
            let isGood = task.exit == 0 || task.ending == nil
            table.add([
                .init(task.name), state, .init(task.started.map { "\(Self.age(now - $0)) ago" } ?? "never"),
                .init(task.started.map { Self.age((task.ended ?? now) - $0) } ?? ""),
                .init(task.ending ?? "", isGood ? .plain : .bad),
                .init(task.next.map { Self.age($0 - now) } ?? ""),
            ])
        }
        add(table)
    }

    // MARK: Texts

    private static func state(_ text: String) -> TextTable.Cell {
        switch text {
        case "running": .init(text, .good)
        case "starting", "draining", "stopping", "backing-off": .init(text, .warning)
        case "disabled", "stopped": .init(text, .faint)
        default: .init(text, .bad)
        }
    }

    private static func range(_ title: String, _ range: DispatcherStatus.Range?) -> [TextTable.Cell] {
        guard let range else { return [.init(title), "-", "-", "-"] }
        return [.init(title), .init(range.minimum), .init(range.average), .init(range.maximum)]
    }

    private static func text(_ occupancy: DispatcherStatus.Occupancy) -> String {
        guard occupancy.count > 0 else { return "never" }
        let times = occupancy.count == 1 ? "once" : "\(occupancy.count) times"
        return "\(times), \(age(occupancy.milliseconds / 1000)) in all" + (occupancy.now ? ", and now" : "")
    }

    /// Two units at most: `45s`, `12m03s`, `3h05m`, `2d04h`.
    static func age(_ seconds: Int) -> String {
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        switch seconds {
        case ..<60: return "\(max(0, seconds))s"
        case ..<3600: return "\(seconds / 60)m\(two(seconds % 60))s"
        case ..<86_400: return "\(seconds / 3600)h\(two(seconds % 3600 / 60))m"
        default: return "\(seconds / 86_400)d\(two(seconds % 86_400 / 3600))h"
        }
    }
}
