import AddressRewriting
import Aliases
import Channels
import Mappings
import OptionSyntax

extension ConfigurationTexts {
    /// A part in the syntax of its legacy file. Symbols stay, and so do the comments above lines.
    ///
    /// Unified configuration specification, section 3.4.
    package func legacyText(of part: ConfigurationPart) -> String {
        let pieces = UnifiedDocument(main).pieces(part)
        let lines: [String] =
            switch part {
            case .rewrites: Self.headless(pieces).flatMap { $0.comments.map(Self.comment) + [$0.text] }
            case .mappings: Self.groups(pieces).flatMap(Self.table)
            case .channels: Self.groups(pieces).flatMap(Self.block)
            case .aliases: Self.aliasLines(pieces)
            case .conversions: Self.headless(pieces).flatMap { $0.comments.map(Self.comment) + [$0.text] }
            }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The texts with `text` in the place of a part. The location of findings is the line of `text`; a part with
    /// errors is refused.
    package func replacing(
        _ part: ConfigurationPart, with text: String
    ) throws(ConfigurationEditor.Refusal) -> ConfigurationTexts {
        if text == legacyText(of: part) { return self }
        var findings = Diagnostics()
        let file = LineReader.File(name: part.rawValue, content: Array(text.utf8))
        var document = UnifiedDocument(main)
        let new: [String] =
            switch part {
            case .rewrites: Self.rewrites(file, &findings)
            case .mappings: Self.mappings(file, &findings)
            case .channels: Self.channels(file, document.pieces(part), &findings)
            case .aliases: Self.aliases(file, &findings) + Self.otherAliases(document.pieces(part))
            case .conversions: Self.section("conversions", Self.annotated(file, keepsBlanks: true, &findings))
            }
        if findings.hasErrors {
            let first = findings.all.first { $0.severity == .error }?.location?.line ?? 1
            throw ConfigurationEditor.Refusal(
                description: "\(part.rawValue) are unchanged: the text has an error in line \(first)",
                diagnostics: findings.all)
        }
        document.replace(part, with: new)
        var result = self
        result.main = document.content
        return result
    }

    // MARK: Out

    private static func comment(_ text: String) -> String { "!" + text.dropFirst() }

    /// Lines without section headers; the comments of a header go to the line below it.
    private static func headless(_ pieces: [UnifiedDocument.Piece]) -> [(comments: [String], text: String)] {
        pieces.compactMap { piece in
            if case .header = piece.statement.kind { return nil }
            let value = piece.statement.kind == .option ? piece.statement.settings.first?.value : nil
            return (piece.comments, value ?? piece.statement.line.text.trimmingBlanks)
        }
    }

    /// Pieces by group, in the order of first mention.
    private static func groups(
        _ pieces: [UnifiedDocument.Piece]
    ) -> [(name: String, pieces: [UnifiedDocument.Piece])] {
        var result: [(name: String, pieces: [UnifiedDocument.Piece])] = []
        for piece in pieces {
            let path = piece.statement.settings.first?.path ?? piece.statement.section?.group
            guard let name = path?.steps[0].group else { continue }
            if let index = result.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) {
                result[index].pieces.append(piece)
            } else {
                result.append((name, [piece]))
            }
        }
        return result
    }

    private static func table(_ name: String, _ pieces: [UnifiedDocument.Piece]) -> [String] {
        let header = pieces.first.flatMap { piece in
            if case .header = piece.statement.kind { piece.comments } else { nil }
        }
        let entries = headless(pieces).flatMap { $0.comments.map(comment) + ["  \($0.text)"] }
        return (header ?? []).map(comment) + [name, ""] + entries + [""]
    }

    private static func block(_ name: String, _ pieces: [UnifiedDocument.Piece]) -> [String] {
        pieces.flatMap(\.comments).map(comment)
            + LegacyText.block(name, pieces.flatMap(\.statement.settings).filter { $0.scope == .role }) + [""]
    }

    private static func aliasLines(_ pieces: [UnifiedDocument.Piece]) -> [String] {
        let isLine: (UnifiedDocument.Piece) -> Bool = { $0.statement.section?.kind == .aliases }
        let lines = headless(pieces.filter(isLine)).flatMap { $0.comments.map(comment) + [$0.text] }
        let others = groups(pieces.filter { !isLine($0) }).compactMap { name, pieces in
            AliasOptions.line(name: name, settings: pieces.flatMap(\.statement.settings))
        }
        return lines + others
    }

    // MARK: In

    /// Symbols stay in the text; for its check alone they have values.
    private static let symbols = SymbolTable(["IMTA_HOST": "host.invalid", "IMTA_DEFAULTDOMAIN": "domain.invalid"])

    private static func section(_ name: String, _ body: [String]) -> [String] {
        body.isEmpty ? [] : ["[\(name)]"] + body
    }

    /// Lines with their comments, indented as the body of a section.
    private static func annotated(
        _ file: LineReader.File, keepsBlanks: Bool = false, _ findings: inout Diagnostics
    ) -> [String] {
        let lines = LineReader.lines(of: file, syntax: .init(), diagnostics: &findings)
        let comments = commentLines(file)
        var above = 0
        var result: [String] = []
        for line in lines {
            result += comments.filter { $0.key > above && $0.key < line.lastLine }.sorted { $0.key < $1.key }.map(
                \.value)
            above = line.lastLine
            if !line.isBlank {
                result.append("  " + UnifiedDocument.continued(line.text.trimmingBlanks))
            } else if keepsBlanks {
                result.append("")
            }
        }
        return result + comments.filter { $0.key > above }.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Comment lines by line number.
    private static func commentLines(_ file: LineReader.File) -> [Int: String] {
        var result: [Int: String] = [:]
        let lines = file.content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where line.first == UInt8(ascii: "!") {
            result[index + 1] = String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
        }
        return result
    }

    private static func rewrites(_ file: LineReader.File, _ findings: inout Diagnostics) -> [String] {
        let lines = LineReader.lines(of: file, syntax: .init(joinsTemplates: true), diagnostics: &findings)
        let rules = lines.compactMap { RewriteRuleSource(rule: symbols.expandingText($0.text), at: $0.location) }
        for rule in rules where rule.template.isEmpty {
            findings.error("\(rule.pattern) has no template", at: rule.location, advice: "write PATTERN TEMPLATE")
        }
        _ = RewriteRules(compiling: rules, diagnostics: &findings)
        var ignored = Diagnostics()
        return section("rewrites", annotated(file, &ignored))
    }

    private static func mappings(_ file: LineReader.File, _ findings: inout Diagnostics) -> [String] {
        let text = String(decoding: file.content, as: UTF8.self)
        let tables = parseMappings(text, file: file.name, diagnostics: &findings)
        let expanded = tables.map { table in
            var table = table
            table.replaceSymbols(symbols)
            return table
        }
        _ = MappingTables(compiling: expanded, diagnostics: &findings)
        let comments = commentLines(file)
        var ignored = Diagnostics()
        let written = LineReader.lines(of: file, syntax: .init(), diagnostics: &ignored)
            .filter { $0.lastLine == $0.location.line && !$0.text.hasSuffix("\\") }
            .reduce(into: [Int: String]()) { $0[$1.location.line] = $1.text.trimmingBlanks }
        var above = 0
        func taken(to line: Int) -> [String] {
            defer { above = max(above, line) }
            return comments.filter { $0.key > above && $0.key < line }.sorted { $0.key < $1.key }.map(\.value)
        }
        var result: [String] = []
        for table in tables {
            if !result.isEmpty { result.append("") }
            result += taken(to: table.location.line)
            result.append("[\(OptionPath([.init("mapping", table.name)]))]")
            for entry in table.entries {
                result += taken(to: entry.location.line)
                // As it was written, when it is one line.
                let rule = written[entry.location.line] ?? "\(entry.pattern)  \(entry.template)".trimmingBlanks
                result.append("  " + UnifiedDocument.continued(rule))
            }
        }
        return result + taken(to: .max)
    }

    private static func aliases(_ file: LineReader.File, _ findings: inout Diagnostics) -> [String] {
        let lines = LineReader.lines(of: file, syntax: .init(), diagnostics: &findings).filter { !$0.isBlank }
        _ = AliasFile(
            parsing: lines.map { AliasLine(symbols.expandingText($0.text), at: $0.location) }, diagnostics: &findings)
        var ignored = Diagnostics()
        return section("aliases", annotated(file, &ignored))
    }

    /// Aliases that no line can say stay as they are.
    private static func otherAliases(_ pieces: [UnifiedDocument.Piece]) -> [String] {
        groups(pieces.filter { $0.statement.section?.kind != .aliases }).flatMap { name, pieces in
            let settings = pieces.flatMap(\.statement.settings)
            return AliasOptions.line(name: name, settings: settings) == nil
                ? pieces.flatMap { $0.comments + $0.lines } : []
        }
    }

    private static func channels(
        _ file: LineReader.File, _ pieces: [UnifiedDocument.Piece], _ findings: inout Diagnostics
    ) -> [String] {
        let lines = LineReader.lines(of: file, syntax: .init(), diagnostics: &findings)
        var read = Diagnostics()
        let blocks = ChannelBlockReader.blocks(lines, pools: [], diagnostics: &read)
        // A word that would be dropped is a mistake of the one who is typing.
        for finding in read.all {
            let isUnknown = finding.message.hasPrefix("unknown word")
            findings.add(
                isUnknown ? Diagnostic(.error, finding.message, at: finding.location, advice: finding.advice) : finding)
        }
        let standing = groups(pieces)
        let comments = commentLines(file)
        var above = 0
        var result: [String] = []
        for block in blocks {
            if block.kind == .nodefaults {
                findings.error(
                    "nodefaults has no place in martlet.conf", at: block.name.location,
                    advice: "give the channels below it the keywords they need")
                continue
            }
            let place = block.name.location.line
            let own = comments.filter { $0.key > above && $0.key < place }.sorted { $0.key < $1.key }.map(\.value)
            above = place
            if !result.isEmpty { result.append("") }
            let old = standing.first { $0.name.lowercased() == block.name.text.lowercased() }?.pieces ?? []
            result += section(block, own, old)
        }
        return result
    }

    /// A section whose block did not change stays as it stands.
    private static func section(
        _ block: ChannelBlock, _ comments: [String], _ old: [UnifiedDocument.Piece]
    ) -> [String] {
        let new = LegacyText.settings(block)
        let standing = old.flatMap(\.statement.settings)
        // What no block holds.
        let others = standing.filter { $0.path.steps.count > 2 || $0.scope == .instance || $0.path.isPassword }
        let known = standing.filter { setting in !others.contains(setting) }
        func meaning(_ settings: [OptionSetting]) -> [String] {
            settings.flatMap { setting in setting.path.spelled.map { "\($0.key)=\(setting.value ?? "")" } }.sorted()
        }
        if !old.isEmpty, meaning(known) == meaning(new), old.flatMap(\.comments).map(comment) == comments {
            return old.flatMap { $0.comments + $0.lines }
        }
        let header = UnifiedSection(channel: block.name.text.lowercased())
        let flags = new.filter { $0.value == nil }.map(\.path.option)
        let values = new.filter { $0.value != nil } + others.filter { $0.scope == .role }
        let lines =
            (flags.isEmpty ? [] : [flags.joined(separator: " ")])
            + values.map { UnifiedDocument.bodyText($0.path, $0.value, in: header) }
        let instance = others.filter { $0.scope == .instance }.map { setting in
            "instance.\(setting.path)" + (setting.value.map { " = \($0)" } ?? " (novalue)")
        }
        return comments + ["[\(OptionPath([.init("channel", block.name.text.lowercased())]))]"]
            + lines.map { "  " + $0 } + instance
    }
}

extension UnifiedSection {
    fileprivate init(channel: String) {
        scope = .role
        kind = .channel(channel)
    }
}
