import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import Logging
import OptionSyntax
import Spool
import SystemCalls

/// `reprocess`: the channel program of `process`, `reprocess` and `hold`. It routes each recipient anew and enqueues the
/// message again from its own channel (channel-programs specification).
package enum Reprocessing {
    package static func run() -> Int32 {
        ChannelProgram.run(
            "reprocess", threads: { _ in 4 },
            deliver: { program in
                let reprocessor = Reprocessor(program)
                return { reprocessor.deliver($0) }
            })
    }
}

/// Routes and enqueues copies again.
final class Reprocessor: Sendable {
    private let program: ChannelProgram
    private let router: Router
    private let header: HeaderPreparation

    init(_ program: ChannelProgram) {
        self.program = program
        let logger = program.logger
        router = Router(configuration: program.configuration) { logger.error("\($0)") }
        header = HeaderPreparation(localHost: router.localHost)
    }

    func deliver(_ copy: ChannelProgram.Copy) -> [RecipientOutcome] {
        var outcomes: [RecipientOutcome] = []
        var routed: [RoutedRecipient] = []
        var good: [Int] = []
        for number in copy.pending {
            switch route(copy, number) {
            case .accepted(let found):
                routed += found
                good.append(number)
            case .refused(let refusal):
                outcomes.append(
                    RecipientOutcome(
                        recipient: number, result: refusal.isTemporary ? .failedTemporarily : .failedPermanently,
                        status: refusal.status, text: refusal.text))
            }
        }
        guard !good.isEmpty else { return outcomes }
        var settled = copy
        settled.pending = good
        return outcomes + enqueue(settled, routed)
    }

    private func route(_ copy: ChannelProgram.Copy, _ number: Int) -> Router.Result {
        let recipient = copy.entry.recipients[number]
        guard let mailbox = Mailbox(recipient.address).map(Self.withoutHoldRoute) else {
            return .refused(RoutingRefusal(code: 550, status: "5.1.3", text: "address cannot be read"))
        }
        return router.route(
            mailbox,
            recipient: QueueRecipientFacts(
                given: recipient.given, originalRecipient: recipient.originalRecipient, notify: recipient.notify),
            channel: program.channel, completion: HostCompletion(),
            facts: AccessFacts(sourceChannel: program.channel.name, sender: copy.stored.message.sender))
    }

    /// `@hold-daemon:dora@example.com`: the route only led to the channel.
    private static func withoutHoldRoute(_ mailbox: Mailbox) -> Mailbox {
        var mailbox = mailbox
        if mailbox.route.first?.asciiLowercased == "hold-daemon" { mailbox.route.removeFirst() }
        return mailbox
    }

    private func enqueue(_ copy: ChannelProgram.Copy, _ routed: [RoutedRecipient]) -> [RecipientOutcome] {
        do {
            let identity = program.submitter.newIdentity()
            let id = MessageID.derived(
                from: copy.stored.message.id, entry: copy.number, attempt: copy.attempts, .requeue)
            let (content, facts) = try content(copy, identity, id)
            var message = copy.stored.message
            message.id = id
            message.sourceChannel = program.channel.name
            message.arrival = identity.arrival
            message.envelopeID = identity.envelopeID
            let channels = program.configuration.channels
            message.entries = EntryPlan.entries(
                routed, priority: copy.entry.priority, heldReason: facts.heldReason,
                division: { EntryPlan.Division(channels.channel(named: $0)) },
                officialHost: { channels.channel(named: $0)?.officialHost ?? $0 })
            return try submit(copy, message, content)
        } catch {
            return copy.all(.failedTemporarily, "4.3.0", "\(error)")
        }
    }

    private func submit(
        _ copy: ChannelProgram.Copy, _ message: QueuedMessage, _ content: SpoolContent
    ) throws -> [RecipientOutcome] {
        let answer = Answer<Result<SpoolLocation, SpoolError>>()
        program.submitter.submit(message, content: content, modifiers: program.channel.isLogging ? [] : nil) {
            answer.put($0)
        }
        _ = try answer.take().get()
        return copy.all(.delivered, "2.0.0", "")
    }

    /// The content with a trace field of this channel in front; copied by way of a file when it is large.
    private func content(
        _ copy: ChannelProgram.Copy, _ identity: MessageSubmitter.Identity, _ id: MessageID
    ) throws -> (SpoolContent, HeaderFacts) {
        var content = copy.stored.content
        content.rewind()
        let threshold = program.submitter.spool.options.largeThreshold
        var start: [UInt8] = []
        while start.count < threshold, case let chunk = try content.next(), !chunk.isEmpty { start += chunk }
        let received = ReceivedField(
            origin: .internalChannel("\(program.channel.officialHost).\(router.localHost)"), host: router.localHost,
            product: program.configuration.mta.receivedVersion ?? ProductVersion.text, transmission: nil,
            envelopeID: identity.envelopeID, date: identity.date)
        let prepared = try header.prepare(start, received: received, completion: nil).get()
        let body = Array(start[prepared.bodyStart...])
        guard content.position < content.size || prepared.header.count + body.count > threshold else {
            return (.inline([prepared.header, body]), prepared.facts)
        }
        let writer = try program.submitter.spool.beginLargeContent(id)
        do {
            try writer.append(prepared.header)
            try writer.append(body)
            while case let chunk = try content.next(), !chunk.isEmpty { try writer.append(Array(chunk)) }
            return (.large(try writer.finish()), prepared.facts)
        } catch {
            writer.abandon()
            throw error
        }
    }
}
