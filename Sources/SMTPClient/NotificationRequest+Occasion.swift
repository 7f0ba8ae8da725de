import Envelope
import Notifications
import SystemCalls

extension NotificationRequest {
    /// The request as the notifications know it.
    var occasion: Notifier.Occasion {
        let kind: NotificationKind =
            switch self.kind {
            case .failed: .failed
            case .timedOut: .timedOut
            case .returned: .bounced
            case .delayed: NotificationKind(warningAbout: job.entry, now: SystemClock.wallSeconds)
            case .relayed: .relayed
            case .delivered: .delivered
            }
        return Notifier.Occasion(
            kind: kind, message: job.message, entry: job.entryIndex, attempt: job.attempt, outcomes: outcomes,
            history: job.history)
    }
}

extension ReturnedContent {
    init(_ content: OutgoingContent) {
        switch content {
        case .bytes(let bytes): self.init(Array(bytes))
        case .stream(let size, let read): self.init(size: size) { try read($0, $1) }
        }
    }
}
