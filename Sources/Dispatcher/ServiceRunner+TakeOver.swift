import ProcessPool
import SystemCalls

/// Leaving workers and sessions to a successor, and taking them over.
extension ServiceRunner {
    /// True when nothing is on its way: every connection is with a worker that has confirmed it, and every message is
    /// sent.
    var isQuiet: Bool {
        processes.values.allSatisfy { !$0.control.wantsToWrite }
            && pool.connections.values.allSatisfy {
                if case .active = $0.state { true } else { false }
            }
    }

    var legacy: TakeOverState.Service {
        var state = TakeOverState.Service(name: settings.name)
        state.lastWorker = pool.lastWorker
        state.lastConnection = pool.lastConnection
        state.counts = TakeOverState.counters.map { pool.statistics[keyPath: $0] }
        state.workers = pool.workers.compactMap { worker in
            guard let process = processes[worker.id], process.ending == nil else { return nil }
            return TakeOverState.Worker(
                record: worker, processID: process.processID, control: process.control.descriptor,
                birth: births[worker.id] ?? 0, greeting: greetings[worker.id])
        }
        state.sessions = pool.connections.compactMap { id, connection in
            guard case .active(let worker) = connection.state else { return nil }
            return TakeOverState.Session(
                id: id, worker: worker, listener: connection.listener, accepted: connection.accepted,
                since: connection.since)
        }
        return state
    }

    /// Takes over what the former program had. The descriptors in `state` stay open: until all is well they are for
    /// the way back.
    func inherit(_ state: TakeOverState.Service) throws(SystemCallError) {
        pool.inherit(state)
        for worker in state.workers {
            let id = worker.record.id
            let process = try SupervisedProcess.adopt(
                processID: worker.processID, control: try Images.duplicate(worker.control))
            processes[id] = process
            births[id] = worker.birth
            greetings[id] = worker.greeting
            try shared.reactor.watch(process.control.descriptor, .worker(service: index, number: id.number))
            try shared.reactor.watch(process.exitDescriptor, .workerExit(service: index, number: id.number))
        }
    }
}

extension ServicePool {
    mutating func inherit(_ state: TakeOverState.Service) {
        lastWorker = state.lastWorker
        lastConnection = state.lastConnection
        statistics = ServiceStatistics(inheriting: state.counts)
        workers = state.workers.map(\.record)
        for session in state.sessions where index(of: session.worker) != nil {
            var connection = PoolConnection(listener: 0, accepted: session.accepted, since: session.since)
            connection.state = .active(session.worker)
            connection.listener = session.listener
            connections[session.id] = connection
        }
    }
}
