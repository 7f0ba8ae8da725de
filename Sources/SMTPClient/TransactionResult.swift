package import Envelope

/// What became of one entry.
package struct TransactionResult: Sendable, Hashable {
    /// One for each recipient that was tried.
    package var outcomes: [RecipientOutcome]
    /// Log modifiers: `E` ESMTP, `L` LMTP, `S` TLS, `C` chunking, `P` pipelining.
    package var modifiers = ""
    /// Bytes of content sent.
    package var sent = 0
    /// First line of the banner, without the code.
    package var banner = ""
    /// The server ended a connection that had served before, and nothing of this content had left: another connection
    /// may do better.
    package var mayBeRepeated = false

    package init(outcomes: [RecipientOutcome]) { self.outcomes = outcomes }

    /// The same for every recipient of a job.
    static func all(
        _ job: DeliveryJob, _ result: RecipientOutcome.Result, _ status: String, _ text: String, remote: String = ""
    ) -> TransactionResult {
        TransactionResult(
            outcomes: job.pending.map {
                RecipientOutcome(recipient: $0, result: result, status: status, text: text, remote: remote)
            })
    }

    static func connectionFailed(_ job: DeliveryJob, _ failure: ConnectionFailure) -> TransactionResult {
        all(
            job, failure.isPermanent ? .failedPermanently : .failedTemporarily, failure.status, failure.text,
            remote: failure.remote)
    }
}
