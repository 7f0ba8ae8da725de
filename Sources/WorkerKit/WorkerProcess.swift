import Glibc
import ProcessPool
import SystemCalls

/// The worker side of the protocol between the Dispatcher and the processes of its services.
///
/// ```swift
/// let worker = try WorkerProcess(imageVersion: "finger 1.0")
/// exit(worker.run { connection in serve(connection) })
/// ```
/// Create it first in `main`: it blocks the signals that it handles, for threads that are started later as well.
public final class WorkerProcess {
    /// Version of the protocol, sent in `HELO`.
    public static let protocolVersion = 1

    /// The process was not started by a Dispatcher, or the system refuses what it needs.
    public struct StartFailure: Error, Sendable, CustomStringConvertible {
        public var description: String
    }

    public let environment: WorkerEnvironment
    private let controlDescriptor: Int32
    private let outbox: Outbox
    private let debug: WorkerDebug
    private let signals: SignalDescriptor
    private let wakeup: Wakeup
    private var poller: Poller
    private var abortDeadline: Int64?
    private var hasGivenNotice = false

    /// Sends `HELO`. `imageVersion` says what the program is, for the Dispatcher's log and status.
    public init(imageVersion: String) throws {
        let control: Int32 = 3
        guard Self.isSequencedPacketSocket(control) else {
            throw StartFailure(
                description: "descriptor 3 is not a control socket; this program is started by the dispatcher")
        }
        environment = WorkerEnvironment.current
        SystemThread.setStackSize(environment.stackSize)
        debug = WorkerDebug(mask: environment.debugMask)
        signals = try SignalDescriptor([SIGTERM, SIGINT, SIGQUIT, SIGHUP])
        wakeup = try Wakeup()
        poller = try Poller()
        controlDescriptor = control
        _ = fcntl(control, F_SETFD, FD_CLOEXEC)
        // Each connection owes two messages, and as many as MAX_CONNS may end while the Dispatcher does not read.
        let socket = ControlSocket(
            owning: OwnedDescriptor(owning: control), queueLimit: 1024 + 2 * min(environment.maxConnections, 1 << 20))
        outbox = Outbox(socket, wakeup: wakeup, debug: debug)
        try poller.add(control, token: Source.control.rawValue)
        try poller.add(signals.descriptor, token: Source.signals.rawValue)
        try poller.add(wakeup.descriptor, token: Source.wakeup.rawValue)
        debug.record(
            .workerSide, "worker \(environment.workerID) of \(environment.service) starts, pid \(getpid())")
        let version = String(imageVersion.prefix(200).filter { !$0.isNewline && $0 != "\0" })
        outbox.send(
            ControlMessage(
                "HELO",
                ["pid": String(getpid()), "protocol": String(Self.protocolVersion), "image": version]))
    }

    /// What the image does when the Dispatcher or an administrator wants something. Called on the control thread:
    /// none of them may block.
    public struct Handlers {
        /// A connection to serve. `ACPT` has been sent: the worker may write to the socket.
        public var connection: @Sendable (HandedConnection) -> Void
        /// No more connections come; the process ends after the last one. Called once.
        public var drain: @Sendable () -> Void = {}
        /// Read the reloadable configuration again.
        public var reload: @Sendable () -> Void = {}
        /// Close every session now (an SMTP server says `421 4.3.2`).
        public var abort: @Sendable () -> Void = {}

        public init(connection: @escaping @Sendable (HandedConnection) -> Void) {
            self.connection = connection
        }
    }

    /// Sends `REDY` and serves until the worker has drained; returns the exit code.
    public func run(_ connection: @escaping @Sendable (HandedConnection) -> Void) -> Int32 {
        run(Handlers(connection: connection))
    }

    /// Sends `REDY` and serves until the worker has drained; returns the exit code.
    public func run(_ handlers: Handlers) -> Int32 {
        outbox.send(ControlMessage("REDY"))
        var isWriting = false
        while !outbox.isOver {
            let wantsToWrite = outbox.wantsToWrite
            if wantsToWrite != isWriting {
                isWriting = wantsToWrite
                let interest: Poller.Interest = wantsToWrite ? [.readable, .writable] : .readable
                try? poller.change(controlDescriptor, interest, token: Source.control.rawValue)
            }
            var ready: [Poller.Event] = []
            do throws(SystemCallError) {
                try poller.wait(milliseconds: waitingTime) { ready.append($0) }
            } catch { return 75 }
            for event in ready { handle(event, handlers) }
            if let abortDeadline, SystemClock.monotonicNanoseconds >= abortDeadline { break }
        }
        debug.record(.workerSide, "worker ends, \(outbox.active) connections open")
        return 0
    }

    private enum Source: UInt64 { case control, signals, wakeup }

    private static func isSequencedPacketSocket(_ descriptor: Int32) -> Bool {
        var type: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) == 0
            && type == Int32(SOCK_SEQPACKET.rawValue)
    }

    private var waitingTime: Int32 {
        guard let abortDeadline else { return -1 }
        return Int32(clamping: max(0, abortDeadline - SystemClock.monotonicNanoseconds) / 1_000_000 + 1)
    }

    private func handle(_ event: Poller.Event, _ handlers: Handlers) {
        switch Source(rawValue: event.token) {
        case .control:
            if event.isWritable { outbox.flush() }
            if event.isReadable || event.isClosed { receiveAll(handlers) }
        case .signals:
            while let signal = signals.next() { handle(signal: signal, handlers) }
        case .wakeup:
            wakeup.clear()
            outbox.flush()
        case nil: break
        }
    }

    private func handle(signal: Int32, _ handlers: Handlers) {
        debug.record(.workerSide, "got signal \(signal)")
        switch signal {
        case SIGTERM: giveNotice(handlers)
        case SIGINT, SIGQUIT:
            giveNotice(handlers)
            handlers.abort()
            // Sessions that do not end by themselves end with the process.
            abortDeadline = SystemClock.monotonicNanoseconds + 5_000_000_000
        default: break
        }
    }

    /// Tells the Dispatcher that this worker confirms nothing more, then drains.
    private func giveNotice(_ handlers: Handlers) {
        if !hasGivenNotice, !outbox.isDraining {
            hasGivenNotice = true
            outbox.send(ControlMessage("DRAN"))
        }
        drain(handlers)
    }

    private func drain(_ handlers: Handlers) {
        guard outbox.beginDrain() else { return }
        debug.record(.workerSide, "drains, \(outbox.active) connections open")
        handlers.drain()
    }

    /// The messages that wait, at most 256 so that signals get their turn. Connections that came together are
    /// confirmed together.
    private func receiveAll(_ handlers: Handlers) {
        var taken: [HandedConnection] = []
        outbox.gather()
        do throws(ControlSocket.Failure) {
            for _ in 0..<256 {
                guard var incoming = try outbox.receive() else { break }
                outbox.note("got", incoming.message)
                if incoming.message.type == "CONN" {
                    let connection = take(
                        incoming.message, incoming.descriptor.take(), losesDescriptor: incoming.losesDescriptor)
                    if let connection { taken.append(connection) }
                    if taken.count == Outbox.mostGroups { serve(&taken, handlers) }
                } else {
                    serve(&taken, handlers)
                    handle(incoming.message, handlers)
                }
            }
            serve(&taken, handlers)
        } catch {
            // The Dispatcher is gone: finish what is there.
            serve(&taken, handlers)
            poller.remove(controlDescriptor)
            drain(handlers)
        }
        outbox.sendGathered()
    }

    /// Nil when the connection is not to be taken. One whose socket could not be received goes to another worker; the
    /// sessions of this one go on.
    private func take(
        _ message: ControlMessage, _ descriptor: consuming OwnedDescriptor?, losesDescriptor: Bool
    ) -> HandedConnection? {
        guard let call = ConnectionCall(message), !hasGivenNotice,
            !call.hasExpired(atMonotonicNanoseconds: SystemClock.monotonicNanoseconds)
        else {
            debug.record(.handoff, "does not take the connection of \(message)")
            return nil
        }
        guard let descriptor = descriptor.take() else {
            debug.record(.handoff, "declines connection \(call.id), which came without its socket")
            outbox.decline(id: call.id, reason: losesDescriptor ? "no file descriptor is left" : "no socket came")
            return nil
        }
        debug.record(.handoff, "takes connection \(call.id) from \(call.remoteAddress) to \(call.localAddress)")
        return HandedConnection(call, descriptor: descriptor, outbox: outbox)
    }

    private func serve(_ taken: inout [HandedConnection], _ handlers: Handlers) {
        guard !taken.isEmpty else { return }
        outbox.confirm(taken)
        for connection in taken { handlers.connection(connection) }
        taken.removeAll(keepingCapacity: true)
    }

    private func handle(_ message: ControlMessage, _ handlers: Handlers) {
        switch message.type {
        case "DRAN": drain(handlers)
        case "RELD": handlers.reload()
        case "PING": outbox.send(ControlMessage("PONG"))
        default: break  // A later version of the Dispatcher may say more.
        }
    }
}
