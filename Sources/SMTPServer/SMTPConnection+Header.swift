import Channels
import Configuration
import Enqueue
import InternetMessage
import SMTP

/// What a message is refused with because of its header.
extension SMTPConnection {
    func headerRefusal(_ prepared: HeaderPreparation.Prepared, _ message: IncomingMessage) -> Reply? {
        if let refusal = prepared.facts.refusal { return Reply(refusal.code, refusal.status, refusal.text) }
        if message.parameters.needsSMTPUTF8, channel.requiresValidUTF8,
            String(validating: prepared.header, as: UTF8.self) == nil
        {
            return Reply(550, "5.6.0", "header is not valid UTF-8")
        }
        return solicitationRefusal(prepared.facts, message)
    }

    /// The `Solicitation:` field against `sourcenosolicit`, and against `destinationnosolicit` when no recipient's channel
    /// takes such mail (RFC 3865): the message is one, and those who take it get it.
    private func solicitationRefusal(_ facts: HeaderFacts, _ message: IncomingMessage) -> Reply? {
        guard let text = facts.solicitation else { return nil }
        let words = Solicitation.words(text.utf8.filter { $0 > 32 }) ?? []
        if let refused = Solicitation.firstMatch(words, refused: session.options.refusedSolicitations) {
            return .solicitationRefused(refused)
        }
        let channels = Set(message.recipients.map(\.channel)).compactMap {
            context.configuration.channels.channel(named: $0)
        }
        let refused = channels.compactMap { Solicitation.firstMatch(words, refused: $0.refusedSolicitationsTo) }
        guard let first = refused.first, refused.count == channels.count else { return nil }
        return .solicitationRefused(first)
    }
}
