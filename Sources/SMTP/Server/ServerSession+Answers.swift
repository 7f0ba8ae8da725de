extension ServerSession {
    /// The answer to the question that waits. Without one, as after a timeout or a lost connection, nothing happens.
    package mutating func answered(_ answer: ServerAnswer) {
        guard let question else { return }
        self.question = nil
        progressed()
        switch answer {
        case .accept(let reply): accepted(question, reply)
        case .acceptEach(let replies): acceptedEach(question, replies)
        case .challenge(let text): challenge(text)
        case .refuse(let reply): refused(question, reply)
        case .refuseAndClose(let reply):
            if case .endOfData = question { forgetTransaction() }
            close(with: reply)
        }
    }

    /// As ``answered(_:)``, with the reply to send.
    package mutating func answered(_ reply: Reply, accepted: Bool) {
        answered(accepted ? .accept(reply) : .refuse(reply))
    }

    private mutating func accepted(_ question: Question, _ reply: Reply?) {
        switch question {
        case .greeting(let extended):
            endTransaction(.greeting)
            send(reply ?? (extended ? Greeting.ehlo(options, trust) : Greeting.helo(options)))
        case .mail:
            transaction = Transaction(isBinary: hasBinaryBody)
            counts.transactions += 1
            counts.verifications = 0
            send(reply ?? .mailAccepted(hasOptions: false))
        case .recipient:
            transaction?.accepted += 1
            send(reply ?? Reply(250, "2.1.5", "OK."))
        case .data: acceptData()
        case .chunk(let chunk): acceptChunks(chunk)
        case .endOfData: acceptedEach(question, [reply ?? .ok])
        case .verify: send(reply ?? .possibleRemoteAddress)
        case .authentication: endAuthentication(reply ?? .ok, succeeded: true)
        case .attributes(.xclient): beginAgain()
        case .attributes(.xforward): send(reply ?? .ok)
        }
    }

    private mutating func acceptedEach(_ question: Question, _ replies: [Reply]) {
        guard case .endOfData = question else { return accepted(question, replies.first) }
        endMessage(replies)
    }

    private mutating func refused(_ question: Question, _ reply: Reply) {
        switch question {
        case .recipient:
            counts.rejections += 1
            send(reply)
        case .data:
            endTransaction(.dataRefused(reply))
            send(reply)
        case .chunk(let chunk):
            endTransaction(.dataRefused(reply))
            read(Chunk(remaining: chunk.remaining, isLast: chunk.isLast, refusal: reply))
        case .endOfData: endMessage([reply])
        case .authentication: endAuthentication(reply, succeeded: false)
        case .greeting, .mail, .verify, .attributes: send(reply)
        }
    }

    /// The driver has decided about the message. For LMTP the last reply given stands for those that are missing.
    private mutating func endMessage(_ replies: [Reply]) {
        let wanted = finalReplies
        forgetTransaction()
        for index in 0..<wanted { send(replies.indices.contains(index) ? replies[index] : replies.last ?? .ok) }
    }
}
