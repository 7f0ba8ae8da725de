import Channels
import OptionSyntax

/// The bytes of martlet.conf as physical lines, with what each of them sets, for changes that keep everything else:
/// line ends, comments in any encoding, and the order.
struct UnifiedDocument {
    struct Line {
        var bytes: [UInt8]
        /// LF, CR LF, or nothing behind the last line.
        var ending: [UInt8]
    }

    var lines: [Line] = []
    private(set) var statements: [UnifiedStatement] = []

    private static let newline = UInt8(ascii: "\n")

    init(_ content: [UInt8]) {
        var rest = content[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: Self.newline) ?? rest.endIndex
            var bytes = Array(rest[..<end])
            var ending = end < rest.endIndex ? [Self.newline] : []
            if bytes.last == UInt8(ascii: "\r"), !ending.isEmpty {
                bytes.removeLast()
                ending.insert(UInt8(ascii: "\r"), at: 0)
            }
            lines.append(Line(bytes: bytes, ending: ending))
            rest = rest[end...].dropFirst()
        }
        read()
    }

    var content: [UInt8] { lines.flatMap { $0.bytes + $0.ending } }

    /// Included files are not looked into: an option that stands there cannot be changed here.
    mutating func read() {
        statements = UnifiedReader.statements(of: content)
    }

    // MARK: Lines

    /// Indices in `lines` of a statement.
    func range(_ statement: UnifiedStatement) -> Range<Int> {
        let start = min(max(statement.line.location.line - 1, 0), lines.count)
        return start..<max(start, min(statement.line.lastLine, lines.count))
    }

    /// The line end of the neighbourhood.
    private func ending(near index: Int) -> [UInt8] {
        let near = lines[..<min(index + 1, lines.count)].last { !$0.ending.isEmpty } ?? lines.first
        return near.map(\.ending).flatMap { $0.isEmpty ? nil : $0 } ?? [Self.newline]
    }

    mutating func insert(_ texts: [String], at index: Int, ending: [UInt8] = []) {
        let index = min(index, lines.count)
        let ending = ending.isEmpty ? self.ending(near: index) : ending
        if index > 0, !texts.isEmpty, lines[index - 1].ending.isEmpty { lines[index - 1].ending = ending }
        lines.insert(contentsOf: texts.map { Line(bytes: Array($0.utf8), ending: ending) }, at: index)
    }

    /// Puts `texts` in the place of a statement. Comments between the parts of a continued line stay, above.
    private mutating func replace(_ statement: UnifiedStatement, with texts: [String]) {
        let range = range(statement)
        let comments = lines[range].dropFirst().filter { line in
            line.bytes.first.map(UnifiedReader.syntax.comments.contains) ?? false
        }
        let ending = range.isEmpty ? [] : lines[range.lowerBound].ending
        lines.replaceSubrange(range, with: comments)
        insert(texts, at: range.lowerBound + comments.count, ending: ending)
    }

    // MARK: Setting

    /// `path` names one keyword in the spelling of the unified configuration (`UnifiedDocument.spelled`).
    mutating func set(_ path: OptionPath, _ value: String?, scope: OptionScope) {
        removeExcluded(by: path, scope)
        let standing = statements.last { statement in
            statement.settings.contains { $0.scope == scope && $0.covers(path) }
        }
        if let standing, !OptionCatalogue.isMultiValued(path) {
            replace(standing, path, value)
        } else if let position = positionInSection(path.group, scope) {
            let rule = catchAll(path, value, scope).map { range($0).lowerBound }
            insert([bodyLine(path, value, like: position)], at: rule ?? position.index)
        } else if let last = statements.last(where: { statement in
            statement.kind == .option
                && statement.settings.contains { $0.path.group.key == path.group.key && $0.scope == scope }
        }) {
            let index = catchAll(path, value, scope).map { range($0).lowerBound } ?? range(last).upperBound
            insert([Self.optionLine(path, value, scope)], at: index)
        } else {
            insert([Self.optionLine(path, value, scope)], at: lines.count)
        }
        read()
    }

    /// The last rule of a mapping table when it matches everything and nothing behind it would be reached: a new rule
    /// goes above it.
    func catchAll(_ path: OptionPath, _ value: String?, _ scope: OptionScope) -> UnifiedStatement? {
        guard path.steps[0].name == "mapping", let value, !value.hasPrefix("* ") else { return nil }
        let last = statements.last { $0.settings.contains { $0.path.key == path.key && $0.scope == scope } }
        guard let rule = last?.settings.first?.value, rule.hasPrefix("* ") || rule.hasPrefix("*\t"),
            !["$C", "$c", "$R", "$r", "$L", "$l"].contains(where: rule.contains)
        else { return nil }
        return last
    }

    /// A member of an exclusive group of channel keywords takes the place of the others.
    private mutating func removeExcluded(by path: OptionPath, _ scope: OptionScope) {
        guard path.steps[0].name == "channel", path.steps.count == 2,
            let keyword = ChannelKeyword.named(path.option).first, let group = keyword.group
        else { return }
        let others = ChannelKeyword.groups[group, default: []].filter { $0 != keyword.name }
        _ = unset(others.map { path.group.appending($0) }, scope: scope)
    }

    private mutating func replace(_ statement: UnifiedStatement, _ path: OptionPath, _ value: String?) {
        guard let index = statement.settings.firstIndex(where: { $0.covers(path) }) else { return }
        let old = statement.settings[index]
        // `maytls` sets what was asked for, and something else.
        if old.value == nil, value == nil, old.path.key == path.key || old.spelledPaths.count > 1 { return }
        if let value, old.value != nil, statement.settings.count == 1, old.path.key == path.key,
            !statement.isAliasLine
        {
            // The name and the white space around the equals sign stay as they are.
            let indent = statement.line.text.utf8.prefix(while: \.isBlank).count
            let bytes = Array(statement.line.text.utf8)
            let name = statement.line.nameEnd(from: indent).end
            let equals = bytes[name...].firstIndex(of: UInt8(ascii: "=")) ?? name
            let blanks = bytes[equals...].dropFirst().prefix(while: \.isBlank)
            let head = String(decoding: bytes[..<min(equals + 1, bytes.count)] + blanks, as: UTF8.self)
            replace(statement, with: [head + Self.written(value)])
        } else {
            var settings = statement.settings
            settings[index].path = path
            settings[index].value = value
            replace(statement, with: texts(statement, settings))
        }
    }

    /// Where a new line of the group's section belongs; nil without such a section.
    private func positionInSection(
        _ group: OptionPath, _ scope: OptionScope
    ) -> (index: Int, section: UnifiedSection)? {
        var position: (index: Int, section: UnifiedSection)?
        let isProgramOption = group.steps.count == 2 && group.steps[1] == .init("options")
        let key = isProgramOption ? group.group.key : group.key
        for statement in statements {
            guard let section = statement.section, section.scope == scope, section.group?.key == key else { continue }
            position = (range(statement).upperBound, section)
        }
        return position
    }

    /// With the indentation of the line above it in its section.
    private func bodyLine(
        _ path: OptionPath, _ value: String?, like position: (index: Int, section: UnifiedSection)
    ) -> String {
        let above = lines[..<position.index].last?.bytes.prefix(while: \.isBlank) ?? []
        let indent = above.isEmpty ? "  " : String(decoding: above, as: UTF8.self)
        return indent + Self.bodyText(path, value, in: position.section)
    }

    // MARK: Texts

    /// The lines of a statement that is to set `settings` instead.
    private func texts(_ statement: UnifiedStatement, _ settings: [OptionSetting]) -> [String] {
        guard let section = statement.bodySection else {
            return settings.map { Self.optionLine($0.path, $0.value, $0.scope) }
        }
        let indent = String(decoding: statement.line.text.utf8.prefix(while: \.isBlank), as: UTF8.self)
        if statement.isAliasLine, let name = settings.first?.path.steps[0].group {
            return AliasOptions.line(name: name, settings: settings).map { [indent + Self.continued($0)] }
                ?? settings.map { Self.optionLine($0.path, $0.value, $0.scope) }
        }
        let flags = settings.filter { $0.value == nil }.map { Self.bodyText($0.path, nil, in: section) }
        let values = settings.filter { $0.value != nil }
        return (flags.isEmpty ? [] : [indent + flags.joined(separator: " ")])
            + values.map { indent + Self.bodyText($0.path, $0.value, in: section) }
    }

    static func bodyText(_ path: OptionPath, _ value: String?, in section: UnifiedSection) -> String {
        let isRule = ["rewrite", "mapping"].contains(path.steps[0].name)
        // Without the steps of the section: `mx`, `options.store`.
        let name = OptionPath(Array(path.steps.dropFirst(section.group?.steps.count ?? 0))).description
        guard let value else { return name }
        return isRule ? continued(value) : "\(name) = \(written(value))"
    }

    private static func optionLine(_ path: OptionPath, _ value: String?, _ scope: OptionScope) -> String {
        let name = "\(scope.rawValue).\(path)"
        return value.map { "\(name) = \(written($0))" } ?? "\(name) (novalue)"
    }

    /// In quotes when needed.
    private static func written(_ value: String) -> String { continued(Quoting.quotedWhenNeeded(value)) }

    /// A backslash at the end must not continue the line.
    static func continued(_ text: String) -> String { text.hasSuffix("\\") ? text + "\\" : text }

    // MARK: Removing

    /// Removes options; with `value` only where they have it. Returns how many settings went.
    mutating func unset(_ paths: [OptionPath], scope: OptionScope, value: String? = nil) -> Int {
        let keys = Set(paths.map(\.key))
        var count = 0
        for statement in statements.reversed() {
            var left: [OptionSetting] = []
            var isTouched = false
            for setting in statement.settings {
                let spelled = setting.spelledPaths
                let isMeant =
                    setting.scope == scope && spelled.contains { keys.contains($0.key) }
                    && (value == nil || setting.value.map(Self.columns) == value.map(Self.columns))
                guard isMeant else {
                    left.append(setting)
                    continue
                }
                isTouched = true
                count += 1
                // The other half of `maytls` stays.
                for other in spelled where !keys.contains(other.key) {
                    var half = setting
                    half.path = other
                    left.append(half)
                }
            }
            if isTouched { replace(statement, with: texts(statement, left)) }
        }
        if count > 0 { read() }
        return count
    }

    /// White space between columns does not count.
    private static func columns(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }

    /// Removes a whole group: its sections and options. Returns how many statements went.
    mutating func unset(group: OptionPath) -> Int {
        func isIn(_ path: OptionPath) -> Bool { path.key == group.key || path.key.hasPrefix(group.key + ".") }
        var count = 0
        for statement in statements.reversed() {
            let isHeader = statement.headerSection?.group.map(isIn) ?? false
            guard isHeader || !statement.settings.isEmpty && statement.settings.allSatisfy({ isIn($0.path) }) else {
                continue
            }
            replace(statement, with: [])
            count += 1
        }
        if count > 0 { read() }
        return count
    }

    /// What the document sets under any of `paths`, in either scope.
    func settings(of paths: [OptionPath]) -> [OptionSetting] {
        let keys = Set(paths.map(\.key))
        return statements.flatMap(\.settings).filter { $0.spelledPaths.contains { keys.contains($0.key) } }
    }

    /// Takes all passwords out, and returns them.
    mutating func takePasswords() -> [OptionSetting] {
        let passwords = statements.flatMap(\.settings).filter(\.path.isPassword)
        for password in passwords { _ = unset([password.path], scope: password.scope) }
        return passwords
    }
}

extension OptionPath {
    /// The options that are meant, in the spelling of the unified configuration: `channel:x.maytls` stands for two
    /// keywords, an older spelling for one (channels specification, section 3).
    var spelled: [OptionPath] {
        guard steps.count == 2, steps[0].name == "channel" else { return [self] }
        let keywords = ChannelKeyword.named(option)
        return keywords.isEmpty ? [self] : keywords.map { group.appending($0.name) }
    }
}

extension OptionSetting {
    fileprivate var spelledPaths: [OptionPath] { path.spelled }

    fileprivate func covers(_ other: OptionPath) -> Bool { spelledPaths.contains { $0.key == other.key } }
}

extension UnifiedStatement {
    /// The section that a header opens or a body line belongs to.
    var section: UnifiedSection? { headerSection ?? bodySection }

    var headerSection: UnifiedSection? {
        if case .header(let section) = kind { section } else { nil }
    }

    var bodySection: UnifiedSection? {
        if case .body(let section) = kind { section } else { nil }
    }

    fileprivate var isAliasLine: Bool { bodySection?.kind == .aliases }
}

extension UnifiedReader {
    /// The statements of a text alone: what its `<file` lines name is not looked into.
    static func statements(of content: [UInt8]) -> [UnifiedStatement] {
        UnifiedReader(LineReader.File(name: "martlet.conf", content: content)) { name in
            .success(LineReader.File(name: name, content: []))
        }.statements
    }
}
