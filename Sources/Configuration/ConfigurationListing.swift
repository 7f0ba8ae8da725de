import Channels
package import OptionSyntax

/// One line of `show`.
package struct ListedOption: Hashable, Sendable {
    /// Full name with scope, as `role.channel:tcp_local.mx`.
    package var name: String
    /// Nil for a no-value option.
    package var value: String?
    package var origin: OptionOrigin

    /// `name = value`, or `name (novalue)`.
    package var line: String { value.map { "\(name) = \($0)" } ?? "\(name) (novalue)" }

    /// Name, value and origin.
    package var json: JSONValue {
        ["name": .string(name), "value": value.map(JSONValue.string) ?? .null, "origin": .string(origin.description)]
    }
}

extension MTAConfiguration {
    /// Options whose names match `pattern`, sorted: groups by name, in a channel `official_host_name` first, channels,
    /// rules and tables in the order of the configuration. `*` stands for any text; a group stands for all in it;
    /// short forms and scopes may be used. With `effective` also what nobody set: inherited values and defaults.
    /// `columns`: patterns for the first, second … word of the value, as in `show rewrite * *hold*`.
    ///
    /// Unified configuration specification, sections 2.1 and 3.2.
    package func show(
        _ pattern: String = "*", columns: [String] = [], effective: Bool = false
    ) -> [ListedOption] {
        let pattern = OptionPattern(pattern)
        var rows = explicitRows()
        if effective {
            let services = serviceRows()
            let replaced = Set(services.map(\.setting.path.key))
            rows = rows.filter { !replaced.contains($0.setting.path.key) } + effectiveRows() + services
        }
        let order = channels.channels.map(\.name)
        return rows.enumerated()
            .filter { pattern.matches($0.element.setting) }
            .filter { columns.isEmpty || OptionPattern.matches(columns, $0.element.setting.listedValue ?? "") }
            .map { (ListingKey($0.element.setting, index: $0.offset, channels: order), $0.element) }
            .sorted { $0.0 < $1.0 }
            .map { ListedOption(name: $1.name, value: $1.setting.listedValue, origin: $1.origin) }
    }

    struct Row {
        var setting: OptionSetting
        var origin: OptionOrigin
        var name: String { "\(setting.scope.rawValue).\(setting.path)" }
    }

    private func explicitRows() -> [Row] {
        var rows = explicit.map { Row(setting: $0, origin: .file($0.location)) }
        // A group without any option is shown as such, but only then.
        let filled = Set(explicit.filter { !$0.path.isGroup }.map(\.path.group.key))
        rows.removeAll { $0.setting.path.isGroup && filled.contains($0.setting.path.key) }
        return rows
    }

    private func effectiveRows() -> [Row] {
        var paths: [OptionPath] = []
        let isSet = Set(explicit.map(\.path.key))
        for definition in OptionCatalogue.all.values where definition.kind != .ignored {
            let steps = definition.name.split(separator: ".").map(String.init)
            switch (steps.count, steps.count == 3 ? steps[1] : "") {
            case (3, "service"): continue
            case (3, "job_pool"), (3, "channel_class"), (3, "task"):
                for group in options.groups(steps[0], steps[1]) {
                    paths.append(OptionPath([.init(steps[0]), .init(steps[1], group.name), .init(steps[2])]))
                }
            default: paths.append(OptionPath(steps.map { .init($0) }))
            }
        }
        let nowhere = SourceLocation(file: "", line: 0)
        var rows: [Row] = paths.compactMap { path in
            guard !isSet.contains(path.key) else { return nil }
            guard let found = options.effective(path.description) else {
                let isShown = path.steps[0].name == "dispatcher"
                return isShown ? Row(setting: OptionSetting(path, "", at: nowhere), origin: .builtIn) : nil
            }
            return Row(setting: OptionSetting(path, found.value, at: nowhere), origin: found.origin)
        }
        for channel in channels.channels {
            for (keyword, setting) in channel.settings {
                let path = OptionPath([.init("channel", channel.name), .init(keyword)])
                guard !isSet.contains(path.key), let place = setting.location else { continue }
                let value = setting.arguments.isEmpty ? nil : setting.arguments.joined(separator: " ")
                rows.append(Row(setting: OptionSetting(path, value, at: nowhere), origin: .file(place)))
            }
        }
        return rows
    }
}

extension OptionSetting {
    /// As `show` prints it: no password, and one blank between the columns of a rule.
    fileprivate var listedValue: String? {
        ["rewrite", "mapping"].contains(path.steps[0].name) ? value?.collapsingBlanks : shownValue
    }
}

/// Where an option stands in a listing.
private struct ListingKey: Comparable {
    private let group: String
    private let position: Int
    private let groupName: String
    private let rank: Int
    private let option: String
    private let index: Int

    init(_ setting: OptionSetting, index: Int, channels: [String]) {
        let first = setting.path.steps[0]
        group = first.name
        let name = (first.group ?? "").lowercased()
        let isOrdered = ["rewrite", "mapping", "alias"].contains(first.name)
        // Defaults stand before the channels they apply to.
        position =
            first.name == "channel" ? channels.firstIndex(of: name) ?? -1 : isOrdered ? index : 0
        groupName = setting.path.steps.count > 2 ? setting.path.group.key : ""
        rank = setting.path.option == "official_host_name" ? 0 : 1
        option = setting.path.option
        self.index = index
    }

    static func < (left: ListingKey, right: ListingKey) -> Bool {
        if left.group != right.group { return left.group < right.group }
        if left.position != right.position { return left.position < right.position }
        if left.groupName != right.groupName { return left.groupName < right.groupName }
        if left.rank != right.rank { return left.rank < right.rank }
        return (left.option, left.index) < (right.option, right.index)
    }
}

/// A name with `*` in it, as `show` takes it.
struct OptionPattern {
    private var scope: OptionScope?
    private var forms: [[UInt8]]

    init(_ text: String) {
        var text = text.lowercased()
        for scope in [OptionScope.role, .instance] where text.hasPrefix(scope.rawValue + ".") {
            self.scope = scope
            text.removeFirst(scope.rawValue.count + 1)
        }
        for (short, parent) in [
            ("job_pool:", "job_controller."), ("channel_class:", "job_controller."), ("service:", "dispatcher."),
            ("task:", "schedule."),
        ] where text.hasPrefix(short) {
            text = parent + text
        }
        // A group stands for what is in it.
        forms = [Array(text.utf8), Array((text + ".*").utf8)]
    }

    func matches(_ setting: OptionSetting) -> Bool {
        if let scope, scope != setting.scope { return false }
        let key = Array(setting.path.key.utf8)
        return forms.contains { Self.matches($0[...], key[...]) }
    }

    /// True when each word of `value` matches the pattern of its column.
    static func matches(_ columns: [String], _ value: String) -> Bool {
        let words = value.split(separator: " ", maxSplits: columns.count - 1, omittingEmptySubsequences: true)
        return words.count >= columns.count
            && zip(columns, words).allSatisfy { Self.matches(Array($0.utf8)[...], Array($1.utf8)[...]) }
    }

    /// `*` stands for any text, also for none; a literal `*` in a name is matched by it too.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var pattern = pattern
        var text = text
        var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern.removeFirst()
                retry = (pattern, text)
            } else if let byte = text.first, pattern.first == byte {
                pattern.removeFirst()
                text.removeFirst()
            } else if text.isEmpty && pattern.isEmpty {
                return true
            } else {
                guard let (oldPattern, oldText) = retry, !oldText.isEmpty else { return false }
                pattern = oldPattern
                text = oldText.dropFirst()
                retry = (oldPattern, text)
            }
        }
    }
}
