import Glibc
import ProcessPool
package import Spool
import Synchronization
package import SystemCalls

/// Tells the Job Controller what an enqueuing process has committed. Its ``send(_:)`` is meant for the spool writer's
/// `onCommit`: it never waits; a thread of its own connects, sends, and after a reconnect says how far each segment is
/// committed, so that no notice that got lost delays its message for long.
package final class NoticeSender: Sendable {
    /// Most notices that wait for the Job Controller; more are dropped, and `UPTO` makes up for them.
    private static let mostWaiting = 20_000
    /// Segments whose ends are repeated after a reconnect: what the Job Controller may have left unread when it went.
    private static let keptSegments = 4

    private struct State {
        var waiting: [Fields] = []
        /// Segments written, oldest first, with the end of what is committed.
        var segments: [(name: String, end: Int)] = []
        var needsUpTo = false
        var isClosed = false
    }

    private let path: String
    private let state = Mutex(State())
    private let wakeup: Wakeup

    /// `path`: the Job Controller's socket, `run/job_controller.sock`. Nothing needs to listen there yet.
    package init(path: String) throws(SystemCallError) {
        self.path = path
        wakeup = try Wakeup()
        let poller = try Poller()
        try poller.add(wakeup.descriptor, token: 0)
        let box = Mutex<Poller?>(poller)
        SystemThread.start("notices") { [self] in
            guard let poller = box.withLock({ $0.take() }) else { return }
            serve(poller)
        }
    }

    /// Notices for messages that are durable. Any thread; does not wait.
    package func send(_ committed: [CommittedMessage]) {
        guard !committed.isEmpty else { return }
        let mustRing = state.withLock { state in
            let wasEmpty = state.waiting.isEmpty && !state.needsUpTo
            for message in committed { Self.add(CommittedMessageFacts(message), &state) }
            return wasEmpty
        }
        if mustRing { wakeup.ring() }
    }

    private static func add(_ facts: CommittedMessageFacts, _ state: inout State) {
        let (segment, end) = (facts.location.segment, facts.location.end)
        if let last = state.segments.indices.last, state.segments[last].name == segment {
            state.segments[last].end = max(state.segments[last].end, end)
        } else {
            state.segments.append((segment, end))
        }
        guard state.waiting.count < mostWaiting, let fields = NoticeMessages.fields(facts) else {
            state.needsUpTo = true
            return
        }
        state.waiting.append(fields)
    }

    /// Ends the thread and the connection after what waits has been sent, if it can be sent at once.
    package func close() {
        state.withLock { $0.isClosed = true }
        wakeup.ring()
    }

    private func serve(_ given: consuming Poller) {
        var poller = given
        var control: ControlSocket?
        while true {
            if control == nil { control = connect(poller) }
            if control != nil, !transmit(&control) { control = nil }
            if state.withLock({ $0.isClosed }) { return }
            var isClosedByPeer = false
            let isBlocked = control?.wantsToWrite ?? false
            let time: Int32 = control == nil ? 1000 : isBlocked ? 20 : -1
            try? poller.wait(milliseconds: time) { event in
                if event.token == 1 { isClosedByPeer = true }
            }
            wakeup.clear()
            // The Job Controller never answers: what is readable is the end of the connection.
            if isClosedByPeer { control = nil }
        }
    }

    private func connect(_ poller: borrowing Poller) -> ControlSocket? {
        guard let descriptor = try? UnixSockets.connect(path, .sequencedPacket) else {
            state.withLock { state in
                // Without a Job Controller the notices would only go stale.
                if !state.waiting.isEmpty { state.needsUpTo = true }
                state.waiting.removeAll()
            }
            return nil
        }
        let control = ControlSocket(owning: descriptor)
        guard (try? poller.add(control.descriptor, token: 1)) != nil else { return nil }
        state.withLock { $0.needsUpTo = true }
        return control
    }

    /// Sends what waits. False when the connection is lost.
    private func transmit(_ control: inout ControlSocket?) -> Bool {
        guard !(control?.wantsToWrite ?? false) else { return (try? control?.flush()) != nil }
        let (notices, segments) = state.withLock { state in
            let notices = state.waiting
            let segments = state.needsUpTo ? state.segments : []
            state.waiting.removeAll()
            state.needsUpTo = false
            if state.segments.count > Self.keptSegments {
                state.segments.removeFirst(state.segments.count - Self.keptSegments)
            }
            return (notices, segments)
        }
        var packer = MessagePacker(.notice)
        for notice in notices { packer.add(notice) }
        var messages = packer.finish()
        if !segments.isEmpty {
            messages.append(
                ControlMessage(.upTo, groups: segments.suffix(100).map { NoticeMessages.upTo($0.name, $0.end) }))
        }
        for message in messages {
            guard (try? control?.send(message)) != nil else {
                state.withLock { $0.needsUpTo = true }
                return false
            }
        }
        return true
    }
}
