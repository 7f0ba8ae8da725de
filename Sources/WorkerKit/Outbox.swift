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
        /// The control thread works on a burst of messages and will send what gathers here.
        var isGathering = false
        var finished: [Fields] = []
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

    /// The most connections that one `ACPT` or `DONE` reports: with the longest reasons it stays below 8 KiB.
    static let mostGroups = 12

    /// `ACPT`: from here on the connections are this worker's. At most ``mostGroups``.
    func confirm(_ connections: [HandedConnection]) {
        let message = ControlMessage("ACPT", groups: connections.map { ["id": String($0.id)] })
        note("sends", message)
        state.withLock { state in
            state.active += connections.count
            Self.transmit(message, &state)
        }
    }

    func finished(id: Int, seconds: Int, bytesIn: Int, bytesOut: Int, reason: String) {
        debug.record(.workerSideExtra, "connection \(id) ended after \(seconds) seconds: \(reason)")
        let fields: Fields = [
            "id": String(id), "seconds": String(seconds), "in": String(bytesIn), "out": String(bytesOut),
            "reason": Self.line(reason),
        ]
        let mustRing = state.withLock { state in
            state.active -= 1
            state.finished.append(fields)
            if state.isGathering, state.finished.count < Self.mostGroups { return false }
            transmitFinished(&state)
            return state.control.wantsToWrite || (state.isDraining && state.active == 0)
        }
        if mustRing { wakeup.ring() }
    }

    /// `DONE` instead of `ACPT`: another worker gets the connection.
    func decline(id: Int, reason: String) {
        send(
            ControlMessage(
                "DONE", ["id": String(id), "seconds": "0", "in": "0", "out": "0", "reason": Self.line(reason)]))
    }

    /// At most 100 characters without line feeds and other controls.
    private static func line(_ text: String) -> String {
        if text.utf8.count <= 100, text.utf8.allSatisfy({ $0 >= 0x20 }) { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 }.prefix(100)))
    }

    /// `DONE` of all connections that end from now until ``sendGathered()`` goes out in few messages.
    func gather() {
        state.withLock { $0.isGathering = true }
    }

    func sendGathered() {
        state.withLock { state in
            state.isGathering = false
            transmitFinished(&state)
        }
    }

    private func transmitFinished(_ state: inout State) {
        guard !state.finished.isEmpty else { return }
        let message = ControlMessage("DONE", groups: state.finished)
        note("sends", message)
        Self.transmit(message, &state)
        state.finished.removeAll(keepingCapacity: true)
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
            do { try state.control.flush() } catch { Self.lose(&state) }
        }
    }

    /// Nothing can be reported any more: the Dispatcher learns it by the end of the socket, and this process drains.
    private static func lose(_ state: inout State) {
        state.isLost = true
        state.control.shutDown()
    }

    /// The next message of the Dispatcher; nil when none waits. Throws when the socket is of no more use. What is no
    /// message costs nothing but itself: the sessions have no part in it.
    func receive() throws(ControlSocket.Failure) -> ControlSocket.Incoming? {
        let result: Received = state.withLock { state in
            while true {
                do throws(ControlSocket.Failure) {
                    guard let incoming = try state.control.receive() else { return .nothing }
                    return .message(incoming)
                } catch {
                    if error.isShortage { return .nothing }
                    if case .malformed = error { continue }
                    Self.lose(&state)
                    return .failure(error)
                }
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
        do { try state.control.send(message) } catch { lose(&state) }
    }
}
