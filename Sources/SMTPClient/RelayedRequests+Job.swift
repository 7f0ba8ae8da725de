import Envelope
import SMTP

extension RelayedRequests {
    /// `now`: seconds since 1970.
    init(_ job: DeliveryJob, now: Int64) {
        self.init(
            deliverBy: job.entry.deliverBy.map { wanted in
                DeliverByRequest(
                    seconds: wanted.deadline - now, mode: wanted.mode == .giveBack ? .giveBack : .notify,
                    isTraced: false)
            }, priority: job.message.transferPriority.map(Int.init))
    }
}
