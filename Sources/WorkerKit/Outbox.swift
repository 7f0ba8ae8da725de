import ProcessPool
import Synchronization
import SystemCalls

/// The worker's end of the control socket with the count of open connections, shared by the control thread and the
/// threads that finish connections. Sending never blocks: what the socket does not take waits for the control thread.
final class Outbox: Sendable {
    private struct State: ~Copyable {
        var control: ControlSocket
        var active = 0
        var isDraining = false
        /// The Dispatcher is gone.
        var isLost = false
    }

    private let state: Mutex<State>
    private let wakeup: Wakeup
    private let debug: WorkerDebug

    init(_ control: consuming ControlSocket, wakeup: Wakeup, debug: WorkerDebug) {
        self.debug = debug
        state = Mutex(State(control: control))
        self.wakeup = wakeup
    }

    var active: Int { state.withLock { $0.active } }
    var isDraining: Bool { state.withLock { $0.isDraining } }
    var wantsToWrite: Bool { state.withLock { !$0.isLost && $0.control.wantsToWrite } }

    /// True when the process has nothing left to do.
    var isOver: Bool {
        state.withLock { $0.isDraining && $0.active == 0 && ($0.isLost || !$0.control.wantsToWrite) }
    }

    func send(_ message: ControlMessage) {
        note("sends", message)
        state.withLock { Self.transmit(message, &$0) }
    }

    /// `ACPT`: from here on the connection is this worker's.
    func confirm(id: Int) {
        let message = ControlMessage("ACPT", ["id": String(id)])
        note("sends", message)
        state.withLock { state in
            state.active += 1
            Self.transmit(message, &state)
        }
    }

    func finished(id: Int, seconds: Int, bytesIn: Int, bytesOut: Int, reason: String) {
        let message = ControlMessage(
            "DONE",
            [
                "id": String(id), "seconds": String(seconds), "in": String(bytesIn), "out": String(bytesOut),
                "reason": String(reason.prefix(200).filter { !$0.isNewline && $0 != "\0" }),
            ])
        note("sends", message)
        debug.record(.workerSideExtra, "connection \(id) ended after \(seconds) seconds: \(reason)")
        let mustRing = state.withLock { state in
            state.active -= 1
            Self.transmit(message, &state)
            return state.control.wantsToWrite || (state.isDraining && state.active == 0)
        }
        if mustRing { wakeup.ring() }
    }

    /// From now on the process ends with its last connection. False when it drains already.
    func beginDrain() -> Bool {
        state.withLock { state in
            defer { state.isDraining = true }
            return !state.isDraining
        }
    }

    func flush() {
        state.withLock { state in
            do { try state.control.flush() } catch { state.isLost = true }
        }
    }

    /// The next message of the Dispatcher; nil when none waits. Throws when the socket is of no more use.
    func receive() throws(ControlSocket.Failure) -> ControlSocket.Incoming? {
        let result: Received = state.withLock { state in
            do throws(ControlSocket.Failure) {
                guard let incoming = try state.control.receive() else { return .nothing }
                return .message(incoming)
            } catch {
                state.isLost = true
                return .failure(error)
            }
        }
        switch consume result {
        case .nothing: return nil
        case .message(let incoming): return incoming
        case .failure(let error): throw error
        }
    }

    private enum Received: ~Copyable {
        case nothing
        case message(ControlSocket.Incoming)
        case failure(ControlSocket.Failure)
    }

    /// Debug bits 16 and 17.
    func note(_ verb: String, _ message: ControlMessage) {
        debug.record(.workerIO, "\(verb) \(message.type)")
        debug.record(.workerIOExtra, "\(verb) \(message)")
    }

    /// A lost Dispatcher is noticed by the control thread; there is nobody to tell here.
    private static func transmit(_ message: ControlMessage, _ state: inout State) {
        guard !state.isLost else { return }
        do { try state.control.send(message) } catch { state.isLost = true }
    }
}
