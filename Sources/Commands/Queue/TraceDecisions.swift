import AddressRewriting
import Aliases
import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import OptionSyntax
import Spool

/// Which rule and which keyword decide what becomes of an entry, by the configuration that is in force.
struct TraceDecisions {
    let configuration: MTAConfiguration
    /// Channels and hosts that were stopped.
    let stopped: StoppedChannels

    /// Recipients whose way is shown; lists have many that go the same way.
    private static let mostWays = 3

    func decisions(_ item: QueueItem, _ message: QueuedMessage) -> [MessageTrace.Decision] {
        var list: [MessageTrace.Decision] = []
        for recipient in QueueMessage.recipients(of: item, in: message).prefix(Self.mostWays) {
            list += way(of: recipient, item, message)
        }
        guard let channel = configuration.channels.channel(named: item.channel) else {
            return list + [
                .init(about: "job", text: "the channel \(item.channel) is not in the configuration", place: "")
            ]
        }
        if stopped.names.contains(item.channel) {
            list.append(
                .init(about: "stopped", text: "the channel is stopped: martlet queue start \(item.channel)", place: ""))
        }
        if stopped.hosts(of: item.channel).contains(item.host.lowercased()) {
            let command = "martlet queue start \(item.channel) --host \(item.host)"
            list.append(.init(about: "stopped", text: "the host is stopped: \(command)", place: ""))
        }
        switch item.state {
        case "held":
            list.append(.init(about: "held", text: "\(item.held ?? ""): martlet queue release \(item.name)", place: ""))
            return list
        case "delayed": list.append(next(item, channel))
        case "active": list.append(.init(about: "job", text: "a job has it in hand", place: ""))
        default: list.append(job(channel))
        }
        list.append(end(item, channel))
        return list
    }

    /// The rules that led the recipient to its channel.
    private func way(
        of recipient: QueueRecipient, _ item: QueueItem, _ message: QueuedMessage
    ) -> [MessageTrace.Decision] {
        way(
            of: recipient.given, on: message.sourceChannel, sender: message.sender,
            isAuthenticated: !message.submission.user.isEmpty, isIn: item.channel)
    }

    /// The way of a recipient by the configuration in force. `isIn`: the channel that the copy is in; nil when it is in
    /// none any more.
    func way(
        of given: String, on sourceChannel: String, sender: String, isAuthenticated: Bool, isIn channel: String?
    ) -> [MessageTrace.Decision] {
        guard case .success(let mailbox) = Mailbox.parse(given),
            let source = configuration.channels.channel(named: sourceChannel)
        else { return [] }
        let trace = RouteTrace()
        let router = Router(configuration: configuration) { _ in }
        let facts = AccessFacts(sourceChannel: source.name, sender: sender, isAuthenticated: isAuthenticated)
        let result = router.route(
            mailbox, recipient: QueueRecipientFacts(given: given), channel: source, completion: HostCompletion(),
            facts: facts, trace: trace)
        var list = Self.steps(trace)
        switch result {
        case .accepted(let plans):
            guard let other = plans.first?.channel, !plans.contains(where: { $0.channel == channel }) else { break }
            let words = channel == nil ? "goes to channel \(other)" : "would go to channel \(other) by now"
            list.append(.init(about: "way", text: "\(given) \(words)", place: ""))
        case .refused(let refusal):
            list.append(.init(about: "way", text: "\(given) would be refused by now: \(refusal.text)", place: ""))
        }
        return list
    }

    private static func steps(_ trace: RouteTrace) -> [MessageTrace.Decision] {
        var list: [MessageTrace.Decision] = []
        for step in trace.steps {
            guard case .rewritten(let address, _, let steps, _) = step else { continue }
            for step in steps {
                guard case .ruleApplied(let rule, let gives) = step.event else { continue }
                list.append(
                    .init(
                        about: "way", text: "\(address): rewrite rule \(rule.pattern) gives \(gives)",
                        place: rule.location.description))
            }
        }
        for case .lookedUp(let lookup) in trace.steps {
            guard case .addresses(let found) = lookup.answer else { continue }
            let names = found.prefix(3).map { "\($0.address)" }.joined(separator: ", ")
            list.append(.init(about: "way", text: "\(lookup.address): \(lookup.source) gives \(names)", place: ""))
        }
        return list
    }

    private func priority(_ item: QueueItem) -> Channel.DeliveryPriority {
        switch item.priority {
        case "urgent": .urgent
        case "normal": .normal
        default: .nonurgent
        }
    }

    /// The keyword that counts for a priority, with its place.
    private func keyword(_ name: String, _ priority: Channel.DeliveryPriority, _ channel: Channel) -> (String, String)?
    {
        for keyword in ["\(priority)\(name)", name] {
            guard let setting = channel.settings[keyword] else { continue }
            let words = ([keyword] + setting.arguments).joined(separator: " ")
            return ("\(words) of \(channel.name)", setting.location?.description ?? "")
        }
        return nil
    }

    private func next(_ item: QueueItem, _ channel: Channel) -> MessageTrace.Decision {
        guard item.attempts > 0 else {
            return .init(about: "next", text: "not before the time that the sender asked for", place: "")
        }
        let priority = priority(item)
        let wait = channel.retryDelay(priority, afterAttempt: item.attempts)
        let text = "waits \(LocalTime.span(Int64(wait))) after failed attempt \(item.attempts)"
        if let next = item.next, abs(next - item.lastAttempt - Int64(wait)) > 5 {
            return .init(about: "next", text: "the delivering program asked for this time (a busy mailbox)", place: "")
        }
        let found = keyword("backoff", priority, channel)
        return .init(
            about: "next", text: "\(text): \(found?.0 ?? "the default of backoff for \(priority) messages")",
            place: found?.1 ?? "")
    }

    /// When warnings and the return come.
    private func end(_ item: QueueItem, _ channel: Channel) -> MessageTrace.Decision {
        let priority = priority(item)
        let unit: Int64 = configuration.mta.noticesCountHours ? 3600 : 86_400
        let ages = configuration.channels.notices(channel, priority).map(Int64.init)
        let last = item.arrival / 1000 + (ages.last ?? 12) * unit
        let found =
            keyword("notices", priority, channel)
            ?? configuration.channels.local.flatMap { keyword("notices", priority, $0) }
        return .init(
            about: "return",
            text: "at \(LocalTime.stamp(last)) or the return job after it: "
                + (found?.0 ?? "the default notices 3 6 9 12"), place: found?.1 ?? "")
    }

    /// Why nobody works on a ready entry yet.
    private func job(_ channel: Channel) -> MessageTrace.Decision {
        let controller = configuration.jobController
        let pool = channel.pool ?? controller.defaultPool
        if channel.isSlaveOnly || controller.channelClass(for: channel.name)?.masterCommand == nil {
            return .init(about: "job", text: "no channel class has a master_command for \(channel.name)", place: "")
        }
        guard let known = controller.pool(named: pool) else {
            return .init(
                about: "job", text: "the pool \(pool) is not defined, so nothing of the channel is run",
                place: channel.settings["pool"]?.location?.description ?? "")
        }
        return .init(
            about: "job",
            text: "waits for a job: pool \(known.name) has \(known.jobLimit) places, maxjobs \(channel.maxJobs)",
            place: channel.settings["maxjobs"]?.location?.description ?? "")
    }
}
