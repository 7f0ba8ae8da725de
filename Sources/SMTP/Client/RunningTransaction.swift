/// A transaction that was begun, with what is known of each recipient.
struct RunningTransaction: Sendable {
    private enum State {
        case unanswered
        case accepted
        case settled(RecipientResult)
    }

    let transaction: ClientTransaction
    private var states: [State]
    private var nextRecipient = 0
    /// MAIL, every RCPT and DATA have been sent.
    var isFullySent = false
    var isContentSent = false

    init(_ transaction: ClientTransaction) {
        self.transaction = transaction
        states = Array(repeating: .unanswered, count: transaction.recipients.count)
    }

    var acceptedCount: Int {
        states.reduce(0) { count, state in if case .accepted = state { count + 1 } else { count } }
    }

    var hasAcceptedWithoutAnswer: Bool { acceptedCount > 0 }

    /// The next recipient to be sent in lock-step; nil when there is none, or MAIL was refused.
    mutating func takeNextRecipient() -> Int? {
        guard nextRecipient < states.count, case .unanswered = states[nextRecipient] else { return nil }
        nextRecipient += 1
        return nextRecipient - 1
    }

    mutating func recipientAnswered(_ index: Int, _ reply: ReceivedReply) {
        guard states.indices.contains(index), case .unanswered = states[index] else { return }
        states[index] =
            reply.isPositive ? .accepted : .settled(RecipientResult(recipient: index, reply: reply))
    }

    /// MAIL was refused: no recipient can do better.
    mutating func refuseAll(_ reply: ReceivedReply) {
        for index in states.indices { states[index] = .settled(RecipientResult(recipient: index, reply: reply)) }
    }

    /// DATA was refused. A 2yz or 3yz other than 354 is no acceptance.
    mutating func refuseAccepted(_ reply: ReceivedReply) {
        for index in states.indices {
            if case .accepted = states[index] {
                var result = RecipientResult(recipient: index, reply: reply)
                if result.result == .delivered { result.result = .failedTemporarily }
                states[index] = .settled(result)
            }
        }
    }

    mutating func acceptedAnswered(_ reply: ReceivedReply) {
        for index in states.indices {
            if case .accepted = states[index] {
                states[index] = .settled(RecipientResult(recipient: index, reply: reply))
            }
        }
    }

    /// LMTP: replies after the dot come for the accepted recipients in order (RFC 2033 section 4.2).
    mutating func nextAcceptedAnswered(_ reply: ReceivedReply) {
        for index in states.indices {
            if case .accepted = states[index] {
                states[index] = .settled(RecipientResult(recipient: index, reply: reply))
                return
            }
        }
    }

    /// One result for each recipient; those without an answer failed temporarily, with `text`.
    func results(otherwise text: String) -> [RecipientResult] {
        states.enumerated().map { index, state in
            if case .settled(let result) = state { return result }
            return RecipientResult(recipient: index, result: .failedTemporarily, status: "4.4.2", text: text)
        }
    }
}
