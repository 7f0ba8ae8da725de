import OptionSyntax

/// Checks names, types and ranges of plain options.
struct OptionChecks {
    private(set) var diagnostics = Diagnostics()
    /// Services with a value that cannot be read, in small letters, and what is wrong with it: they are left out, the
    /// others run (dispatcher specification, section 2.2).
    private(set) var faultyServices: [String: String] = [:]

    init(_ settings: [OptionSetting], symbols: SymbolTable) {
        for setting in settings where !setting.path.isGroup { check(setting, symbols) }
    }

    private mutating func check(_ setting: OptionSetting, _ symbols: SymbolTable) {
        guard let definition = OptionCatalogue.definition(setting.path) else { return unknown(setting) }
        guard let value = setting.value.map(symbols.expandingText) else {
            if definition.kind != .ignored {
                diagnostics.error(
                    "\(setting.path) needs a value", at: setting.location, advice: "write \(setting.path) = VALUE")
            }
            return
        }
        if let wrong = Self.fault(value, definition) {
            report("\(setting.path): \(wrong)", setting)
        } else if definition.kind == .ignored, !Self.silentlyIgnored(setting.path) {
            diagnostics.warning("\(setting.path) is accepted and has no effect", at: setting.location)
        }
    }

    private mutating func report(_ fault: String, _ setting: OptionSetting) {
        guard setting.path.steps.count == 3, setting.path.group.shape == "dispatcher.service",
            let name = setting.path.steps[1].group, name.uppercased() != DispatcherBuilder.ownSection
        else { return diagnostics.error(fault, at: setting.valueLocation) }
        faultyServices[name.lowercased()] = fault
        diagnostics.error(
            fault, at: setting.valueLocation, leavesOut: "service \(name)",
            advice: "correct the value, or remove the line")
    }

    /// Options of other platforms, and ones of the Job Controller that ours needs no more.
    private static func silentlyIgnored(_ path: OptionPath) -> Bool {
        path.steps[0].name == "job_controller" || path.steps[0].name == "mta"
            || !["enable_rbl", "host", "priority"].contains(path.option)
    }

    private mutating func unknown(_ setting: OptionSetting) {
        let group = setting.path.group.shape
        if OptionCatalogue.closedGroups.contains(group) {
            diagnostics.warning(
                "unknown option \(setting.path) is ignored", at: setting.location,
                advice: Spelling.advice(for: setting.path.option, among: OptionCatalogue.names(in: group)))
        } else if !OptionCatalogue.foreignGroups.contains(where: { group == $0 || group.hasPrefix($0 + ".") }) {
            diagnostics.note("\(setting.path) belongs to a group that is not ours and is kept", at: setting.location)
        }
    }

    /// What is wrong with the value, nil when it is right.
    private static func fault(_ value: String, _ definition: OptionDefinition) -> String? {
        switch definition.kind {
        case .boolean, .integer:
            guard let number = IntegerValue.parse(value) else {
                return definition.kind == .boolean ? "\(value) is neither 0 nor 1" : "\(value) is not an integer"
            }
            guard let range = definition.range, !range.contains(number) else { return nil }
            return number < range.lowerBound && range.upperBound == OptionDefinition.widestRange.upperBound
                ? "\(number) is less than \(range.lowerBound)"
                : "\(number) is not from \(range.lowerBound) to \(range.upperBound)"
        case .mask: return IntegerValue.parseMask(value) == nil ? "\(value) is not a mask of 32 bits" : nil
        case .ports: return PortList.parse(value) == nil ? "\(value) is not a list of ports from 0 to 65535" : nil
        case .interval:
            guard let seconds = TimeSpecification.interval(value) else {
                return "\(value) is no interval such as /4:00"
            }
            return seconds > 1800 ? nil : "the interval must be more than 30 minutes"
        case .window: return TimeSpecification.window(value) == nil ? "\(value) is no window such as 20:00-06:00" : nil
        case .string, .path, .list, .ignored: return nil
        }
    }
}

/// Port lists of services: commas and blanks separate, 0 stands for no port.
enum PortList {
    /// The ports without zeros, or nil when something is no port.
    static func parse(_ text: String) -> [UInt16]? {
        var ports: [UInt16] = []
        for word in words(text) {
            guard let number = IntegerValue.parse(String(word)), let port = UInt16(exactly: number) else { return nil }
            if port != 0, !ports.contains(port) { ports.append(port) }
        }
        return ports
    }

    /// True when the list holds a 0, which disables the service.
    static func disables(_ text: String) -> Bool {
        words(text).contains { IntegerValue.parse(String($0)) == 0 }
    }

    private static func words(_ text: String) -> [Substring] {
        text.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" })
    }
}

/// Times of day and intervals of job_controller.cnf (Job Controller specification, sections 3.3 and 3.5).
enum TimeSpecification {
    /// Seconds of `/hh:mm`, `HH:MM/hh:mm` or, alone, `HH:MM`.
    static func interval(_ text: String) -> Int? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let last = parts.last, let minutes = minutes(last) else { return nil }
        if parts.count == 2, !parts[0].isEmpty, Self.minutes(parts[0]) == nil { return nil }
        return minutes * 60
    }

    /// Minutes of the day of `HH:MM-HH:MM`.
    static func window(_ text: String) -> (start: Int, end: Int)? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let start = minutes(parts[0]), let end = minutes(parts[1]), start < 1440, end <= 1440
        else { return nil }
        return (start, end)
    }

    /// Minutes of `HH:MM`, up to 99 hours.
    static func minutes(_ text: some StringProtocol) -> Int? {
        let parts = text.trimmingBlanks.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let hours = Int(parts[0]), let minutes = Int(parts[1]), (0...99).contains(hours),
            (0...59).contains(minutes)
        else { return nil }
        return hours * 60 + minutes
    }
}
