package import OptionSyntax

/// Where the value of an option comes from.
package enum OptionOrigin: Hashable, Sendable, CustomStringConvertible {
    case file(SourceLocation)
    /// Nobody set it.
    case builtIn
    /// Made from other options.
    case computed
    /// Brought into range; what was there before came from `from`.
    indirect case clamped(from: OptionOrigin)

    /// `dispatcher.cnf:3:1`, `default`, `computed`, or `clamped from dispatcher.cnf:3:1`.
    package var description: String {
        switch self {
        case .file(let place): place.description
        case .builtIn: "default"
        case .computed: "computed"
        case .clamped(let origin): "clamped from \(origin)"
        }
    }
}

/// The plain options of a configuration by unified name: instance value, else role value, else built-in default.
package struct OptionStore: Sendable {
    /// An option that was set.
    package struct Entry: Hashable, Sendable {
        package var path: OptionPath
        package var scope: OptionScope
        /// Symbols replaced; empty for a no-value option, several for options that accumulate.
        package var values: [String]
        package var location: SourceLocation
        /// The first value, nil for a no-value option.
        package var value: String? { values.first }
    }

    private var entries: [String: Entry] = [:]
    /// Keys in the order in which they were first set.
    private var order: [String] = []

    package init() {}

    init(_ settings: [OptionSetting], symbols: SymbolTable) {
        for scope in [OptionScope.role, .instance] {
            for setting in settings where setting.scope == scope { add(setting, symbols) }
        }
    }

    private mutating func add(_ setting: OptionSetting, _ symbols: SymbolTable) {
        let key = setting.path.key
        let values = setting.value.map { [symbols.expandingText($0)] } ?? []
        var entry = Entry(path: setting.path, scope: setting.scope, values: values, location: setting.location)
        if let old = entries[key] {
            if old.scope == setting.scope, OptionCatalogue.isMultiValued(setting.path) {
                entry.values = old.values + values
            }
        } else {
            order.append(key)
        }
        entries[key] = entry
    }

    /// Options that are set, in the order in which they were first.
    package var all: [Entry] { order.compactMap { entries[$0] } }

    /// The option as it was set, nil when it was not. Group names compare without case.
    package subscript(name: String) -> Entry? { entries[name.lowercased()] }

    /// The value that counts and where it comes from; nil when the option is not set and has no default. An option of
    /// a service, pool or channel class that is not set there takes its value from the group above.
    package func effective(_ name: String) -> (value: String, origin: OptionOrigin)? {
        if let entry = self[name] { return (entry.values.joined(separator: " "), .file(entry.location)) }
        guard let path = try? OptionPath.parse(name).path else { return nil }
        if path.group.isGroup, path.steps.count == 3 {
            let above = OptionPath([path.steps[0]]).appending(path.option)
            let isShared = OptionCatalogue.definition(above) != nil && path.option != "enable"
            if isShared, let entry = self[above.description] {
                return (entry.values.joined(separator: " "), .file(entry.location))
            }
        }
        return OptionCatalogue.definition(path)?.defaultValue.map { ($0, .builtIn) }
    }

    /// The effective value as text.
    package func string(_ name: String) -> String? { effective(name)?.value }

    /// The effective value as an integer.
    package func integer(_ name: String) -> Int? { string(name).flatMap(IntegerValue.parse) }

    /// The effective value as a mask of 32 bits, 0 when there is none.
    package func mask(_ name: String) -> UInt32 { string(name).flatMap(IntegerValue.parseMask) ?? 0 }

    /// True when the effective value is an integer other than 0.
    package func boolean(_ name: String) -> Bool { integer(name).map { $0 != 0 } ?? false }

    /// All values of an option that accumulates: the group's own, else those of the group above.
    package func list(_ name: String) -> [String] {
        var entry = self[name]
        if entry == nil, let path = try? OptionPath.parse(name).path, path.steps.count == 3 {
            entry = self[OptionPath([path.steps[0]]).appending(path.option).description]
        }
        return entry?.values.flatMap { $0.split { $0 == " " || $0 == "," }.map(String.init) } ?? []
    }

    /// Names of the groups below `parent`, for example all services for `("dispatcher", "service")`, as first
    /// spelled, in the order of the configuration.
    package func groups(_ parent: String, _ step: String) -> [(name: String, location: SourceLocation)] {
        var result: [(name: String, location: SourceLocation)] = []
        for entry in all where entry.path.steps.count > 1 && entry.path.steps[0].name == parent {
            guard entry.path.steps[1].name == step, let name = entry.path.steps[1].group,
                !result.contains(where: { $0.name.lowercased() == name.lowercased() })
            else { continue }
            result.append((name, entry.location))
        }
        return result
    }
}
