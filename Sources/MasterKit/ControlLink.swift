import Glibc
import ProcessPool
import Spool
import Synchronization
import SystemCalls

/// A control socket that may be there or not.
private final class ControlLine {
    var socket: ControlSocket
    init(_ socket: consuming ControlSocket) { self.socket = socket }
}

/// The control thread's loop of a ``WorkSession``: the socket to the Job Controller that started the process, or, when
/// that one is gone, to its successor.
final class ControlLink {
    private enum Token { static let control: UInt64 = 1, wakeup: UInt64 = 2, signals: UInt64 = 3 }

    /// Microseconds in which the threads' reports and requests gather after a round that had some.
    private static let gathering: UInt32 = 1000

    private let session: WorkSession
    private var poller: Poller
    private var control: ControlLine?
    /// When the connection was lost, in nanoseconds of the monotonic clock; nil while it is the first one.
    private var lostAt: Int64?
    /// A part of an item that continues in the next group.
    private var partial: ItemMessage?

    init(session: WorkSession) throws(SystemCallError) {
        self.session = session
        poller = try Poller()
        try poller.add(session.wakeup.descriptor, token: Token.wakeup)
        if let signals = session.signals { try poller.add(signals.descriptor, token: Token.signals) }
        try connect(OwnedDescriptor(owning: session.options.control))
    }

    private func connect(_ descriptor: consuming OwnedDescriptor) throws(SystemCallError) {
        let line = ControlLine(ControlSocket(owning: descriptor, queueLimit: 65_536))
        try poller.add(line.socket.descriptor, token: Token.control)
        control = line
        say(ControlMessage(.hello, ["pid": "\(getpid())", "version": "\(workProtocolVersion)"]))
    }

    func run() throws(SystemCallError) -> Int32 {
        while true {
            if control == nil { try reconnect() }
            let hasSaid = send()
            if isOver { return 0 }
            // Under load a datagram has the outcomes of many entries then, and the threads need not ring for each; when
            // little goes on, the first one goes out at once.
            if hasSaid { usleep(Self.gathering) }
            var ready: [UInt64] = []
            try poller.wait(milliseconds: waitTime) { ready.append($0.token) }
            for token in ready {
                switch token {
                case Token.wakeup: session.wakeup.clear()
                case Token.signals: if session.signals?.next() != nil { session.stop() }
                default: receive()
                }
            }
        }
    }

    private var waitTime: Int32 {
        if control == nil { return session.options.reconnectInterval }
        return control?.socket.wantsToWrite == true ? 20 : -1
    }

    /// Nothing in hand and everything durable; or nobody to tell for too long.
    private var isOver: Bool {
        let (isStopping, isSettled, isIdle) = session.state.withLock {
            ($0.isStopping, $0.isSettled, $0.inHand.isEmpty)
        }
        guard isStopping else { return false }
        if isSettled { return !(control?.socket.wantsToWrite ?? false) }
        guard let lostAt, control == nil, isIdle else { return false }
        return SystemClock.monotonicNanoseconds - lostAt > session.options.orphanLimit * 1_000_000_000
    }
}

extension ControlLink {
    /// Sends what the threads have left, while there is a connection. True when there was something.
    private func send() -> Bool {
        if control == nil { return false }
        let outgoing = session.state.withLock { $0.takeOutgoing() }
        var outcomes = MessagePacker(.outcome)
        for report in outgoing.reports {
            for group in report.groups { outcomes.add(group) }
        }
        for message in outcomes.finish() { say(message) }
        for message in EntryList.messages(.release, outgoing.releases) { say(message) }
        var requests = MessagePacker(.work)
        for request in outgoing.requests { requests.add(request.fields) }
        for message in requests.finish() { say(message) }
        do throws(ControlSocket.Failure) { try control?.socket.flush() } catch { lost() }
        return !outgoing.isEmpty
    }

    private func say(_ message: ControlMessage) {
        do throws(ControlSocket.Failure) { try control?.socket.send(message) } catch { lost() }
    }

    private func receive() {
        while control != nil {
            do throws(ControlSocket.Failure) {
                guard let incoming = try control?.socket.receive() else { return }
                take(incoming.message)
            } catch { lost() }
        }
    }

    private func take(_ message: ControlMessage) {
        switch message.type {
        case .item: takeItems(message)
        case .none: session.nothing(for: message.groups.compactMap { $0["thread"].flatMap { UInt32($0) } })
        case .durable:
            let keys = EntryList.keys(in: message)
            session.state.withLock { state in
                for key in keys { state.acknowledge(key) }
            }
        case .exit: session.stop()
        case .ping: say(ControlMessage(.pong))
        default: break
        }
    }

    private func takeItems(_ message: ControlMessage) {
        var items: [ItemMessage] = []
        for group in message.groups {
            guard let (read, isPart) = ItemMessage.read(group) else { continue }
            var item = read
            if let earlier = partial, earlier.key == item.key { item.prepend(earlier) }
            partial = isPart ? item : nil
            if !isPart { items.append(item) }
        }
        session.deliver(items)
    }

    /// The Job Controller is gone: no more work, and what is not durable will be said to its successor.
    private func lost() {
        if let control { poller.remove(control.socket.descriptor) }
        control = nil
        partial = nil
        if lostAt == nil { lostAt = SystemClock.monotonicNanoseconds }
        session.stop()
        session.state.withLock { $0.repeatUnacknowledged() }
    }

    /// Says to the successor what this process still has, so that nobody else tries it meanwhile.
    private func reconnect() throws(SystemCallError) {
        let keys = session.state.withLock { state in
            Array(state.inHand) + state.outgoing.reports.map(\.key) + state.outgoing.releases
        }
        guard !keys.isEmpty else { return }
        let descriptor: OwnedDescriptor
        do throws(SystemCallError) {
            descriptor = try UnixSockets.connect(session.options.jobControllerSocket, .sequencedPacket)
        } catch { return }
        try connect(descriptor)
        for message in EntryList.messages(.keep, keys) { say(message) }
    }
}
