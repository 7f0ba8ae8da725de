import OptionSyntax

/// A line of martlet.conf with the options that it sets.
struct UnifiedStatement {
    enum Kind: Hashable {
        case option
        case header(UnifiedSection)
        case body(UnifiedSection)
    }

    var kind: Kind
    var line: LogicalLine
    var settings: [OptionSetting] = []

    /// Where the bytes of the value of `setting` stand. That of an option has lost its quotes: all of it counts as
    /// standing at its beginning.
    func place(of setting: OptionSetting) -> TextPlace {
        if case .body(let section) = kind {
            switch section.kind {
            case .rewrites, .mapping: return line.place(from: line.text.utf8.prefix(while: \.isBlank).count)
            default: break
            }
        }
        return TextPlace(fixed: setting.valueLocation)
    }
}

/// Reads martlet.conf line by line. Nothing is judged here beyond the grammar of default configuration
/// specification, section 1; the editor uses the same statements.
struct UnifiedReader {
    private(set) var statements: [UnifiedStatement] = []
    private(set) var diagnostics = Diagnostics()
    private var section: UnifiedSection?
    /// After a header that could not be read its body is skipped.
    private var skipsBody = false

    static let syntax = LineReader.Syntax(comments: "!#", includeDepth: 10, doubledBackslash: true)

    init(_ file: LineReader.File, open: @escaping LineReader.Opener) {
        let lines = LineReader.lines(of: file, syntax: Self.syntax, diagnostics: &diagnostics, open: open)
        for line in lines { read(line) }
    }

    private mutating func read(_ line: LogicalLine) {
        if line.isBlank {
            if let section, section.kind == .conversions {
                statements.append(UnifiedStatement(kind: .body(section), line: line))
            }
        } else if line.isIndented {
            body(line)
        } else if line.text.utf8.first == UInt8(ascii: "[") {
            header(line)
        } else if let setting = option(line, from: 0, within: nil, scope: nil) {
            statements.append(UnifiedStatement(kind: .option, line: line, settings: [setting]))
        }
    }

    private mutating func header(_ line: LogicalLine) {
        section = nil
        skipsBody = true
        let text = line.text.trimmingBlanks
        guard text.hasSuffix("]") else {
            diagnostics.error(
                "the section header does not end in ]", at: line.location, advice: "nothing may stand after it")
            return
        }
        do throws(OptionPath.Malformed) {
            let section = try UnifiedSection(String(text.dropFirst().dropLast()))
            self.section = section
            skipsBody = false
            statements.append(UnifiedStatement(kind: .header(section), line: line))
        } catch {
            diagnostics.error(
                "bad section header: \(error.message)", at: line.location(at: error.offset + 1),
                advice: "known sections are rewrites, mapping:NAME, channel:NAME, aliases, alias:NAME, conversions and"
                    + " any group, as dispatcher.service:SMTP")
        }
    }

    private mutating func body(_ line: LogicalLine) {
        guard let section else {
            if skipsBody { return }
            diagnostics.error(
                "an indented line belongs to a section, and none is open", at: line.location,
                advice: "begin it in column 1, or put a section header above it")
            return
        }
        let indent = line.text.utf8.prefix(while: \.isBlank).count
        var statement = UnifiedStatement(kind: .body(section), line: line)
        switch section.kind {
        case .conversions: break
        case .rewrites, .mapping:
            guard let group = section.group else { return }
            let text = line.dropping(indent)
            statement.settings = [
                OptionSetting(
                    group.appending("rule"), text.text.trimmingBlanks, scope: section.scope, at: text.location)
            ]
        case .aliases:
            statement.settings = AliasOptions.settings(of: line.dropping(indent), scope: section.scope)
        case .channel(let name):
            statement.settings = groupBody(line, indent, OptionPath([.init("channel", name)]), section.scope)
        case .group(let path): statement.settings = groupBody(line, indent, path, section.scope)
        }
        statements.append(statement)
    }

    /// `option = value`, or options without value separated by blanks.
    private mutating func groupBody(
        _ line: LogicalLine, _ indent: Int, _ group: OptionPath, _ scope: OptionScope
    ) -> [OptionSetting] {
        let words = line.words()
        if line.nameEnd(from: indent).hasValue || words.dropFirst().first?.text == "(novalue)" {
            return option(line, from: indent, within: group, scope: scope).map { [$0] } ?? []
        }
        return words.compactMap { word in
            do throws(OptionPath.Malformed) {
                let path = try OptionPath.parse("x." + word.text).path
                return OptionSetting(
                    OptionPath(group.steps + path.steps.dropFirst()), nil, scope: scope, at: word.location)
            } catch {
                diagnostics.error("bad option name \(word.text): \(error.message)", at: word.location)
                return nil
            }
        }
    }

    /// One option from byte `offset` on; `group` is the section's.
    private mutating func option(
        _ line: LogicalLine, from offset: Int, within group: OptionPath?, scope: OptionScope?
    ) -> OptionSetting? {
        let (end, hasValue) = line.nameEnd(from: offset)
        let bytes = Array(line.text.utf8)
        let name = String(decoding: bytes[offset..<end], as: UTF8.self)
        do throws(OptionPath.Malformed) {
            var (named, path) = try OptionPath.parse(group == nil ? name : "x." + name)
            if let group { path = OptionPath(group.steps + path.steps.dropFirst()) }
            named = scope ?? named
            let place = line.location(at: offset)
            let rest = bytes[end...].drop(while: \.isBlank)
            guard hasValue else {
                let text = String(decoding: rest, as: UTF8.self).trimmingBlanks
                if !text.isEmpty, text != "(novalue)" {
                    diagnostics.error(
                        "expected = and a value after \(name), found \(text)", at: line.location(at: rest.startIndex),
                        advice: "write \(name) = \(text)")
                    return nil
                }
                return OptionSetting(path, nil, scope: named ?? .role, at: place)
            }
            let value = rest.dropFirst()
            let blanks = value.prefix(while: \.isBlank).count
            return OptionSetting(
                path, Quoting.unquoted(String(decoding: value, as: UTF8.self).trimmingBlanks), scope: named ?? .role,
                at: place, valueAt: line.location(at: value.startIndex + blanks))
        } catch {
            diagnostics.error(
                "bad option name \(name): \(error.message)", at: line.location(at: offset + error.offset),
                advice: "periods, colons, blanks and = inside a group name are written with a backslash before them")
            return nil
        }
    }
}

extension LogicalLine {
    /// Where the option name that begins at `offset` ends, and whether an equals sign follows. A backslash takes the
    /// byte after it into the name.
    func nameEnd(from offset: Int) -> (end: Int, hasValue: Bool) {
        let bytes = Array(text.utf8)
        var end = offset
        while end < bytes.count, !bytes[end].isBlank, bytes[end] != UInt8(ascii: "=") {
            end += bytes[end] == UInt8(ascii: "\\") && end + 1 < bytes.count ? 2 : 1
        }
        let next = bytes[end...].first { !$0.isBlank }
        return (end, next == UInt8(ascii: "="))
    }
}
