import Glibc
import ProcessPool
import SystemCalls

/// Starting workers, hearing them, noticing their end.
extension ServiceRunner {
    /// Executes actions in order; what executing one brings about is executed after the rest.
    func perform(_ actions: [PoolAction], at now: Int64) {
        var queue = actions
        var next = 0
        while next < queue.count {
            queue.append(contentsOf: perform(queue[next], at: now))
            next += 1
        }
    }

    private func perform(_ action: PoolAction, at now: Int64) -> [PoolAction] {
        switch action {
        case .spawn(let id): return spawn(id, at: now)
        case .handOff(let connection, let id, let expires):
            noteHandoff(connection, to: id, expires: expires)
            return handOff(connection, to: id, expires: expires, at: now)
        case .drain(let id): transmit(ControlMessage("DRAN"), to: id, at: now)
        case .ping(let id): transmit(ControlMessage("PING"), to: id, at: now)
        case .signal(let id, let signal):
            log.debug(.processes, "signal \(signal.number) to \(name(of: id))")
            processes[id]?.signal(signal.number)
        case .close(let connection):
            noteDrop(connection, at: now)
            held[connection] = nil
        case .report(let fact): report(fact)
        }
        return []
    }

    private func spawn(_ id: WorkerID, at now: Int64) -> [PoolAction] {
        var launch = SupervisedProcess.Launch(
            path: settings.image,
            environment: settings.environment(worker: id.number, base: shared.settings.workerEnvironment))
        // CAP_NET_BIND_SERVICE, with which systemd starts the Dispatcher, is for its ports alone.
        launch.dropsCapabilities = true
        do throws(SystemCallError) {
            let output = try VersionedLogFile(next: settings.logFile, hostName: shared.settings.hostName)
            let process = try SupervisedProcess.start(launch, log: output.descriptor)
            processes[id] = process
            births[id] = SystemClock.wallSeconds
            generations[id] = generation
            keepLogs(output.path, of: id)
            log.notice("\(name(of: id)) created, output in \(output.path)")
            log.debug(.processes, "\(name(of: id)) got \(launch.environment.joined(separator: " "))")
            try shared.reactor.watch(process.control.descriptor, .worker(service: index, number: id.number))
            try shared.reactor.watch(process.exitDescriptor, .workerExit(service: index, number: id.number))
            return []
        } catch {
            log.error("service \(settings.name) cannot start a worker: \(error)")
            if let process = processes[id] {
                // It runs, but cannot be watched: its end is awaited by the clock.
                process.signal(SIGKILL)
                return pool.cutOff(id, "it cannot be watched", at: now)
            }
            return pool.spawnFailed(id, at: now)
        }
    }

    /// The newest versions of the log stay, and those of workers that live. With a worker whose log is not known,
    /// because another Dispatcher started it, nothing is removed.
    private func keepLogs(_ path: String, of id: WorkerID) {
        outputs[id] = path
        guard processes.keys.allSatisfy({ outputs[$0] != nil }) else { return }
        VersionedLogFile.purge(
            settings.logFile, hostName: shared.settings.hostName, keeping: shared.settings.logVersions,
            sparing: Set(outputs.values))
    }

    func name(of id: WorkerID) -> String {
        "worker \(settings.name)-\(id) (pid \(processes[id]?.processID ?? 0))"
    }

    // MARK: Hearing

    /// Messages of one worker, at most 64, so that one that floods holds up nobody.
    func hear(_ id: WorkerID, _ event: Poller.Event, at now: Int64) {
        guard let process = processes[id] else { return }
        do throws(ControlSocket.Failure) {
            if event.isWritable {
                try process.control.flush()
                if !process.control.wantsToWrite {
                    shared.reactor.watchWriting(
                        process.control.descriptor, .worker(service: index, number: id.number), false)
                }
            }
            for _ in 0..<64 {
                // A descriptor that a worker sends is closed with the message.
                guard let incoming = try process.control.receive() else { return }
                log.debug(.communicationExtra, "\(name(of: id)) sent \(incoming.message.type)")
                log.debug(.packets, "\(name(of: id)): \(incoming.message)")
                handle(incoming.message, from: id, at: now)
                guard pool.worker(id)?.state != .dying else { return shared.reactor.forget(process.control.descriptor) }
            }
        } catch {
            // Not the worker's fault, and what waits in the socket stays there.
            if error.isShortage { return }
            shared.reactor.forget(process.control.descriptor)
            switch error {
            case .closed: perform(pool.controlLost(id, at: now), at: now)
            default: perform(pool.cutOff(id, error.description, at: now), at: now)
            }
        }
    }

    private func handle(_ message: ControlMessage, from id: WorkerID, at now: Int64) {
        if message.type == "HELO" { return greet(message, id, at: now) }
        guard greetings[id] != nil else {
            return perform(pool.cutOff(id, "it sent \(message.type) before HELO", at: now), at: now)
        }
        switch message.type {
        case "REDY":
            perform(pool.ready(id, at: now), at: now)
            // It may have read its configuration before the last reload.
            if generations[id] ?? generation < generation { tellGeneration(id, at: now) }
        case "ACPT": forEachConnection(message, id, at: now, confirm)
        case "DONE":
            forEachConnection(message, id, at: now, finish)
        case "DRAN": perform(pool.wishesToDrain(id, at: now), at: now)
        case "PONG": perform(pool.answered(id, at: now), at: now)
        default: perform(pool.cutOff(id, "it sent the unknown message \(message.type)", at: now), at: now)
        }
    }

    private func greet(_ message: ControlMessage, _ id: WorkerID, at now: Int64) {
        let version = message["protocol"] ?? "none"
        guard greetings[id] == nil, version == "1" else {
            let reason = greetings[id] == nil ? "it speaks protocol version \(version), not 1" : "it said HELO twice"
            return perform(pool.cutOff(id, reason, at: now), at: now)
        }
        greetings[id] = message["image"] ?? ""
        log.debug(.workers, "\(name(of: id)) said HELO, runs \(message["image"] ?? "an image without a version")")
    }

    private func finish(_ connection: ConnectionID, _ id: WorkerID, _ fields: Fields, _ now: Int64) -> [PoolAction] {
        let actions = pool.done(connection, by: id, at: now)
        noteDone(connection, fields, at: now)
        return actions
    }

    private func confirm(_ connection: ConnectionID, _ id: WorkerID, _: Fields, _ now: Int64) -> [PoolAction] {
        let actions = pool.confirmed(connection, by: id, at: now)
        if pool.connections[connection]?.state == .active(id) { held[connection] = nil }
        return actions
    }

    private func forEachConnection(
        _ message: ControlMessage, _ id: WorkerID, at now: Int64,
        _ event: (ConnectionID, WorkerID, Fields, Int64) -> [PoolAction]
    ) {
        for group in message.groups {
            guard let number = group.integer("id") else {
                return perform(pool.cutOff(id, "it sent \(message.type) without an id", at: now), at: now)
            }
            perform(event(ConnectionID(number), id, group, now), at: now)
        }
    }

    // MARK: The end

    /// The pidfd is readable: the process has ended.
    func checkEnd(_ id: WorkerID, at now: Int64) {
        guard let process = processes[id], let ending = process.reap() else { return }
        hearLastWords(id, process, at: now)
        let worker = pool.worker(id)
        let state = worker?.state == .draining ? "ended after draining" : "ended"
        log.notice(
            "\(name(of: id)) \(state): \(ending), \(worker?.total ?? 0) connections, \(worker?.active ?? 0) open")
        noteEnd(id, process.processID, "\(ending)", at: now)
        shared.reactor.forget(process.control.descriptor)
        shared.reactor.forget(process.exitDescriptor)
        processes[id] = nil
        greetings[id] = nil
        births[id] = nil
        generations[id] = nil
        outputs[id] = nil
        perform(pool.ended(id, ending, at: now), at: now)
    }

    /// What the worker sent before it ended still counts: a `DONE` that came with the end is no lost session, and a
    /// connection with `ACPT` may have been written to and goes to nobody else.
    private func hearLastWords(_ id: WorkerID, _ process: SupervisedProcess, at now: Int64) {
        for _ in 0..<4096 {
            do throws(ControlSocket.Failure) {
                guard let incoming = try process.control.receive() else { return }
                handle(incoming.message, from: id, at: now)
            } catch {
                guard case .malformed = error else { return }
            }
        }
    }
}

extension WorkerSignal {
    var number: Int32 {
        switch self {
        case .terminate: SIGTERM
        case .abort: SIGINT
        case .kill: SIGKILL
        }
    }
}
