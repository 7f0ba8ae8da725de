package import DNS

/// Why a connection did not become a session that takes mail.
package struct ConnectionFailure: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// No TCP connection: refused, unreachable, timed out.
        case unreachable
        /// A 4yz banner, or 4yz to EHLO and HELO, or the connection was dropped before the session stood.
        case temporary
        /// The connection opened and the banner did not come in time.
        case bannerTimedOut
        /// The connection was dropped when EHLO was sent: HELO may do better (SMTP specification, 12.5).
        case droppedAtEHLO
        /// A 5yz banner: no further host is tried (SMTP specification, 12.7).
        case permanent
        /// The server is this MTA (XLOOP, SMTP specification, 12.9).
        case loop
        /// The TLS handshake failed, and the mail may go without TLS: the same address is tried again so.
        case handshakeFailed
    }

    package var kind: Kind
    /// RFC 3463 status.
    package var status: String
    /// The reply, or our own words; one line.
    package var text: String
    /// `host (TCP|local|port|remote|port)`; empty when there was no connection.
    package var remote: String
    /// A transaction that this has interrupted before its content left may be tried on another connection at once.
    package var mayBeRepeated = true

    package init(_ kind: Kind, status: String, text: String, remote: String = "") {
        self.kind = kind
        self.status = status
        self.text = text
        self.remote = remote
    }

    package var isPermanent: Bool { kind == .permanent || kind == .loop }
}

/// In which order the targets of a destination are tried, and when to stop (SMTP specification, 12.1, 12.2 and 12.7).
package struct ConnectionPlan: Sendable {
    /// How a session with a target is begun.
    package struct Manner: Hashable, Sendable {
        package var usesHELO = false
        /// TLS is not tried, whatever the server offers.
        package var avoidsTLS = false
    }

    package enum Step: Hashable, Sendable {
        case connect(ConnectionTarget, Manner)
        /// Find this host's addresses, then give them to ``add(lastResort:)``.
        case lookUpLastResort(HostRoute.Place)
        case failed(ConnectionFailure)
    }

    private var targets: ArraySlice<ConnectionTarget>
    private var lastResort: HostRoute.Place?
    private var current: ConnectionTarget?
    /// How the last target was tried, and how it is to be tried once more.
    private var manner = Manner()
    private var nextManner: Manner?
    private var worst: ConnectionFailure?
    private var final: ConnectionFailure?

    package init(targets: [ConnectionTarget], lastResort: HostRoute.Place?) {
        self.targets = targets[...]
        self.lastResort = lastResort
    }

    package mutating func next() -> Step {
        if let final { return .failed(final) }
        if let nextManner, let current {
            self.nextManner = nil
            manner = nextManner
            return .connect(current, manner)
        }
        if let target = targets.popFirst() {
            current = target
            manner = Manner()
            return .connect(target, manner)
        }
        if let place = lastResort {
            lastResort = nil
            return .lookUpLastResort(place)
        }
        return .failed(
            worst ?? ConnectionFailure(.unreachable, status: "4.4.1", text: "no address could be connected to"))
    }

    /// The connection of the last step failed.
    package mutating func note(_ failure: ConnectionFailure) {
        switch failure.kind {
        case .permanent, .loop:
            final = failure
        case .droppedAtEHLO where !manner.usesHELO:
            nextManner = manner
            nextManner?.usesHELO = true
        case .handshakeFailed where !manner.avoidsTLS:
            nextManner = manner
            nextManner?.avoidsTLS = true
        case .bannerTimedOut:
            lastResort = nil
            worst = failure
        case .unreachable, .temporary, .droppedAtEHLO, .handshakeFailed:
            // What a server said is worth more to the reader than a connection that was refused.
            if worst == nil || failure.kind != .unreachable { worst = failure }
        }
    }

    /// Addresses of the host of last resort; none when it has none.
    package mutating func add(lastResort found: [ConnectionTarget]) {
        targets = found[...]
    }
}
