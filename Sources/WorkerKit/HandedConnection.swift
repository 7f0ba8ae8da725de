import Synchronization
public import SystemCalls

/// A client's connection that the Dispatcher handed to this worker. Docs: worker-protocol.md.
///
/// The worker owns the socket and owes exactly one ``finish(bytesIn:bytesOut:reason:)``. Both are safe to call from
/// any thread. When the value goes away without them, the socket is closed and the end is reported, so that a
/// forgotten connection never holds a place in the pool.
public final class HandedConnection: Sendable {
    /// Number within the service; grows, is never used again.
    public let id: Int
    /// The address and port the client connected to.
    public let localAddress: SocketAddress
    /// The client.
    public let remoteAddress: SocketAddress
    /// True when TLS starts at once, before any greeting (`ssl_ports`).
    public let isImplicitTLS: Bool
    /// Name of the service, for example `SMTP`.
    public let service: String
    /// PARAMETER of the service, for example `CHANNEL=tcp_submit`.
    public let parameter: String
    /// What was left of the PORT_ACCESS result, for the connection log only.
    public let portAccessText: String
    /// Text for connection log records (after `||` in the PORT_ACCESS result).
    public let logText: String
    /// User name from an IDENT query; empty when there was none.
    public let identUser: String

    private struct State: ~Copyable {
        var descriptor: OwnedDescriptor?
        var isFinished = false
    }

    private let state: Mutex<State>
    private let outbox: Outbox
    private let began = SystemClock.monotonicNanoseconds

    init(_ call: ConnectionCall, descriptor: consuming OwnedDescriptor, outbox: Outbox) {
        id = call.id
        localAddress = call.localAddress
        remoteAddress = call.remoteAddress
        isImplicitTLS = call.isImplicitTLS
        service = call.service
        parameter = call.parameter
        portAccessText = call.portAccessText
        logText = call.logText
        identUser = call.identUser
        self.outbox = outbox
        state = Mutex(State(descriptor: descriptor))
    }

    deinit {
        finish(reason: "abandoned")
    }

    /// The connected socket, non-blocking and close-on-exec; the caller owns it from now on. Nil the second time.
    public func takeDescriptor() -> OwnedDescriptor? {
        state.withLock { state in state.descriptor.take() }
    }

    /// Reports the end of the session. Close the socket before. Only the first call counts.
    ///
    /// `bytesIn` and `bytesOut` count the octets of the session; `reason` is one word or a short phrase for the log.
    public func finish(bytesIn: Int = 0, bytesOut: Int = 0, reason: String = "closed") {
        let isFirst = state.withLock { state in
            _ = state.descriptor.take()
            defer { state.isFinished = true }
            return !state.isFinished
        }
        guard isFirst else { return }
        let seconds = (SystemClock.monotonicNanoseconds - began) / 1_000_000_000
        outbox.finished(id: id, seconds: Int(seconds), bytesIn: bytesIn, bytesOut: bytesOut, reason: reason)
    }
}
