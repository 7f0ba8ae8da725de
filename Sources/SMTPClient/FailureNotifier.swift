package import Envelope

/// A notification to the sender that an attempt gives reason for.
package struct NotificationRequest: Sendable {
    /// DSN types of the notifications specification, 1.1.
    package enum Kind: Hashable, Sendable {
        case failed
        case timedOut
        case returned
        /// The number counts the values of `notices` that were reached.
        case delayed(Int)
        /// Handed to a system without DSN, success was asked for.
        case relayed
        /// In its mailbox, success was asked for.
        case delivered
    }

    package var kind: Kind
    package var job: DeliveryJob
    /// The recipients it is about.
    package var outcomes: [RecipientOutcome]
}

/// Enqueues a notification durably, then calls the completion, on any thread: nil, or why it could not be done.
/// NOTIFY conditions, empty envelope senders and copies to the postmaster are its business.
package typealias FailureNotifier =
    @Sendable (
        _ request: NotificationRequest, _ completion: @escaping @Sendable (_ problem: String?) -> Void
    ) -> Void

extension NotificationRequest {
    /// The notifications that the outcomes of one attempt call for, most important first. `isFinal`: what was handed
    /// over has arrived.
    static func requests(
        _ job: DeliveryJob, _ outcomes: [RecipientOutcome], isFinal: Bool = false
    ) -> [NotificationRequest] {
        var requests: [NotificationRequest] = []
        func add(_ kind: Kind, _ chosen: [RecipientOutcome]) {
            guard !chosen.isEmpty else { return }
            requests.append(NotificationRequest(kind: kind, job: job, outcomes: chosen))
        }
        let failed = outcomes.filter { $0.result == .failedPermanently }
        switch job.notice {
        case .timedOut: add(.timedOut, failed)
        case .returned: add(.returned, failed)
        case .none, .delayWarning: add(.failed, failed)
        }
        if case .delayWarning(let number) = job.notice {
            add(.delayed(number), outcomes.filter { $0.result == .failedTemporarily })
        }
        add(
            isFinal ? .delivered : .relayed,
            outcomes.filter { outcome in
                outcome.result == .relayed && job.entry.recipients.indices.contains(outcome.recipient)
                    && job.entry.recipients[outcome.recipient].notify.contains(.success)
            })
        return requests
    }

    /// What becomes of the outcomes when this notification could not be enqueued: permanent failures wait, so that no
    /// sender is left without word. Warnings and receipts hold nothing up.
    func withoutNotification(_ outcomes: [RecipientOutcome], problem: String) -> [RecipientOutcome] {
        switch kind {
        case .delayed, .relayed, .delivered: return outcomes
        case .failed, .timedOut, .returned: break
        }
        return outcomes.map { outcome in
            guard outcome.result == .failedPermanently else { return outcome }
            var kept = outcome
            kept.result = .failedTemporarily
            kept.status = "4.3.0"
            kept.text = "notification could not be enqueued (\(problem)) about: \(outcome.text)"
            return kept
        }
    }
}
