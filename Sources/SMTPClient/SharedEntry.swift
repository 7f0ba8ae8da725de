import Envelope
import InternetMessage
import Synchronization

/// An entry for several hosts: with `multiple` a channel has one entry for all of its recipients, whatever their hosts
/// (channels specification, section 4.3). It is delivered host by host, and reported as one.
enum SharedEntry {
    /// The parts of an entry that is for the channel as a whole, one for each host in the order of their first recipient;
    /// an entry for one host is its only part.
    static func parts(
        _ work: any PendingWork, _ job: DeliveryJob, _ selection: HostSelection
    ) -> [(work: any PendingWork, job: DeliveryJob)] {
        guard selection.daemon == nil, job.entry.host.asciiLowercased == selection.officialHost.asciiLowercased,
            job.notice == .none || job.isWarning, !job.pending.isEmpty
        else { return [(work, job)] }
        var hosts: [String] = []
        var pending: [String: [Int]] = [:]
        for number in job.pending {
            let host = host(of: job.entry.recipients[number].address) ?? job.entry.host
            if pending[host] == nil { hosts.append(host) }
            pending[host, default: []].append(number)
        }
        let whole = SharedWork(work, parts: hosts.count)
        return hosts.map { host in
            var part = job
            part.entry.host = host
            part.pending = pending[host, default: []]
            return (hosts.count == 1 ? work : whole, part)
        }
    }

    /// The first host of an address: where it is delivered.
    private static func host(of address: String) -> String? {
        guard let mailbox = Mailbox(address) else { return nil }
        let host = mailbox.route.first ?? mailbox.domain
        return host.isEmpty ? nil : host.asciiLowercased
    }
}

extension DeliveryJob {
    fileprivate var isWarning: Bool {
        if case .delayWarning = notice { true } else { false }
    }
}

/// An entry in several parts: the outcomes are reported when all parts have ended.
private final class SharedWork: PendingWork {
    private struct State {
        var left: Int
        var outcomes: [RecipientOutcome] = []
        var retryAfter: Int64?
    }

    private let work: any PendingWork
    private let state: Mutex<State>

    init(_ work: any PendingWork, parts: Int) {
        self.work = work
        state = Mutex(State(left: parts))
    }

    func open() -> DeliveryJob? { work.open() }

    func report(_ outcomes: [RecipientOutcome], retryAfter: Int64?) { end(outcomes, retryAfter) }

    /// Recipients of a part that was not begun stay pending.
    func release() { end([], nil) }

    private func end(_ outcomes: [RecipientOutcome], _ retryAfter: Int64?) {
        let whole = state.withLock { state -> State? in
            state.outcomes += outcomes
            state.left -= 1
            state.retryAfter = [state.retryAfter, retryAfter].compactMap { $0 }.min()
            return state.left == 0 ? state : nil
        }
        guard let whole else { return }
        if whole.outcomes.isEmpty {
            work.release()
        } else {
            work.report(whole.outcomes, retryAfter: whole.retryAfter)
        }
    }
}
