import Envelope
import NIOCore
import Notifications

/// The end of an attempt: notifications are enqueued, then the log is written, then the outcome is reported. In this
/// order: a crash in between repeats something, and loses nothing.
struct Settlement {
    private let context: ClientContext
    private let work: any PendingWork
    private let job: DeliveryJob

    init(_ context: ClientContext, _ work: any PendingWork, _ job: DeliveryJob) {
        self.context = context
        self.work = work
        self.job = job
    }

    /// `completion` runs on the loop, perhaps at once.
    func run(_ result: TransactionResult, _ completion: @escaping () -> Void) {
        let requests = NotificationRequest.requests(
            job, result.outcomes, isFinal: context.settings.storeDomain != nil)
        guard !requests.isEmpty else {
            conclude(result)
            return completion()
        }
        notify(requests[...], result) { result in
            self.conclude(result)
            completion()
        }
    }

    private func notify(
        _ requests: ArraySlice<NotificationRequest>, _ result: TransactionResult,
        _ completion: @escaping (TransactionResult) -> Void
    ) {
        guard let request = requests.first else { return completion(result) }
        let goOn = NIOLoopBound(
            { (problem: String?) in
                var result = result
                if let problem {
                    result.outcomes = request.withoutNotification(result.outcomes, problem: problem)
                }
                self.notify(requests.dropFirst(), result, completion)
            }, eventLoop: context.loop)
        let loop = context.loop
        context.notifier(request) { problem in
            loop.execute { goOn.value(problem) }
        }
    }

    private func conclude(_ result: TransactionResult) {
        let othersSettled = result.outcomes.contains { $0.result != .failedTemporarily }
        let outcomes = result.outcomes.filter { job.entry.recipients.indices.contains($0.recipient) }
        var records = outcomes.map { outcome in
            let notify = job.entry.recipients[outcome.recipient].notify
            return DeliveryRecord(
                action: DeliveryAction(outcome.result, othersSettled: othersSettled, notify: notify),
                modifiers: result.modifiers, message: job.message, entry: job.entryIndex, attempt: job.attempt,
                outcome: outcome, size: outcome.result == .failedTemporarily ? result.sent : job.content.size,
                banner: result.banner)
        }
        if let last = records.indices.last { records[last].content = job.content }
        context.log.record(records)
        work.report(result.outcomes, retryAfter: retryAfter(result))
    }

    /// A busy mailbox is tried again soon (channel-programs specification, 3): milliseconds, spread so that many
    /// entries for one mailbox do not meet again.
    private func retryAfter(_ result: TransactionResult) -> Int64? {
        guard context.settings.isLMTP, context.settings.retriesBusyMailbox else { return nil }
        let isBusy = result.outcomes.contains { $0.result == .failedTemporarily && $0.status == "4.2.1" }
        return isBusy ? Int64.random(in: 30_000...90_000) : nil
    }
}
