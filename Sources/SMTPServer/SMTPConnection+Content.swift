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
            held.holdLimitReason = "more than \(channel.holdLimit ?? 0) recipients"
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
        do {
            let prepared = try prepare(message, identity, session.contentFindings).get()
            // The only reference, so that cutting off the header copies nothing.
            var content = message.content
            message.content = []
            self.message?.content = []
            if let refusal = headerRefusal(prepared, message) {
                message.refusal = refusal
                self.message = message
                return
            }
            let writer: any ContentWriter =
                if let store = context.store { try store.scratch() } else {
                    ConvertingWriter(try context.submitter.spool.beginLargeContent(identity.id), prepared)
                }
            let stream = LargeContentStream(writer, facts: prepared.facts, pool: pool, loop: loop)
            message.stream = stream
            content.removeFirst(prepared.bodyStart)
            append(prepared.header, to: stream)
            append(content, to: stream)
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
        _ message: IncomingMessage, _ identity: MessageSubmitter.Identity, _ findings: ContentFindings
    ) -> Result<HeaderPreparation.Prepared, HeaderError> {
        let host = context.header.localHost
        let isSingle = message.given.count == 1 && channel.showsReceivedFor
        let work = work(message, findings)
        let givenSender = message.givenSender?.description ?? ""
        let received = ReceivedField(
            origin: clientOrigin, host: host, product: context.product,
            transmission: TransmissionProtocol(
                extended: saidEHLO, lmtp: session.options.service == .lmtp, tls: session.options.usesTLS,
                authenticated: session.options.isAuthenticated,
                utf8: message.parameters.needsSMTPUTF8),
            envelopeID: identity.envelopeID, recipient: isSingle ? message.given.first : nil,
            originalRecipient: isSingle
                ? message.originalRecipient.flatMap { differ($0, message.given.first ?? "") ? $0 : nil } : nil,
            originalSender: !work.source.hidesOriginalSender && differ(givenSender, message.sender)
                ? givenSender : nil,
            state: work.source.receivedState, date: identity.date,
            allowUTF8: message.parameters.needsSMTPUTF8)
        let completion = HeaderBlock.Completion(
            date: identity.date, envelopeID: identity.envelopeID,
            host: context.configuration.mta.idDomain ?? host, sender: message.sender)
        return context.header.prepare(
            message.content, received: received, completion: channel.isSubmission ? completion : nil,
            rewriting: context.router.headerRewriting(
                source: channel, completion: self.completion, recipients: message.recipients), work: work,
            additions: HeaderAdditions(message.effects, traceFields: message.traceFields),
            logged: context.submitter.log.header(at: .enqueue, keyword: channel.loggedHeader))
    }

    /// What the channels want of the message, and what the session knows about it.
    private func work(_ message: IncomingMessage, _ findings: ContentFindings) -> MessageWork {
        let router = context.router
        let source = router.content.source(channel.name)
        var work = router.messageWork(
            source: source, recipients: message.recipients,
            authenticated: router.authenticatedAddress(
                source, channel: channel, address: message.effects.authenticatedSender ?? user?.mail ?? ""))
        // Into the store: those have no route.
        if context.store != nil, 2...3 ~= work.missingRecipientPolicy { work.recipients = message.given }
        work.sender = message.sender
        work.allowsUTF8 = message.parameters.needsSMTPUTF8
        work.isBinary = message.isBinary
        work.readsSolicitation = context.refusesSolicitations
        if findings.hasLongLine { work.longLines = session.options.longLines == .wrap ? .wrapped : .truncated }
        return work
    }

    private func differ(_ given: String, _ now: String) -> Bool { given.asciiLowercased != now.asciiLowercased }

    func finishData(_ findings: ContentFindings) {
        guard let taken = message, let identity = taken.identity else {
            return session.answered(.refuse(Reply(451, "4.3.0", "Local error in processing")))
        }
        message = nil
        // XFORWARD speaks of one message, whatever becomes of it.
        defer { forwarded = ClientAttributes() }
        if let refusal = taken.refusal ?? contentRefusal(taken, findings) {
            taken.stream?.abandon()
            return answer(.refuse(refusal), after: taken.delay)
        }
        if let stream = taken.stream {
            if !findings.endsInLineEnd, !taken.isBinary { append([13, 10], to: stream) }
            finish(stream, taken, identity, findings)
            return
        }
        switch prepare(taken, identity, findings) {
        case .failure(let error):
            session.answered(.refuse(Self.headerReply(error)))
        case .success(let prepared):
            if let refusal = headerRefusal(prepared, taken) { return session.answered(.refuse(refusal)) }
            var body = Array(taken.content[prepared.bodyStart...])
            if !findings.endsInLineEnd, !taken.isBinary { body += [13, 10] }
            if let store = context.store {
                return deliver(taken, identity, prepared.facts, .bytes([prepared.header, body]), to: store)
            }
            let (pieces, converted) = prepared.content(body, hasEightBit: findings.hasEightBit)
            let type = BodyType(hasEightBit: findings.hasEightBit, converted, prepared.wishes)
            submit(taken, identity, type, prepared.facts, findings, .inline(pieces))
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
            case .success(.spooled(let content)):
                // Nobody waits for an answer any more: without this the file would stay.
                guard connection.loop != nil else { return content.abandon() }
                let type = BodyType(hasEightBit: findings.hasEightBit, stream.findings, stream.wishes)
                connection.submit(message, identity, type, stream.facts, findings, .large(content))
            case .success(.scratch(let file)):
                guard connection.loop != nil, let store = connection.context.store else { return }
                connection.deliver(message, identity, stream.facts, .scratch(file), to: store)
            case .failure(let error):
                connection.answer(.refuse(Self.storageReply(error)))
            }
        }
    }

    private func submit(
        _ message: IncomingMessage, _ identity: MessageSubmitter.Identity, _ body: BodyType,
        _ facts: HeaderFacts, _ findings: ContentFindings, _ content: SpoolContent
    ) {
        let routed = facts.differsByDestination ? context.router.deferred(message.recipients) : message.recipients
        let recipients = message.effects.disposed(routed, by: context.configuration)
        var terms = EnqueueTerms(
            facts, size: content.size, lines: Int(clamping: findings.lines),
            blockSize: context.configuration.mta.blockSize, source: channel)
        if let priority = message.parameters.priority { terms.priority = Priority(transfer: priority.granted) }
        terms.releaseTime = message.parameters.releaseTime ?? 0
        terms.deliverBy = message.deliverBy
        let entries = EntryPlan.entries(
            recipients, terms: terms, heldReason: facts.heldReason ?? message.heldReason,
            channels: context.configuration.channels)
        var queued = QueuedMessage(
            id: identity.id, arrival: identity.arrival, sourceChannel: channel.name, submission: submission,
            sender: facts.newSender ?? message.sender, envelopeID: identity.envelopeID,
            clientEnvelopeID: message.parameters.envelopeID,
            returnContent: ReturnContent(message.parameters.returnContent),
            body: message.isBinary ? .binaryMIME : body, needsSMTPUTF8: message.parameters.needsSMTPUTF8,
            messageIDHeader: facts.messageID, entries: entries)
        queued.transferPriority = message.parameters.priority.map { Int8(clamping: $0.granted) }
        guard let loop else { return }
        var modifiers = modifiers
        if findings.cameInChunks { modifiers.insert(.chunking) }
        let bound = NIOLoopBound(self, eventLoop: loop)
        let reply = Reply(250, "2.5.0", "Ok, envelope id \(identity.envelopeID)@\(context.header.localHost)")
        let records = channel.isLogging ? modifiers : nil
        let connection = loggedConnection
        context.submitter.drop(&queued, size: content.size, modifiers: records, connection: connection)
        guard !queued.entries.isEmpty else {
            if case .large(let large) = content { large.abandon() }
            answer(.accept(reply), after: message.delay)
            return proceed()
        }
        let delay = message.delay
        context.submitter.submit(
            queued, content: content, modifiers: records, headerLines: facts.loggedLines, connection: connection
        ) { result in
            loop.execute {
                switch result {
                case .success: bound.value.answer(.accept(reply), after: delay)
                case .failure(let error): bound.value.answer(.refuse(Self.storageReply(error)), after: 0)
                }
                bound.value.proceed()
            }
        }
    }

    /// What the whole content is refused with at its end: octets above 127 that were not announced on an `eightstrict`
    /// channel, or a size that a channel, or every list that the message is for, does not take.
    private func contentRefusal(_ message: IncomingMessage, _ findings: ContentFindings) -> Reply? {
        let isUnannounced =
            message.parameters.body ?? .sevenBit == .sevenBit && !message.parameters.needsSMTPUTF8
        if channel.eightBit == .strict, findings.hasEightBit, isUnannounced {
            let text = context.configuration.mta.errorTexts["unnegotiated_eightbit"]
            return Reply(550, "5.6.0", text ?? "message contains unnegotiated 8bit")
        }
        let recipients = message.effects.disposed(message.recipients, by: context.configuration)
        let limits = DestinationLimits(configuration: context.configuration)
        if let refusal = limits.refusal(recipients, octets: findings.octets, lines: findings.lines) { return refusal }
        let refusal = context.router.listRefusal(
            of: recipients, size: Int(clamping: findings.octets), lines: Int(clamping: findings.lines))
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
        forwarded = ClientAttributes()
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
