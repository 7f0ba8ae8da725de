package import Configuration

/// A table of counts as the configuration defines it: `metermaid.local_table:NAME` (access-and-filtering specification,
/// 11).
package struct MeterTable: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// An average rate: `quota` hits in `quota_time` seconds. `penalizes`: refused hits count too.
        case throttle(quota: Double, time: Double, penalizes: Bool)
        /// Seconds: `block_time`, `resubmit_time`, `inactivity_time`.
        case greylisting(block: Double, resubmit: Double, inactivity: Double)
    }

    package var name: String
    package var kind: Kind
    /// About so many keys are kept; beyond that the oldest are forgotten.
    package var mostEntries: Int

    init(name: String, kind: Kind, mostEntries: Int = 1000) {
        self.name = name
        self.kind = kind
        self.mostEntries = mostEntries
    }

    /// The table of that name; nil when it is not defined, is of another kind, or its name cannot be that of a file.
    package init?(named name: String, in options: OptionStore) {
        guard !name.isEmpty, name.utf8.count <= 64,
            name.utf8.allSatisfy({ $0.isNameOctet })
        else { return nil }
        func text(_ option: String) -> String? {
            options.string("metermaid.local_table:\(name).\(option)")
                ?? options.string("metermaid.table:\(name).\(option)")
        }
        func number(_ option: String, _ usual: Double) -> Double {
            text(option).flatMap(Double.init).flatMap { $0 > 0 && $0.isFinite ? $0 : nil } ?? usual
        }
        switch text("table_type")?.lowercased() {
        case "throttle":
            guard text("quota") != nil else { return nil }
            kind = .throttle(
                quota: number("quota", 1), time: number("quota_time", 60),
                penalizes: text("options")?.lowercased().contains("penalize") ?? false)
        case "greylisting":
            kind = .greylisting(
                block: number("block_time", 300), resubmit: number("resubmit_time", 14_400),
                inactivity: number("inactivity_time", 30 * 86_400))
        default: return nil
        }
        self.name = name.lowercased()
        mostEntries = Int(min(max(number("max_entries", 1000), 8), 10_000_000))
    }
}

/// What is known of one key. Times are seconds.
package struct MeterCount: Hashable, Sendable {
    /// Throttle: the level at `time`. Greylisting: the time of the first attempt; negative once an attempt has passed.
    package var value: Double
    /// Of the last change.
    package var time: Double

    package init(value: Double, time: Double) {
        self.value = value
        self.time = time
    }
}

extension MeterTable {
    /// Counts one hit. True: the quota is exceeded, or the attempt is to be put off. `count` is what is known from then on;
    /// unchanged when nothing is to be kept.
    package func hit(_ count: inout MeterCount?, at now: Double) -> Bool {
        switch kind {
        case .throttle(let quota, let time, let penalizes):
            let level = count.map { max(0, $0.value - max(0, now - $0.time) * quota / time) } ?? 0
            // The rest is for sums of fractions that do not come out even.
            let isOver = level + 1 > quota + 1e-6
            if !isOver || penalizes { count = MeterCount(value: level + 1, time: now) }
            return isOver
        case .greylisting(let block, let resubmit, let inactivity):
            if let known = count {
                if known.value < 0, now - known.time <= inactivity {
                    count = MeterCount(value: -1, time: now)
                    return false
                }
                if known.value >= 0, now - known.value < block { return true }
                if known.value >= 0, now - known.value <= resubmit {
                    count = MeterCount(value: -1, time: now)
                    return false
                }
            }
            count = MeterCount(value: now, time: now)
            return true
        }
    }
}

extension UInt8 {
    fileprivate var isNameOctet: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
