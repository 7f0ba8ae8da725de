import Channels
import Configuration
import Enqueue
import SMTP
import WorkerKit

/// The limits that FROM_ACCESS lowers for one transaction, flag `$S` (access-and-filtering specification, 5.3).
extension SMTPConnection {
    /// The refusal when the message is known to be too large for them; nil otherwise.
    func lowerLimits(_ limits: AccessEffects.Limits, size: Int64?) -> Reply? {
        guard limits != AccessEffects.Limits() else { return nil }
        hasLoweredLimits = true
        func lower(_ limit: inout Int?, _ wanted: Int?) {
            guard let wanted else { return }
            limit = min(limit ?? wanted, wanted)
        }
        lower(&session.options.limits.channelRecipients, limits.recipientLimit)
        lower(&session.options.limits.recipientCutoff, limits.recipientCutoff)
        guard let blocks = limits.blockLimit else { return nil }
        let octets = Int64(context.configuration.mta.bytes(ofBlocks: blocks))
        let limit = min(session.options.sizeLimit ?? octets, octets)
        session.options.sizeLimit = limit
        guard let size, size > limit else { return nil }
        return .sizeLimitExceeded(limit)
    }

    /// Before the next transaction.
    func restoreLimits() {
        guard hasLoweredLimits else { return }
        hasLoweredLimits = false
        setOptions(usesTLS: session.options.usesTLS)
    }
}
