package import SystemCalls

/// Access control at connect time: PORT_ACCESS. Dispatcher specification, section 9.
package struct ConnectionAdmission: Sendable {
    package enum Decision: Hashable, Sendable {
        /// There is no table, or no entry of it was applied: DNS lists decide.
        case notMentioned
        /// `text` is what was left of the result, `logText` what followed `||`; both only go into logs. `notes` go to
        /// syslog, as for a refusal.
        case admit(text: String, logText: String, notes: [String] = [])
        /// `bytes` are sent before the socket is closed; none: closed without one octet.
        /// `isRecorded`: `$T`, the connection log gets a `T` record.
        case refuse(bytes: [UInt8], reason: String, notes: [String] = [], isRecorded: Bool = false)
    }

    /// Takes the probe string; never waits.
    package var decide: @Sendable (_ probe: String) -> Decision

    package init(_ decide: @escaping @Sendable (_ probe: String) -> Decision) {
        self.decide = decide
    }

    /// No PORT_ACCESS table: nobody is mentioned.
    package static let everybody = ConnectionAdmission { _ in .notMentioned }

    /// `TCP|server-address|server-port|client-address|client-port`, section 9.2.
    package static func probe(local: SocketAddress, remote: SocketAddress) -> String {
        "TCP|\(local.host)|\(local.port)|\(remote.host)|\(remote.port)"
    }
}
