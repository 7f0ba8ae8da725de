package import Envelope

/// What a delivery status notification reports (notifications-logging specification, 1.1).
package enum NotificationKind: Sendable, CaseIterable {
    case failed, timedOut, bounced, delayed, delivered, relayed

    /// The Subject of the notification.
    package var subject: String {
        switch self {
        case .failed: "Delivery Notification: Delivery has failed"
        case .timedOut: "Delivery Notification: Delivery has timed out and failed"
        case .bounced: "Delivery Notification: Delivery has been manually aborted"
        case .delayed: "Delivery Notification: Delivery has been delayed"
        case .delivered: "Delivery Notification: Delivery has been successful"
        case .relayed: "Delivery Notification: Message has been relayed"
        }
    }

    /// The Action field of RFC 3464 section 2.3.3.
    package var action: String {
        switch self {
        case .failed, .timedOut, .bounced: "failed"
        case .delayed: "delayed"
        case .delivered: "delivered"
        case .relayed: "relayed"
        }
    }

    /// The type text, `return_<type>.txt`.
    var text: String {
        switch self {
        case .failed: "Your message cannot be delivered to the following recipients:"
        case .timedOut:
            "Your message could not be delivered to the following recipients within\r\nthe time it may wait and is returned:"
        case .bounced: "Your message is returned because the postmaster has ended its delivery to:"
        case .delayed:
            "Your message has not yet been delivered to the following recipients;\r\nit will be tried again:"
        case .delivered: "Your message has been delivered to the following recipients:"
        case .relayed:
            "Your message has been handed to a system that does not report delivery,\r\nfor the following recipients:"
        }
    }

    package var derivation: MessageID.Derivation {
        switch self {
        case .failed, .timedOut, .bounced: .failureNotification
        case .delayed: .delayNotification
        case .delivered, .relayed: .successNotification
        }
    }

    /// Whether the sender of this recipient asked for this kind: NOTIFY, and its default of failures and delays
    /// (RFC 3461 section 4.1).
    package func isWanted(_ notify: NotifyConditions) -> Bool {
        if notify.contains(.never) && !notify.contains(.failure) { return false }
        switch self {
        case .failed, .timedOut, .bounced: return notify.isEmpty || notify.contains(.failure)
        case .delayed: return notify.isEmpty || notify.contains(.delay)
        case .delivered, .relayed: return notify.contains(.success)
        }
    }
}
