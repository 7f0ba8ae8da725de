import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import NIOCore
import SMTP
import Spool
import SystemCalls
import TransactionLog
import WorkerKit

/// DATA and BDAT: from octets to a durable message.
extension SMTPConnection {
    func beginData() -> ServerAnswer {
        if var held = message, context.router.isOverHoldLimit(held.given.count, channel) {
            held.recipients = context.router.deferred(held.recipients, by: channel)
            held.heldReason = held.heldReason ?? "more than \(channel.holdLimit ?? 0) recipients"
            message = held
        }
        message?.identity = context.submitter.newIdentity()
        return .accept(nil)
    }

    func take(_ bytes: [UInt8]) {
        guard message?.refusal == nil else { return }
        if let stream = message?.stream {
            append(bytes, to: stream)
            return
        }
        message?.content += bytes
        if let count = message?.content.count, count > context.submitter.spool.options.largeThreshold { beginStream() }
    }

    /// More content than is kept in memory: header and what is there go to a file, the rest follows.
    private func beginStream() {
        guard var message, let identity = message.identity, let loop = loop else { return }
        let content = message.content
        do {
            let prepared = try prepare(message, identity).get()
            let writer = try context.submitter.spool.beginLargeContent(identity.id)
            let stream = LargeContentStream(writer, facts: prepared.facts, pool: pool, loop: loop)
            message.stream = stream
            append(prepared.header + content[prepared.bodyStart...], to: stream)
        } catch let error as HeaderError {
            message.refusal = Self.headerReply(error)
        } catch {
            message.refusal = Self.storageReply(error)
        }
        message.content = []
        self.message = message
    }

    private func append(_ bytes: [UInt8], to stream: LargeContentStream) {
        guard let loop else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        stream.append(bytes) { bound.value.readIfWanted() }
    }

    private func prepare(
        _ message: IncomingMessage, _ identity: MessageSubmitter.Identity
    ) -> Result<HeaderPreparation.Prepared, HeaderError> {
        let host = context.header.localHost
        let received = ReceivedField(
            origin: .client(helo: helo, reverseName: .notLookedUp, address: handed.remoteAddress.host), host: host,
            product: context.product,
            transmission: TransmissionProtocol(
                extended: saidEHLO, lmtp: session.options.service == .lmtp, tls: session.options.usesTLS,
                authenticated: session.options.isAuthenticated),
            envelopeID: identity.envelopeID,
            recipient: message.given.count == 1 && channel.showsReceivedFor ? message.given.first : nil,
            date: identity.date)
        let completion = HeaderBlock.Completion(
            date: identity.date, envelopeID: identity.envelopeID, host: host, sender: message.sender)
        return context.header.prepare(
            message.content, received: received, completion: channel.isSubmission ? completion : nil,
            rewriting: context.router.headerRewriting(
                source: channel, completion: self.completion, recipients: message.recipients),
            logged: context.submitter.log.header(at: .enqueue, keyword: channel.loggedHeader))
    }

    func finishData(_ findings: ContentFindings) {
        guard let taken = message, let identity = taken.identity else {
            return session.answered(.refuse(Reply(451, "4.3.0", "Local error in processing")))
        }
        message = nil
        if let refusal = taken.refusal ?? contentRefusal(taken, findings) {
            taken.stream?.abandon()
            return session.answered(.refuse(refusal))
        }
        if let stream = taken.stream {
            if !findings.endsInLineEnd { append([13, 10], to: stream) }
            finish(stream, taken, identity, findings)
            return
        }
        switch prepare(taken, identity) {
        case .failure(let error):
            session.answered(.refuse(Self.headerReply(error)))
        case .success(let prepared):
            var body = Array(taken.content[prepared.bodyStart...])
            if !findings.endsInLineEnd { body += [13, 10] }
            submit(taken, identity, findings, prepared.facts, .inline([prepared.header, body]))
        }
    }

    private func finish(
        _ stream: LargeContentStream, _ message: IncomingMessage, _ identity: MessageSubmitter.Identity,
        _ findings: ContentFindings
    ) {
        guard let loop else { return stream.abandon() }
        let bound = NIOLoopBound((self, message, stream), eventLoop: loop)
        stream.finish { result in
            let (connection, message, stream) = bound.value
            switch result {
            case .success(let content):
                // Nobody waits for an answer any more: without this the file would stay.
                guard connection.loop != nil else { return content.abandon() }
                connection.submit(message, identity, findings, stream.facts, .large(content))
            case .failure(let error):
                connection.answer(.refuse(Self.storageReply(error)))
            }
        }
    }

    private func submit(
        _ message: IncomingMessage, _ identity: MessageSubmitter.Identity, _ findings: ContentFindings,
        _ facts: HeaderFacts, _ content: SpoolContent
    ) {
        let configuration = context.configuration
        let recipients =
            facts.differsByDestination ? context.router.deferred(message.recipients) : message.recipients
        let entries = EntryPlan.entries(
            recipients,
            terms: EnqueueTerms(
                facts, size: content.size, lines: Int(clamping: findings.lines), blockSize: configuration.mta.blockSize,
                source: channel),
            heldReason: facts.heldReason ?? message.heldReason, channels: configuration.channels)
        let queued = QueuedMessage(
            id: identity.id, arrival: identity.arrival, sourceChannel: channel.name, submission: submission,
            sender: message.sender, envelopeID: identity.envelopeID, clientEnvelopeID: message.parameters.envelopeID,
            returnContent: ReturnContent(message.parameters.returnContent),
            body: findings.hasEightBit ? .eightBitMIME : .sevenBit, messageIDHeader: facts.messageID, entries: entries)
        guard let loop else { return }
        var modifiers = modifiers
        if findings.cameInChunks { modifiers.insert(.chunking) }
        let bound = NIOLoopBound(self, eventLoop: loop)
        let reply = Reply(250, "2.5.0", "Ok, envelope id \(identity.envelopeID)@\(context.header.localHost)")
        context.submitter.submit(
            queued, content: content, modifiers: channel.isLogging ? modifiers : nil, headerLines: facts.loggedLines
        ) { result in
            loop.execute {
                switch result {
                case .success: bound.value.answer(.accept(reply))
                case .failure(let error): bound.value.answer(.refuse(Self.storageReply(error)))
                }
            }
        }
    }

    /// What the whole content is refused with at its end: octets above 127 that were not announced on an `eightstrict`
    /// channel, or a size that a channel, or every list that the message is for, does not take.
    private func contentRefusal(_ message: IncomingMessage, _ findings: ContentFindings) -> Reply? {
        if channel.eightBit == .strict, findings.hasEightBit, message.parameters.body != .eightBitMIME {
            let text = context.configuration.mta.errorTexts["unnegotiated_eightbit"]
            return Reply(550, "5.6.0", text ?? "message contains unnegotiated 8bit")
        }
        let refusal = context.router.sizeRefusal(
            of: message.recipients, size: Int(clamping: findings.octets), lines: Int(clamping: findings.lines))
        return refusal.map { Reply($0.code, $0.status, $0.text) }
    }

    private static func headerReply(_ error: HeaderError) -> Reply { Reply(552, "5.3.4", error.description) }

    /// Nothing of the message is kept: the client tries again.
    private static func storageReply(_ error: any Error) -> Reply {
        if (error as? SpoolError)?.isOutOfSpace == true {
            return Reply(452, "4.3.1", "Insufficient system storage, try again later")
        }
        return Reply(451, "4.3.0", "Local error in processing, try again later")
    }

    func discardMessage() {
        message?.stream?.abandon()
        message = nil
    }
}

extension ReturnContent {
    init(_ given: MailParameters.Return?) {
        switch given {
        case nil: self = .unspecified
        case .full: self = .full
        case .headers: self = .headers
        }
    }
}
