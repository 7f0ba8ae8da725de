import Glibc
import ProcessPool
import SystemCalls

/// Accepting and handing off.
extension ServiceRunner {
    /// What a burst of accepting ended with.
    enum BurstEnd { case drained, outOfDescriptors }

    /// How long a port rests after accept(2) failed for want of descriptors or memory, or in a way that the next call
    /// would fail as well. Its clients wait in the kernel's queue.
    static let acceptRest = seconds(1)

    /// Takes at most 16 connections from the port, so that other events get their turn.
    func acceptBurst(port number: Int, _ admission: ConnectionAdmission, at now: Int64) -> BurstEnd {
        guard ports.indices.contains(number) else { return .drained }
        let port = ports[number]
        for _ in 0..<16 {
            guard let listener = port.descriptor, takesConnections(number, at: now) else {
                unwatch(port)
                return .drained
            }
            switch Sockets.accept(listener) {
            case .connection(let socket, let peer):
                guard mayAdmit(number, at: now) else {
                    turnAway(OwnedDescriptor(owning: socket), number)
                    continue
                }
                accept(OwnedDescriptor(owning: socket), peer, number, admission, at: now)
            case .none: return .drained
            case .outOfDescriptors:
                rest(port, at: now)
                return .outOfDescriptors
            case .failed(let error):
                if port.mayComplain(at: now) {
                    log.error("service \(settings.name) cannot accept on \(port.address): \(error)")
                }
                rest(port, at: now)
                return .drained
            }
        }
        return .drained
    }

    /// Nothing is accepted on the port for a while.
    private func rest(_ port: ListeningPort, at now: Int64) {
        pool.statistics.acceptFailures += 1
        port.restUntil = now + Self.acceptRest
        unwatch(port)
    }

    /// Sends `CONN`. The own copy stays until `ACPT`.
    func handOff(_ id: ConnectionID, to worker: WorkerID, expires: Int64, at now: Int64) -> [PoolAction] {
        guard let connection = held[id] else {
            return pool.handoffFailed(id, to: worker, .unsendable("its socket is gone"), at: now)
        }
        guard let process = processes[worker] else { return pool.handoffFailed(id, to: worker, .workerGone, at: now) }
        do throws(ControlSocket.Failure) {
            try process.control.send(
                connection.call(id, settings, expires: expires), descriptor: connection.socket.number)
            watchWriting(process, worker)
            return []
        } catch {
            log.notice("\(name(of: worker)) did not get connection \(id): \(error)")
            return pool.handoffFailed(id, to: worker, HandoffFailure(error), at: now)
        }
    }

    /// Sends a message without a descriptor. A worker that cannot be reached is judged by the end of its socket.
    func transmit(_ message: ControlMessage, to worker: WorkerID, at now: Int64) {
        guard let process = processes[worker] else { return }
        noteMessage(message, to: worker)
        do throws(ControlSocket.Failure) {
            try process.control.send(message)
            watchWriting(process, worker)
        } catch {
            log.notice("\(name(of: worker)) did not get \(message.type): \(error)")
            if case .overflow = error { perform(pool.cutOff(worker, error.description, at: now), at: now) }
        }
    }

    func watchWriting(_ process: SupervisedProcess, _ worker: WorkerID) {
        guard process.control.wantsToWrite else { return }
        shared.reactor.watchWriting(
            process.control.descriptor, .worker(service: index, number: worker.number), true)
    }
}

extension HandoffFailure {
    /// Whose fault it is that `CONN` could not be sent: the worker's only when its end is closed or is not read.
    init(_ failure: ControlSocket.Failure) {
        self =
            switch failure {
            case .closed: .workerGone
            case .overflow: .workerStuck(failure.description)
            case .malformed(let error): .unsendable(error.description)
            case .system(let error): .shortage(error.description)
            }
    }
}
