import OptionSyntax

extension Channel {
    /// Priorities that have lists of their own; second class and lower use the non-urgent lists.
    package enum DeliveryPriority: Int, Sendable, CaseIterable {
        case urgent = 0, normal, nonurgent

        /// From a rank where 0 is urgent and larger is less so.
        package init(rank: Int) { self = DeliveryPriority(rawValue: max(rank, 0)) ?? .nonurgent }

        var prefix: String {
            switch self {
            case .urgent: "urgent"
            case .normal: "normal"
            case .nonurgent: "nonurgent"
            }
        }
    }

    /// Most jobs at once; channels specification, section 4.4. At least 1.
    package var maxJobs: Int { max(1, integer("maxjobs") ?? 100) }

    /// The Job Controller pool, nil for the default pool.
    package var pool: String? { argument("pool") }

    /// Messages for one destination that one client thread gets before another is used.
    package var threadDepth: Int { max(1, integer("threaddepth") ?? 10) }

    /// Queue entries per job; 0 means one job whatever their number.
    package var filesPerJob: Int { max(0, integer("filesperjob") ?? 0) }

    /// Recipients per job; 0 means one job whatever their number.
    package var addressesPerJob: Int { max(0, integer("addrsperjob") ?? 0) }

    /// Enqueueing never starts delivery.
    package var isSlaveOnly: Bool { has("slave") }

    /// Seconds to wait after the first, second, … failed attempt; the last value repeats. Never empty.
    ///
    /// A priority's own list wins over `backoff` wherever it stands (channels specification, section 4.5).
    package func backoff(_ priority: DeliveryPriority) -> [Int] {
        let list = settings[priority.prefix + "backoff"] ?? settings["backoff"]
        let seconds = list?.arguments.compactMap(DurationValue.seconds) ?? []
        if !seconds.isEmpty { return seconds }
        let minutes =
            switch priority {
            case .urgent: [30, 60, 60, 120, 120, 120, 240]
            case .normal: [60, 120, 120, 240, 240, 240, 480]
            case .nonurgent: [120, 240, 240, 480, 480, 480, 960]
            }
        return minutes.map { $0 * 60 }
    }

    /// Seconds from the end of failed attempt number `attempt` (from 1) to the next try.
    package func retryDelay(_ priority: DeliveryPriority, afterAttempt attempt: Int) -> Int {
        let list = backoff(priority)
        return list[min(max(attempt, 1), list.count) - 1]
    }

    /// Ages at which warnings are sent, the last one returns the message; in days, or in hours when the MTA option
    /// `return_units` is 1. Nil when the channel says nothing, then the local channel's list counts
    /// (`ChannelTable.notices`).
    package func notices(_ priority: DeliveryPriority) -> [Int]? {
        let list = settings[priority.prefix + "notices"] ?? settings["notices"]
        let ages = list?.arguments.compactMap(IntegerValue.parse) ?? []
        return ages.isEmpty ? nil : ages
    }

    /// How recipients of one message share entries.
    package enum Copies: Sendable, Equatable {
        /// One entry for the channel.
        case multiple
        /// One entry per recipient.
        case single
        /// One entry per destination domain.
        case perSystem
    }

    /// Channels specification, section 4.3.
    package var copies: Copies {
        if has("multiple") { return .multiple }
        if has("single") { return .single }
        if has("single_sys") { return .perSystem }
        return proto != .none && daemon == nil ? .perSystem : .multiple
    }

    /// Most recipients in one entry; nil without limit.
    package var addressesPerEntry: Int? {
        if let limit = integer("addrsperfile") { return max(1, limit) }
        return proto == .none ? nil : 99
    }

    /// Blocks above which a message of the priority counts as the next lower one; nil without limit.
    package func priorityBlockLimit(_ priority: DeliveryPriority) -> Int? {
        integer(priority.prefix + "blocklimit")
    }

    /// Most seconds ahead that a `Deferred-delivery:` header may name on this destination channel; nil when off.
    package var deferredDestinationSeconds: Int? { integer("deferreddestination") }

    /// Seconds between enqueue and the first attempt: the priority's own keyword, else `after`; only the form `+seconds`
    /// counts (channels specification, section 4.5).
    package func startDelay(_ rank: Int) -> Int {
        let own = ["urgentafter", "normalafter", "nonurgentafter", "secondclassafter", "thirdclassafter"]
        let given = (own.indices.contains(rank) ? settings[own[rank]] : nil) ?? settings["after"]
        return Self.startDelay(given?.arguments.first ?? "") ?? 0
    }

    /// The number of an argument of the `after` family; nil when it is none that counts.
    package static func startDelay(_ argument: String) -> Int? {
        guard argument.utf8.first == UInt8(ascii: "+"), let seconds = Int(argument.dropFirst()), seconds >= 0 else {
            return nil
        }
        return min(seconds, 1_000_000_000)
    }

    /// The same on this source channel.
    package var deferredSourceSeconds: Int? { integer("deferredsource") }
}
