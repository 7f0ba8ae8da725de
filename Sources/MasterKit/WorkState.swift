import Spool

/// What the threads of a master program and its control thread share.
struct WorkState {
    /// A thread's request that has not been answered with work.
    struct Ask: Sendable {
        var onNothing: @Sendable () -> Void
        var completion: @Sendable ([WorkItem]) -> Void
    }

    /// A report that is not known to be durable.
    enum Unacknowledged: Sendable {
        case outcome(OutcomeReport)
        case release
    }

    /// What waits to be sent, in the order of sending: outcomes, releases, requests.
    struct Outgoing: Sendable {
        var reports: [OutcomeReport] = []
        var releases: [QueueEntryKey] = []
        var requests: [WorkRequest] = []

        var isEmpty: Bool { reports.isEmpty && releases.isEmpty && requests.isEmpty }
    }

    var asks: [UInt32: Ask] = [:]
    var outgoing = Outgoing()
    var inHand: Set<QueueEntryKey> = []
    /// By entry, oldest first: an entry may come back and be reported again before the first report is durable.
    var unacknowledged: [QueueEntryKey: [Unacknowledged]] = [:]
    var isStopping = false

    /// True when nothing is in hand and everything said is durable.
    var isSettled: Bool { inHand.isEmpty && outgoing.isEmpty && unacknowledged.isEmpty }

    mutating func acknowledge(_ key: QueueEntryKey) {
        guard var list = unacknowledged[key] else { return }
        list.removeFirst()
        unacknowledged[key] = list.isEmpty ? nil : list
    }

    /// Takes what waits; reports and releases are kept until they are acknowledged.
    mutating func takeOutgoing() -> Outgoing {
        let taken = outgoing
        outgoing = Outgoing()
        for report in taken.reports { unacknowledged[report.key, default: []].append(.outcome(report)) }
        for key in taken.releases { unacknowledged[key, default: []].append(.release) }
        return taken
    }

    /// The connection is lost: everything that is not durable has to be said again.
    mutating func repeatUnacknowledged() {
        for (key, list) in unacknowledged {
            for item in list {
                switch item {
                case .outcome(let report): outgoing.reports.append(report)
                case .release: outgoing.releases.append(key)
                }
            }
        }
        unacknowledged.removeAll()
        outgoing.requests.removeAll()
    }
}
