/// Source channel switching in the SMTP server, in the order of channels specification, section 6.2. Decisions only:
/// the caller has done the rewriting and the look-ups.
package struct ChannelSwitching: Sendable {
    private let table: ChannelTable

    package init(_ table: ChannelTable) { self.table = table }

    /// Step 1: the service's channel, else `tcp_local`, on LMTP services `tcp_lmtpss`.
    package func initialChannel(parameter: String?, isLMTP: Bool = false) -> Channel? {
        table.channel(named: parameter ?? (isLMTP ? "tcp_lmtpss" : "tcp_local"))
    }

    /// Step 2, at connect, before the banner: `byAddress` is the channel that the client's address literal rewrites
    /// to as an envelope From; `byName`, asked only when that does not lead elsewhere, the one of its PTR name.
    package func atConnect(
        initial: Channel, checksSource: Bool = true, byAddress: Channel?, byName: () -> Channel? = { nil }
    ) -> Channel {
        guard checksSource, initial.switching == .switches else { return initial }
        var candidate = byAddress
        if candidate == nil || candidate?.name == initial.name, initial.identification.switchesByName {
            candidate = byName()
        }
        guard let candidate, candidate.name != initial.name, candidate.switching != .never else { return initial }
        return candidate
    }

    /// Step 3: TLS is established.
    package func afterTLS(_ current: Channel) -> Channel {
        current.tlsSwitchChannel.flatMap(table.channel(named:)) ?? current
    }

    /// Step 4: AUTH succeeded. `submitChannel` is the user's attribute mailSMTPSubmitChannel.
    package func afterAuthentication(_ current: Channel, submitChannel: String? = nil) -> Channel {
        if let chosen = submitChannel.flatMap(table.channel(named:)) { return chosen }
        return current.saslSwitchChannel.flatMap(table.channel(named:)) ?? current
    }

    /// Step 5, for one transaction: a channel named by an attribute of the sender or of the sender's domain.
    package func atMailFrom(_ current: Channel, initial: Channel, attribute: String?) -> Channel {
        guard initial.switchesByUser, let attribute, let chosen = table.channel(named: attribute),
            chosen.switching != .never
        else { return current }
        return chosen
    }
}
