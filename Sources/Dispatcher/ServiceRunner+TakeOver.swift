import ProcessPool
import SystemCalls

/// Leaving workers and connections to a successor, and taking them over.
extension ServiceRunner {
    /// What a worker of this service is started with, its own number aside. Workers that were started with something
    /// else serve only until newer ones can.
    var launchSettings: String {
        ([settings.image, settings.logFile]
            + settings.environment(worker: 0, base: shared.settings.workerEnvironment)).joined(separator: "\n")
    }

    var legacy: TakeOverState.Service {
        var state = TakeOverState.Service(name: settings.name)
        state.lastWorker = pool.lastWorker
        state.lastConnection = pool.lastConnection
        state.counts = TakeOverState.counters.map { pool.statistics[keyPath: $0] }
        state.generation = launchSettings
        if case .stopping(let since, let escalation) = pool.phase {
            state.stop = TakeOverState.Stop(since: since, escalation: escalation)
        }
        state.isHeldDown = pool.isHeldDown
        state.workers = pool.workers.compactMap { worker in
            guard let process = processes[worker.id], process.ending == nil else { return nil }
            return TakeOverState.Worker(
                record: worker, processID: process.processID, control: process.control.descriptor,
                birth: births[worker.id] ?? 0, greeting: greetings[worker.id],
                unsent: process.control.unsent.map { TakeOverState.Message(bytes: $0.bytes, descriptor: $0.descriptor) }
            )
        }
        let waiting = Set(pool.waiting)
        let others = pool.connections.keys.filter { !waiting.contains($0) }.sorted()
        state.connections = (others + pool.waiting).compactMap(legacy)
        return state
    }

    private func legacy(_ id: ConnectionID) -> TakeOverState.Connection? {
        guard let place = pool.connections[id] else { return nil }
        let worker: WorkerID? =
            switch place.state {
            case .pending(let worker), .active(let worker): worker
            case .inAdmission, .waiting: nil
            }
        if case .active = place.state {
            guard var record = journal.open[id] else { return nil }
            record.worker = worker
            return TakeOverState.Connection(place: place, record: record)
        }
        guard let connection = held[id] else { return nil }
        var record = ConnectionRecord(
            id: id, worker: worker, local: connection.local, remote: connection.remote,
            began: journal.open[id]?.began ?? SystemClock.wallSeconds)
        record.identUser = connection.identUser
        return TakeOverState.Connection(
            place: place, record: record,
            held: TakeOverState.Held(
                socket: connection.socket.number, isImplicitTLS: connection.isImplicitTLS,
                accessText: connection.accessText, logText: connection.logText, asksLists: connection.asksLists))
    }

    /// Takes over what the former program had. The descriptors in `state` stay open: until all is well they are for
    /// the way back.
    func inherit(_ state: TakeOverState.Service) throws(SystemCallError) {
        var state = state
        for index in state.connections.indices {
            let record = state.connections[index].record
            state.connections[index].place.client = AdmissionClient(record.remote)
            state.connections[index].place.listener =
                ports.firstIndex { $0.address.port == record.local.port } ?? 0
        }
        pool.inherit(state, isOutdated: state.generation != launchSettings)
        for worker in state.workers { try adopt(worker) }
        for connection in state.connections { try adopt(connection) }
    }

    private func adopt(_ worker: TakeOverState.Worker) throws(SystemCallError) {
        let id = worker.record.id
        let process = try SupervisedProcess.adopt(
            processID: worker.processID, control: try Images.duplicate(worker.control))
        processes[id] = process
        births[id] = worker.birth
        greetings[id] = worker.greeting
        try shared.reactor.watch(process.control.descriptor, .worker(service: index, number: id.number))
        try shared.reactor.watch(process.exitDescriptor, .workerExit(service: index, number: id.number))
        for message in worker.unsent {
            var copy: Int32?
            if let descriptor = message.descriptor { copy = try Images.duplicate(descriptor).release() }
            process.control.resume(message.bytes, descriptor: copy)
        }
        watchWriting(process, id)
    }

    private func adopt(_ connection: TakeOverState.Connection) throws(SystemCallError) {
        let id = connection.record.id
        guard let place = pool.connections[id] else { return }
        if connection.record.worker != nil, place.state != .waiting { journal.handedOff(connection.record) }
        guard let held = connection.held else { return }
        let copy = HeldConnection(
            socket: try Images.duplicate(held.socket), local: connection.record.local,
            remote: connection.record.remote, isImplicitTLS: held.isImplicitTLS)
        copy.accessText = held.accessText
        copy.logText = held.logText
        copy.identUser = connection.record.identUser
        copy.asksLists = held.asksLists
        self.held[id] = copy
    }

    /// Connections that the former program was about to admit: PORT_ACCESS has let them in, the rest begins again.
    func resumeAdmissions(at now: Int64) {
        for (id, place) in pool.connections.sorted(by: { $0.key < $1.key }) where place.state == .inAdmission {
            guard let connection = held[id], applicants[id] == nil else { continue }
            apply(id, connection, place.client, at: now)
        }
    }
}

extension ServicePool {
    /// `isOutdated`: the workers were started with other settings than those of now.
    mutating func inherit(_ state: TakeOverState.Service, isOutdated: Bool) {
        lastWorker = state.lastWorker
        lastConnection = state.lastConnection
        statistics = ServiceStatistics(inheriting: state.counts)
        workers = state.workers.map(\.record).sorted { $0.id < $1.id }
        if let stop = state.stop { phase = .stopping(since: stop.since, escalation: stop.escalation) }
        // New settings may be what ends the hold-down.
        isHeldDown = state.isHeldDown && !isOutdated
        for connection in state.connections { inherit(connection) }
        // With a lower MAX_PROCS the oldest have to go.
        var surplus = isOutdated ? workers.count : workers.count - limits.maxProcs
        for index in workers.indices where surplus > 0 && workers[index].isUsable {
            workers[index].isObsolete = true
            surplus -= 1
        }
    }

    private mutating func inherit(_ connection: TakeOverState.Connection) {
        var place = connection.place
        let id = connection.record.id
        switch place.state {
        case .inAdmission: break
        case .active(let worker):
            guard let index = index(of: worker) else { return }
            workers[index].active += 1
        case .waiting, .pending:
            guard handoffs.indices.contains(place.listener) else { return }
            handoffs[place.listener] += 1
            if case .pending(let worker) = place.state, let index = index(of: worker) {
                workers[index].pending += 1
                unconfirmed[place.listener] += 1
            } else {
                place.state = .waiting
                waiting.append(id)
            }
        }
        connections[id] = place
        if let client = place.client { clients[client, default: 0] += 1 }
        statistics.notePeak(connections.count)
    }
}
