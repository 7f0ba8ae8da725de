import Channels
import OptionSyntax

/// The text of martlet.conf as physical lines, with what each of them sets, for changes that keep everything else.
struct UnifiedDocument {
    private var lines: [String]
    private let endsInNewline: Bool
    private var statements: [UnifiedStatement] = []

    private static let file = "martlet.conf"

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        endsInNewline = lines.last?.isEmpty ?? false
        if endsInNewline { lines.removeLast() }
        read()
    }

    var text: String { lines.joined(separator: "\n") + (endsInNewline || !lines.isEmpty ? "\n" : "") }

    /// Included files are not looked into: an option that stands there cannot be changed here.
    private mutating func read() {
        let content = Array(lines.joined(separator: "\n").utf8)
        let reader = UnifiedReader(LineReader.File(name: Self.file, content: content)) { name in
            .success(LineReader.File(name: name, content: []))
        }
        statements = reader.statements
    }

    /// Indices in `lines` of a statement.
    private func range(_ statement: UnifiedStatement) -> Range<Int> {
        (statement.line.location.line - 1)..<min(statement.line.lastLine, lines.count)
    }

    // MARK: Setting

    mutating func set(_ path: OptionPath, _ value: String?, scope: OptionScope) {
        removeExcluded(by: path, scope)
        let isMultiValued = OptionCatalogue.isMultiValued(path)
        let standing = statements.last { statement in
            statement.settings.contains { $0.path.key == path.key && $0.scope == scope }
        }
        if let standing, !isMultiValued {
            replace(standing, path, value)
        } else if let after = end(ofSection: path.group, scope) {
            insert(bodyLine(path, value, like: after), after: after)
        } else if let last = statements.last(where: { statement in
            statement.kind == .option
                && statement.settings.contains { $0.path.group.key == path.group.key && $0.scope == scope }
        }) {
            insert(Self.optionLine(path, value, scope), after: range(last).upperBound)
        } else {
            insert(Self.optionLine(path, value, scope), after: lines.count)
        }
        read()
    }

    /// A member of an exclusive group of channel keywords takes the place of the others.
    private mutating func removeExcluded(by path: OptionPath, _ scope: OptionScope) {
        guard path.steps[0].name == "channel", path.steps.count == 2,
            let keyword = ChannelKeyword.named(path.option).first, let group = keyword.group
        else { return }
        for member in ChannelKeyword.groups[group, default: []] where member != keyword.name {
            _ = unset(path.group.appending(member), scope: scope)
        }
    }

    private mutating func replace(_ statement: UnifiedStatement, _ path: OptionPath, _ value: String?) {
        let setting = statement.settings.first { $0.path.key == path.key }
        guard let setting, setting.value != nil || value != nil || statement.settings.count == 1 else { return }
        let range = range(statement)
        if let value, setting.value != nil {
            // The name and the white space around the equals sign stay as they are.
            let name = statement.line.text
            let equals = name.utf8.firstIndex(of: UInt8(ascii: "=")) ?? name.endIndex
            let start = name.utf8.index(after: equals)
            let blanks = name[start...].utf8.prefix(while: \.isBlank)
            let head = String(name[..<start]) + String(decoding: blanks, as: UTF8.self)
            lines.replaceSubrange(range, with: [head + Self.written(value)])
        } else if case .body = statement.kind {
            let others = statement.settings.filter { $0.path.key != path.key }
            let indent = String(statement.line.text.prefix { $0 == " " || $0 == "\t" })
            var new = [indent + Self.bodyText(path, value)]
            if !others.isEmpty { new.insert(indent + others.map(\.path.localName).joined(separator: " "), at: 0) }
            lines.replaceSubrange(range, with: new)
        } else {
            lines.replaceSubrange(range, with: [Self.optionLine(path, value, setting.scope)])
        }
    }

    /// Index in `lines` behind the last line of the group's section; nil without such a section.
    private func end(ofSection group: OptionPath, _ scope: OptionScope) -> Int? {
        var end: Int?
        for statement in statements {
            guard let section = statement.section, section.scope == scope else { continue }
            let isProgramOption = group.steps.count == 2 && group.steps[1] == .init("options")
            let key = isProgramOption ? group.group.key : group.key
            if section.group?.key == key { end = range(statement).upperBound }
        }
        return end
    }

    private mutating func insert(_ line: String, after index: Int) { lines.insert(line, at: min(index, lines.count)) }

    /// With the indentation of the line above it in its section.
    private func bodyLine(_ path: OptionPath, _ value: String?, like index: Int) -> String {
        let above = index > 0 && index <= lines.count ? lines[index - 1].prefix { $0 == " " || $0 == "\t" } : ""
        return (above.isEmpty ? "  " : String(above)) + Self.bodyText(path, value)
    }

    private static func bodyText(_ path: OptionPath, _ value: String?) -> String {
        let isRule = ["rewrite", "mapping"].contains(path.steps[0].name)
        guard let value else { return path.localName }
        return isRule ? value : "\(path.localName) = \(written(value))"
    }

    private static func optionLine(_ path: OptionPath, _ value: String?, _ scope: OptionScope) -> String {
        let name = "\(scope.rawValue).\(path)"
        return value.map { "\(name) = \(written($0))" } ?? "\(name) (novalue)"
    }

    /// In quotes when needed; a backslash at the end must not continue the line.
    private static func written(_ value: String) -> String {
        let text = Quoting.quotedWhenNeeded(value)
        return text.hasSuffix("\\") ? text + "\\" : text
    }

    // MARK: Removing

    /// Removes the option where its value is: from `scope`, or without one from the instance before the role. False
    /// when it is not set.
    mutating func unset(_ path: OptionPath, scope: OptionScope?) -> Bool {
        let scopes = scope.map { [$0] } ?? [.instance, .role]
        for scope in scopes {
            let standing = statements.filter { statement in
                statement.settings.contains { $0.path.key == path.key && $0.scope == scope }
            }
            if standing.isEmpty { continue }
            for statement in standing.reversed() {
                let others = statement.settings.filter { $0.path.key != path.key }
                let indent = String(statement.line.text.prefix { $0 == " " || $0 == "\t" })
                let rest = others.isEmpty ? [] : [indent + others.map(\.path.localName).joined(separator: " ")]
                lines.replaceSubrange(range(statement), with: rest)
            }
            read()
            return true
        }
        return false
    }
}

extension UnifiedStatement {
    /// The section that a header opens or a body line belongs to.
    fileprivate var section: UnifiedSection? {
        switch kind {
        case .option: nil
        case .header(let section), .body(let section): section
        }
    }
}

extension OptionPath {
    /// The name inside the section of its group: `mx`, `options.STORE`.
    fileprivate var localName: String {
        let isProgramOption = steps.count == 3 && steps[0].name == "channel"
        return isProgramOption ? "options.\(option)" : option
    }
}
