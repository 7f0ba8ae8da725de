import AddressRewriting
import Aliases
package import Channels
import Configuration
package import InternetMessage
import Mappings

extension Router {
    /// Where mail for a host goes: its channel and the host as the rules make it, or nil when there is no way.
    package func destination(ofHost host: String, source: Channel) -> (channel: Channel, host: String)? {
        let query = RewriteEngine.Query(
            "postmaster@\(host)", kind: .envelope, direction: .forward, sourceChannel: source.name,
            directory: locality())
        guard case .rewritten(let rewritten) = engine.rewrite(query),
            let channel = configuration.channels.channel(named: rewritten.channel)
        else { return nil }
        return (channel, rewritten.host)
    }

    /// What ETRN_ACCESS says (mappings specification, 5.6).
    package enum RemoteQueueVerdict: Hashable, Sendable {
        /// `channel`: to be run in place of the one that was found (`$D`).
        case allowed(channel: String?)
        /// With the text of the entry; empty when it has none.
        case refused(String)
    }

    /// `probe`: `transport-info|app-info|channel-to-run|full-name|claimed-system`.
    package func judgeRemoteQueueStart(_ probe: String) -> RemoteQueueVerdict {
        guard let result = configuration.mappings.probe("ETRN_ACCESS", probe, context: context) else {
            return .allowed(channel: nil)
        }
        if result.flags.has("N") || result.flags.has("F") { return .refused(result.output) }
        guard result.flags.has("D"), configuration.channels.channel(named: result.output) != nil else {
            return .allowed(channel: nil)
        }
        return .allowed(channel: result.output.lowercased())
    }

    /// What EXPN shows of an address.
    package enum Expansion: Sendable {
        case members([String])
        /// `[NONEXPANDABLE]`.
        case closed
        case refused(RoutingRefusal)
    }

    /// The members of a list, or what an alias stands for; an address that is no alias stands for itself. Members that
    /// are to be hidden behind their alias are left out. The list's `[EXPANDABLE]` and `[NONEXPANDABLE]` decide (smtp
    /// specification, 10.2).
    package func expansion(
        of mailbox: Mailbox, channel: Channel, completion: HostCompletion, facts: AccessFacts
    ) -> Expansion {
        let trace = RouteTrace()
        let recipient = QueueRecipientFacts(given: mailbox.description)
        let result = route(
            mailbox, recipient: recipient, channel: channel, completion: completion, facts: facts, expandsNow: true,
            trace: trace)
        if case .refused(let refusal) = result { return .refused(refusal) }
        for step in trace.steps {
            guard case .lookedUp(let lookup) = step, case .addresses(let addresses) = lookup.answer else { continue }
            let parameters = addresses.lazy.compactMap(\.list).first?.unused ?? [:]
            if parameters.keys.contains("nonexpandable") { return .closed }
            return .members(addresses.filter { !$0.hidesBehindAlias && !$0.isAutoreply }.map(\.address.description))
        }
        return .members([mailbox.description])
    }
}
