import Envelope
import NIOCore
import SMTP
import SystemCalls

extension ClientConnection {
    /// A transaction under way. A class: a copy would count references to everything in the message.
    final class InFlight {
        let job: DeliveryJob
        let transaction: OutgoingTransaction
        let completion: (TransactionResult) -> Void
        var sender: ContentSender?
        /// Bytes of content handed to the socket.
        var sent = 0
        /// Why we ourselves broke the connection off.
        var refusal: OutgoingTransaction.Refusal?

        init(
            job: DeliveryJob, transaction: OutgoingTransaction, completion: @escaping (TransactionResult) -> Void
        ) {
            self.job = job
            self.transaction = transaction
            self.completion = completion
        }
    }

    /// Begins a transaction; only when ``isReady``. `completion` runs on the loop, perhaps at once.
    func deliver(_ job: DeliveryJob, _ completion: @escaping (TransactionResult) -> Void) {
        do throws(OutgoingTransaction.Refusal) {
            guard let downgrade = try OutgoingTransaction.downgrade(job, session.extensions, context.settings) else {
                return begin(job, job.content, completion)
            }
            prepare(job, downgrade, completion)
        } catch {
            completion(.all(job, error.result, error.status, error.text, remote: remote))
        }
    }

    /// Converts the content in steps; other connections have their turn after each. This one takes nothing meanwhile.
    private func prepare(
        _ job: DeliveryJob, _ downgrade: Downgrade, _ completion: @escaping (TransactionResult) -> Void
    ) {
        var downgrade = downgrade
        isPreparing = true
        do throws(OutgoingTransaction.Refusal) {
            switch try downgrade.step() {
            case .unfinished:
                let rest = NIOLoopBound((self, job, downgrade, completion), eventLoop: context.loop)
                return context.loop.execute {
                    let (connection, job, downgrade, completion) = rest.value
                    connection.prepare(job, downgrade, completion)
                }
            case .converted(let content):
                isPreparing = false
                begin(job, content, completion)
            case .impossible: throw downgrade.refusal
            }
        } catch {
            isPreparing = false
            completion(.all(job, error.result, error.status, error.text, remote: remote))
        }
    }

    private func begin(
        _ job: DeliveryJob, _ content: OutgoingContent, _ completion: @escaping (TransactionResult) -> Void
    ) {
        guard isReady else {
            // Lost while the content was being converted: nothing of it has left.
            var result = TransactionResult.all(job, .failedTemporarily, "4.4.2", "connection lost", remote: remote)
            result.mayBeRepeated = true
            return completion(result)
        }
        let transaction: OutgoingTransaction
        do throws(OutgoingTransaction.Refusal) {
            transaction = try OutgoingTransaction(job, content, session.extensions, context.settings)
        } catch {
            return completion(.all(job, error.result, error.status, error.text, remote: remote))
        }
        guard !transaction.indexes.isEmpty else {
            return completion(TransactionResult(outcomes: transaction.untried))
        }
        transactions += 1
        inFlight.append(InFlight(job: job, transaction: transaction, completion: completion))
        var envelope = transaction.envelope
        envelope.requests = RelayedRequests(job, now: SystemClock.wallSeconds)
        session.begin(envelope)
        perform()
    }

    // MARK: Content

    /// 354 has come for the oldest transaction: content and final dot go out in one piece, and the next MAIL behind it.
    func startContent() {
        guard let channel, let first = inFlight.first else { return }
        switch first.transaction.body {
        case .encoded(let buffer):
            if first.transaction.envelope.usesChunks {
                channel.write(ContentSender.chunk(buffer.readableBytes, isLast: true, channel.allocator), promise: nil)
            }
            channel.write(buffer, promise: nil)
            contentSent()
        case .stream(let size, let form, let read):
            inFlight[0].sender = ContentSender(size: size, form: form, read: read)
            continueContent()
        }
    }

    func continueContent() {
        guard let channel, !inFlight.isEmpty, var sender = inFlight[0].sender else { return }
        inFlight[0].sender = nil
        let step = sender.advance(channel)
        // The write may have shown that the connection is gone.
        guard !inFlight.isEmpty else { return }
        inFlight[0].sent = sender.offset
        for _ in 0..<sender.takeChunks() { session.chunkSent() }
        switch step {
        case .wait:
            inFlight[0].sender = sender
            armTimer()
        case .pause:
            inFlight[0].sender = sender
            armTimer()
            let bound = NIOLoopBound(self, eventLoop: context.loop)
            context.loop.execute { bound.value.continueContent() }
        case .done:
            contentSent()
            perform()
        case .failed(let refusal):
            inFlight[0].refusal = refusal
            session.connectionClosed()
            perform()
        }
    }

    private func contentSent() {
        inFlight[0].sent = inFlight[0].job.content.size
        session.contentSent()
        if session.acceptsTransaction { onReadyForNext?() }
    }

    // MARK: Results

    func finish(_ results: [RecipientResult]) {
        guard !inFlight.isEmpty else { return }
        let first = inFlight.removeFirst()
        first.completion(result(first, results))
    }

    /// The session is over: what was begun has failed for now, what came last may be told more exactly.
    func interrupt(_ failure: ConnectionFailure, _ interrupted: [[RecipientResult]]) {
        let wasUsed = transactions > inFlight.count
        let begun = inFlight
        inFlight = []
        for (number, transaction) in begun.enumerated() {
            var result = result(transaction, number < interrupted.count ? interrupted[number] : [])
            if let refusal = transaction.refusal {
                result.outcomes =
                    TransactionResult.all(
                        transaction.job, refusal.result, refusal.status, refusal.text, remote: remote
                    ).outcomes
            } else {
                // Nothing of the content has left: another connection cannot make a duplicate.
                let isFirstHere = !wasUsed && number == 0
                result.mayBeRepeated = transaction.sent == 0 && !isFirstHere && failure.mayBeRepeated
            }
            transaction.completion(result)
        }
    }

    private func result(_ transaction: InFlight, _ results: [RecipientResult]) -> TransactionResult {
        let extensions = session.extensions
        var result = TransactionResult(outcomes: transaction.transaction.untried)
        for one in results where transaction.transaction.indexes.indices.contains(one.recipient) {
            result.outcomes.append(
                context.settings.classifier.outcome(
                    one, recipient: transaction.transaction.indexes[one.recipient], offersDSN: extensions.dsn,
                    remote: remote))
        }
        // Nobody is forgotten, whatever the session has said.
        let known = Set(result.outcomes.map(\.recipient))
        for index in transaction.job.pending where !known.contains(index) {
            result.outcomes.append(
                RecipientOutcome(
                    recipient: index, result: .failedTemporarily, status: "4.4.2", text: "no reply", remote: remote))
        }
        result.outcomes.sort { $0.recipient < $1.recipient }
        let greeting = context.settings.isLMTP ? "L" : extensions.hostName.isEmpty ? "" : "E"
        result.modifiers =
            greeting + (session.usesTLS ? "S" : "") + (transaction.transaction.envelope.usesChunks ? "C" : "")
            + (extensions.pipelining ? "P" : "")
        result.sent = transaction.sent
        result.banner = context.settings.logsBanner ? banner : ""
        return result
    }
}
