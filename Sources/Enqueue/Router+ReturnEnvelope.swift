import AddressRewriting
package import Channels
import Configuration
package import InternetMessage

/// What RETURN_ENVELOPE wants of an envelope From (notifications-logging specification, 1.1 rule 7).
extension Router {
    /// The refusal of an address that no answer could be sent to; nil: it may come in. What only the DNS knows is asked
    /// elsewhere.
    package func returnEnvelopeRefusal(
        _ mailbox: Mailbox, channel: Channel, completion: HostCompletion
    ) -> RoutingRefusal? {
        let bits = configuration.returnEnvelope(of: channel)
        guard !bits.isDisjoint(with: [.mustRewrite, .mustBeUser]) else { return nil }
        let text = "invalid/no host in return address"
        let outcome = explain(
            mailbox.description, kind: .envelope, direction: .backward, sourceChannel: channel.name
        ).outcome
        guard case .rewritten(let rewritten) = outcome else {
            guard bits.contains(.mustRewrite), case .failed(let code, _) = outcome else { return nil }
            let isTemporary = code.hasPrefix("4")
            return RoutingRefusal(code: isTemporary ? 450 : 550, status: isTemporary ? "4.1.8" : "5.1.8", text: text)
        }
        // Only here is it known who there is.
        guard bits.contains(.mustBeUser),
            configuration.channels.channel(named: rewritten.channel)?.looksUpAliases == true
        else { return nil }
        let recipient = QueueRecipientFacts(given: mailbox.description)
        // As the MTA itself would answer: the access tables judge who sends to an address, not who has it.
        let result = route(
            mailbox, recipient: recipient, channel: configuration.channels.channel(named: "process") ?? channel,
            completion: completion, facts: AccessFacts(sourceChannel: "process", sender: ""))
        guard case .refused(let refusal) = result else { return nil }
        let isTemporary = refusal.isTemporary
        return RoutingRefusal(
            code: isTemporary ? 450 : 550, status: isTemporary ? "4.1.8" : "5.1.8",
            text: "no such user in return address")
    }
}
