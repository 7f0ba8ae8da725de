import ProcessPool
import SystemCalls

/// The text form: a line for each thing, between a header and `end`.
extension TakeOverState {
    struct Malformed: Error, Equatable, CustomStringConvertible {
        let line: Int
        var description: String { "the state of the running Dispatcher is not understood (line \(line))" }
    }

    // MARK: Writing

    var text: String {
        var common = TakeOverLine("common")
        common.set("pid_file", pidFile)
        common.set("commands", commands)
        common.set("client", client)
        common.set("image", image)
        var lines = [common]
        lines += listeners.map { listener in
            var line = TakeOverLine("listener")
            line.set("descriptor", listener.descriptor)
            line.set("host", listener.configured.host)
            line.set("port", listener.configured.port)
            line.set("activated", listener.isActivated)
            return line
        }
        lines += throttle.map(\.line)
        for service in services {
            lines.append(service.line)
            for worker in service.workers { lines += [worker.line] + worker.unsent.map(\.line) }
            lines += service.connections.map(\.line)
        }
        return "dispatcher \(Self.version)\n" + lines.map { $0.text + "\n" }.joined() + "end\n"
    }

    // MARK: Reading

    init(text: String) throws(Malformed) {
        let lines = text.split(separator: "\n")
        guard lines.first == "dispatcher \(Self.version)" else { throw Malformed(line: 1) }
        guard lines.last == "end" else { throw Malformed(line: lines.count) }
        for (index, line) in lines.dropFirst().dropLast().enumerated() {
            try take(TakeOverLine(line, number: index + 2))
        }
    }

    private mutating func take(_ line: TakeOverLine) throws(Malformed) {
        let last = services.indices.last
        switch line.kind {
        case "common":
            pidFile = try line.need("pid_file")
            commands = try line.need("commands")
            client = try line.need("client")
            image = try line.need("image")
        case "listener":
            let address = SocketAddress(host: try line.need("host"), port: try line.need("port"))
            listeners.append(
                Listener(
                    descriptor: try line.descriptor("descriptor"), configured: address,
                    isActivated: try line.find("activated") ?? false))
        case "throttle": throttle.append(try ThrottleTable.Entry(line))
        case "service": services.append(try Service(line))
        case "worker" where last != nil: services[last ?? 0].workers.append(try Worker(line))
        case "connection" where last != nil: services[last ?? 0].connections.append(try Connection(line))
        case "unsent":
            guard let last, let worker = services[last].workers.indices.last else { throw Malformed(line: line.number) }
            services[last].workers[worker].unsent.append(try Message(line))
        default: throw Malformed(line: line.number)
        }
    }
}

extension TakeOverLine {
    fileprivate func descriptor(_ name: String) throws(TakeOverState.Malformed) -> Int32 {
        let descriptor: Int32 = try need(name)
        guard descriptor >= 0 else { throw TakeOverState.Malformed(line: number) }
        return descriptor
    }
}

extension ThrottleTable.Entry {
    fileprivate var line: TakeOverLine {
        var line = TakeOverLine("throttle")
        line.set("form", form.rawValue)
        line.set("client", client)
        line.set("rate", rate)
        line.set("total", total)
        line.set("since", since)
        return line
    }

    fileprivate init(_ line: TakeOverLine) throws(TakeOverState.Malformed) {
        guard let form = ThrottleTable.Form(rawValue: try line.need("form")) else {
            throw TakeOverState.Malformed(line: line.number)
        }
        self.init(
            form: form, client: try line.need("client"), rate: try line.need("rate"), total: try line.need("total"),
            since: try line.need("since"))
    }
}

extension TakeOverState.Service {
    fileprivate var line: TakeOverLine {
        var line = TakeOverLine("service")
        line.set("name", name)
        line.set("last_worker", lastWorker)
        line.set("last_connection", lastConnection)
        line.set("counts", counts.map(String.init).joined(separator: ","))
        line.set("generation", generation)
        line.set("stopping_since", stop?.since)
        line.set("escalation", stop?.escalation.rawValue)
        line.set("held_down", isHeldDown)
        return line
    }

    fileprivate init(_ line: TakeOverLine) throws(TakeOverState.Malformed) {
        self.init(name: try line.need("name"))
        lastWorker = try line.need("last_worker")
        lastConnection = try line.need("last_connection")
        let words = try line.need("counts", as: String.self).split(separator: ",")
        counts = words.compactMap { Int($0) }
        guard counts.count == words.count else { throw TakeOverState.Malformed(line: line.number) }
        generation = try line.find("generation") ?? ""
        if let since = try line.find("stopping_since", as: Int64.self) {
            guard let escalation = ServicePool.Escalation(rawValue: try line.need("escalation")) else {
                throw TakeOverState.Malformed(line: line.number)
            }
            stop = TakeOverState.Stop(since: since, escalation: escalation)
        }
        isHeldDown = try line.find("held_down") ?? false
    }
}

extension TakeOverState.Worker {
    fileprivate var line: TakeOverLine {
        var line = TakeOverLine("worker")
        line.set("id", record.id.number)
        line.set("pid", processID)
        line.set("control", control)
        line.set("birth", birth)
        line.set("greeting", greeting)
        line.set("state", record.state.rawValue)
        line.set("total", record.total)
        line.set("peak", record.peak)
        line.set("born", record.born)
        line.set("ready_at", record.readyAt)
        line.set("idle_since", record.idleSince)
        line.set("last_heard", record.lastHeard)
        line.set("ping_since", record.pingSince)
        line.set("next_ping", record.nextPing)
        line.set("obsolete", record.isObsolete)
        line.set("given_notice", record.hasGivenNotice)
        line.set("stalled_since", record.stalledSince)
        line.set("cut_off", record.isCutOff)
        line.set("kill_at", record.killAt)
        return line
    }

    /// How many connections the worker has follows from these.
    fileprivate init(_ line: TakeOverLine) throws(TakeOverState.Malformed) {
        var record = PoolWorker(
            id: WorkerID(try line.need("id")), at: try line.need("born"), firstPing: try line.need("next_ping"))
        processID = try line.need("pid")
        control = try line.descriptor("control")
        guard let state = PoolWorker.State(rawValue: try line.need("state")), processID > 0 else {
            throw TakeOverState.Malformed(line: line.number)
        }
        birth = try line.need("birth")
        greeting = try line.find("greeting")
        record.state = state
        record.total = try line.need("total")
        record.peak = try line.need("peak")
        record.readyAt = try line.find("ready_at")
        record.idleSince = try line.need("idle_since")
        record.lastHeard = try line.need("last_heard")
        record.pingSince = try line.find("ping_since")
        record.isObsolete = try line.find("obsolete") ?? false
        record.hasGivenNotice = try line.find("given_notice") ?? false
        record.stalledSince = try line.find("stalled_since")
        record.isCutOff = try line.find("cut_off") ?? false
        record.killAt = try line.find("kill_at")
        self.record = record
    }
}

extension TakeOverState.Message {
    fileprivate var line: TakeOverLine {
        var line = TakeOverLine("unsent")
        line.set("bytes", bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        line.set("descriptor", descriptor)
        return line
    }

    fileprivate init(_ line: TakeOverLine) throws(TakeOverState.Malformed) {
        let digits = Array(try line.need("bytes", as: String.self).utf8)
        bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        guard bytes.count * 2 == digits.count else { throw TakeOverState.Malformed(line: line.number) }
        descriptor = try line.find("descriptor", as: Int32.self) == nil ? nil : try line.descriptor("descriptor")
    }
}

extension TakeOverState.Connection {
    fileprivate var line: TakeOverLine {
        var line = TakeOverLine("connection")
        line.set("id", record.id.number)
        switch place.state {
        case .inAdmission: line.set("state", "admission")
        case .waiting: line.set("state", "waiting")
        case .pending: line.set("state", "pending")
        case .active: line.set("state", "active")
        }
        line.set("worker", record.worker?.number)
        line.set("local", record.local.host)
        line.set("local_port", record.local.port)
        line.set("remote", record.remote.host)
        line.set("remote_port", record.remote.port)
        line.set("ident", record.identUser)
        line.set("began", record.began)
        line.set("accepted", place.accepted)
        line.set("since", place.since)
        line.set("attempts", place.attempts)
        if !place.decliners.isEmpty {
            line.set("decliners", place.decliners.map(\.description).joined(separator: ","))
        }
        if let held {
            line.set("socket", held.socket)
            line.set("tls", held.isImplicitTLS)
            line.set("access", held.accessText)
            line.set("log", held.logText)
            line.set("lists", held.asksLists)
        }
        return line
    }

    fileprivate init(_ line: TakeOverLine) throws(TakeOverState.Malformed) {
        let worker = try line.find("worker").map { WorkerID($0) }
        place = PoolConnection(listener: 0, accepted: try line.need("accepted"), since: try line.need("since"))
        place.attempts = try line.need("attempts")
        place.decliners =
            try line.find("decliners", as: String.self)?.split(separator: ",").map { number in
                WorkerID(Int(number) ?? 0)
            } ?? []
        record = ConnectionRecord(
            id: ConnectionID(try line.need("id")), worker: worker,
            local: SocketAddress(host: try line.need("local"), port: try line.need("local_port")),
            remote: SocketAddress(host: try line.need("remote"), port: try line.need("remote_port")),
            began: try line.need("began"))
        record.identUser = try line.find("ident") ?? ""
        if try line.find("socket", as: Int32.self) != nil {
            held = TakeOverState.Held(
                socket: try line.descriptor("socket"), isImplicitTLS: try line.find("tls") ?? false,
                accessText: try line.find("access") ?? "", logText: try line.find("log") ?? "",
                asksLists: try line.find("lists") ?? false)
        }
        switch (try line.need("state", as: String.self), worker, held) {
        case ("admission", _, .some): place.state = .inAdmission
        case ("waiting", _, .some): place.state = .waiting
        case ("pending", let worker?, .some): place.state = .pending(worker)
        case ("active", let worker?, .none): place.state = .active(worker)
        default: throw TakeOverState.Malformed(line: line.number)
        }
    }
}
