import AddressRewriting
import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage

/// Follows an address through the rewrite rules, access tables and aliases, for `test rewrite`.
struct RewriteTester {
    let router: Router
    /// The channel that would enqueue.
    let channel: Channel
    let facts: AccessFacts
    /// Every address that an alias leads to is tried on its own.
    var checksExpansions = false
    var destinationChannel: String?
    /// Nothing is left to the reprocess channel.
    var expandsNow = false
    /// NOTIFY of the recipient.
    var notify: NotifyConditions = []
    /// A receipt of reading is asked for.
    var showsReadReceipt = false
    /// The encoding of RFC 1137 is shown.
    var isRestricted = false
    var showsFilters = false
    /// A refusal by an access table makes the status `failed`.
    var refusalsCount = false

    func report(_ address: String) -> RewriteReport {
        var report = RewriteReport(input: address, outcomes: [:])
        report.readReceipt = showsReadReceipt
        report.isRestricted = isRestricted
        for place in RewriteReport.Place.all {
            let (outcome, trace) = router.explain(
                address, kind: place.kind, direction: place.direction, sourceChannel: channel.name,
                destinationChannel: destinationChannel)
            report.outcomes[place.name] = outcome
            if place.name == "envelopeTo" { report.trace = trace }
        }
        switch Mailbox.parse(address) {
        case .failure(let error): report.syntaxError = error.reason
        case .success(let mailbox): follow(mailbox, &report)
        }
        if showsFilters {
            let channel = report.forwardChannel.flatMap { router.configuration.channels.channel(named: $0) }
            report.filters = FilterReport.lines(source: self.channel, destination: channel)
        }
        return report
    }

    /// Access tables and aliases: what would be submitted.
    private func follow(_ mailbox: Mailbox, _ report: inout RewriteReport) {
        guard case .rewritten? = report.outcomes["envelopeTo"] else { return }
        let trace = RouteTrace()
        report.route = router.route(
            mailbox, recipient: QueueRecipientFacts(given: report.input, notify: notify), channel: channel,
            completion: HostCompletion(), facts: facts, expandsNow: expandsNow, trace: trace)
        for step in trace.steps {
            switch step {
            case .lookedUp(let lookup): report.lookups.append(lookup)
            case .asked(let question) where refusalsCount:
                report.accessRefusal = report.accessRefusal ?? question.refusal
            default: break
            }
        }
        guard checksExpansions else { return }
        for expanded in report.expandedAddresses {
            let result = router.route(
                expanded, recipient: QueueRecipientFacts(given: expanded.description), channel: channel,
                completion: HostCompletion(), facts: facts, isReprocessing: true)
            if case .refused(let refusal) = result { report.badExpansions.append((expanded.description, refusal)) }
        }
    }
}
