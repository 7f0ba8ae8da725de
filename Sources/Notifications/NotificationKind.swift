package import Envelope

/// What a delivery status notification reports (notifications-logging specification, 1.1). The raw value is the type in
/// names of template files and in the probe of NOTIFICATION_LANGUAGE.
package enum NotificationKind: String, Sendable, CaseIterable {
    case failed
    case timedOut = "timedout"
    case bounced
    /// An age of `notices` is reached.
    case delayed
    /// The time that the sender wanted it delivered by is over, and it is tried on (RFC 2852 section 4.1.4).
    case deferred
    case delivered, relayed
    /// Sent on to the members of a list.
    case expanded

    /// The warning that is due for an entry that was tried in vain, `now` in seconds since 1970.
    package init(warningAbout entry: QueueEntry, now: Int64) {
        let isOverdue = entry.deliverBy.map { $0.mode == .notify && $0.deadline <= now } ?? false
        self = isOverdue ? .deferred : .delayed
    }

    /// The Subject of the notification.
    package var subject: String {
        switch self {
        case .failed: "Delivery Notification: Delivery has failed"
        case .timedOut: "Delivery Notification: Delivery has timed out and failed"
        case .bounced: "Delivery Notification: Delivery has been manually aborted"
        case .delayed, .deferred: "Delivery Notification: Delivery has been delayed"
        case .delivered: "Delivery Notification: Delivery has been successful"
        case .relayed: "Delivery Notification: Message has been relayed"
        case .expanded: "Delivery Notification: Message has been expanded"
        }
    }

    /// The Action field of RFC 3464 section 2.3.3.
    package var action: String {
        switch self {
        case .failed, .timedOut, .bounced: "failed"
        case .delayed, .deferred: "delayed"
        case .delivered, .relayed, .expanded: rawValue
        }
    }

    /// The Status field where an outcome has none.
    var defaultStatus: String {
        switch self {
        case .failed, .bounced: "5.0.0"
        case .timedOut: "4.4.7"
        case .delayed, .deferred: "4.0.0"
        case .delivered, .relayed, .expanded: "2.0.0"
        }
    }

    /// What the notification's message id is derived by.
    package var derivation: MessageID.Derivation {
        switch self {
        case .failed, .timedOut, .bounced: .failureNotification
        case .delayed, .deferred: .delayNotification
        case .delivered, .relayed, .expanded: .successNotification
        }
    }

    /// A warning: `warnpost` and USE_WARNINGS_TO are about these.
    var isWarning: Bool { derivation == .delayNotification }
    /// A receipt: DISABLE_DELIVERY_RECEIPT is about these.
    var isReceipt: Bool { derivation == .successNotification }

    /// Whether the sender of this recipient asked for this kind: NOTIFY, and its default of failures and delays
    /// (RFC 3461 section 4.1).
    package func isWanted(_ notify: NotifyConditions) -> Bool {
        if notify.contains(.never) && !notify.contains(.failure) { return false }
        if isReceipt { return notify.contains(.success) }
        return notify.isEmpty || notify.contains(isWarning ? .delay : .failure)
    }
}
