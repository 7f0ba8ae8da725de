import AddressRewriting
import Channels
import Configuration
import Enqueue
import Envelope

/// How much of a message a notification returns (notifications-logging specification, 1.5).
struct ReturnTerms: Sendable {
    private let options: MTAOptions
    private let channels: ChannelTable
    /// Finds the channel of the sender; nil: no channel has a limit.
    private let router: Router?

    init(_ configuration: MTAConfiguration, report: @escaping @Sendable (String) -> Void) {
        options = configuration.mta
        channels = configuration.channels
        let hasLimits = channels.channels.contains { $0.blockLimit != nil }
        router = hasLimits ? Router(configuration: configuration, report: report) : nil
    }

    /// Limits first: what the channel of the sender would refuse tells nobody anything. Then RET.
    func returnsHeadersOnly(_ message: QueuedMessage, size: Int) -> Bool {
        let (whole, rest) = size.quotientAndRemainder(dividingBy: options.blockSize)
        let blocks = rest == 0 ? whole : whole + 1
        if let limit = options.bounceBlockLimit, blocks > limit { return true }
        if let limit = senderLimit(message.sender), blocks > limit { return true }
        switch message.returnContent {
        case .headers: return true
        case .full: return false
        case .unspecified:
            if let limit = options.contentReturnBlockLimit { return blocks > limit }
            return false
        }
    }

    /// `blocklimit` of the channel that the notification goes to.
    private func senderLimit(_ sender: String) -> Int? {
        guard let router, !sender.isEmpty else { return nil }
        let explained = router.explain(sender, kind: .envelope, direction: .forward, sourceChannel: "process")
        guard case .rewritten(let rewritten) = explained.outcome else { return nil }
        return channels.channel(named: rewritten.channel)?.blockLimit
    }
}
