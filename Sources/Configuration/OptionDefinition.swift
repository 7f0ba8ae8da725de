/// What is known about an option: its type, its range, and its value when nobody sets it.
package struct OptionDefinition: Hashable, Sendable {
    package enum Kind: String, Sendable {
        /// 0 or 1.
        case boolean
        /// `b%v` allowed.
        case integer
        /// 32 bits, -1 for all.
        case mask
        case string
        /// A file, symbolic names allowed.
        case path
        /// TCP ports separated by commas or blanks.
        case ports
        /// Values accumulate.
        case list
        /// `[HH:MM]/hh:mm` or `HH:MM`.
        case interval
        /// `HH:MM-HH:MM`.
        case window
        /// Accepted and shown, without effect.
        case ignored
    }

    /// Full name without group names, as `dispatcher.service.tcp_ports`.
    package var name: String
    package var kind: Kind
    /// The value when it is not set and no group above sets it; nil for none.
    package var defaultValue: String?
    /// Integers allowed.
    package var range: ClosedRange<Int>?

    /// What makes a changed value count.
    package var activation: ActivationClass

    /// Of integers that have no range of their own: 32 bits, so that configured numbers can be calculated with.
    static let widestRange = -2_147_483_648...2_147_483_647
    /// Whether an option of that name holds a secret. Options of other servers, which are kept unread, follow the same
    /// naming.
    static func isPassword(_ option: String) -> Bool {
        ["password", "passwd", "bindcred", "secret"].contains { option == $0 || option.hasSuffix($0) }
    }
}

/// All options known in the groups of the MTA. Unknown names in these groups are warnings; other groups are kept as
/// they are (unified configuration specification, section 4).
package enum OptionCatalogue {
    /// Definitions by shape.
    package static let all: [String: OptionDefinition] = parse(table)

    /// Groups whose options are all listed.
    static let closedGroups: Set<String> = [
        "dispatcher", "dispatcher.service", "job_controller", "job_controller.job_pool",
        "job_controller.channel_class", "mta", "base", "schedule", "schedule.task",
    ]

    /// Groups of other servers and features that are kept without a word of warning.
    static let foreignGroups: Set<String> = [
        "watcher", "msprobe", "alarm", "metermaid", "metermaid_client", "snmp", "auth", "dispatcher.logfile",
        "job_controller.logfile", "base.autorestart",
    ]

    /// The definition of an option; error texts and the numbered spam filter options are families.
    package static func definition(_ path: OptionPath) -> OptionDefinition? {
        let shape = path.shape
        if let known = all[shape] { return known }
        for family in ["mta.error_text_", "mta.ldap_", "mta.spamfilter", "mta.sieve_"] where shape.hasPrefix(family) {
            return OptionDefinition(
                name: shape, kind: .string, defaultValue: nil, range: nil, activation: .reload)
        }
        return nil
    }

    /// Values of the option accumulate in order.
    package static func isMultiValued(_ path: OptionPath) -> Bool {
        switch (path.steps.first?.name, path.option) {
        case ("rewrite", "rule"), ("mapping", "rule"), ("alias", "alias_entry"): true
        default: definition(path)?.kind == .list
        }
    }

    /// Names of the options of a group shape, sorted.
    static func names(in group: String) -> [String] {
        all.keys.filter { $0.hasPrefix(group + ".") && !$0.dropFirst(group.count + 1).contains(".") }
            .map { String($0.dropFirst(group.count + 1)) }.sorted()
    }

    private static func parse(_ table: String) -> [String: OptionDefinition] {
        var result: [String: OptionDefinition] = [:]
        var groups: [Substring] = []
        var usual = ActivationClass.reload
        for row in table.split(separator: "\n") {
            var cells = row.split(separator: " ")
            if row.hasPrefix("[") {
                usual = cells.popLast().flatMap { ActivationClass(rawValue: String($0)) } ?? usual
                groups = cells.map { $0.trimmingBrackets }
                continue
            }
            var activation = usual
            if let last = cells.last, last.hasPrefix("@") {
                activation = ActivationClass(rawValue: String(last.dropFirst())) ?? usual
                cells.removeLast()
            }
            guard cells.count > 1, let kind = OptionDefinition.Kind(rawValue: String(cells[1])) else { continue }
            let range = cells.count > 3 ? Self.range(cells[3]) : kind == .boolean ? 0...1 : OptionDefinition.widestRange
            let value = cells.count > 2 && cells[2] != "-" ? String(cells[2]) : nil
            for group in groups {
                let name = "\(group).\(cells[0])"
                result[name] = OptionDefinition(
                    name: name, kind: kind, defaultValue: value, range: range, activation: activation)
            }
        }
        return result
    }

    private static func range(_ text: Substring) -> ClosedRange<Int>? {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let low = bounds.first.flatMap({ Int($0) }) else { return nil }
        let high = (bounds.count > 1 ? Int(bounds[1]) : nil) ?? OptionDefinition.widestRange.upperBound
        return low <= high ? low...high : nil
    }
}

extension Substring {
    fileprivate var trimmingBrackets: Substring {
        drop { $0 == "[" }.prefix { $0 != "]" }
    }
}
