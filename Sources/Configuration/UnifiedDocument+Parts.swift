import OptionSyntax

/// Whole parts of a martlet.conf are taken out and put back, for `edit`.
extension UnifiedDocument {
    /// A statement that was taken out, with its lines as they stood and the comments directly above them.
    struct Piece {
        var statement: UnifiedStatement
        var comments: [String]
        var lines: [String]
    }

    /// Which part a statement belongs to.
    static func part(_ statement: UnifiedStatement) -> ConfigurationPart? {
        let name = statement.settings.first?.path.steps[0].name ?? statement.section?.group?.steps[0].name
        switch statement.section?.kind {
        case .aliases: return .aliases
        case .conversions: return .conversions
        default:
            return ["rewrite": .rewrites, "mapping": .mappings, "channel": .channels, "alias": .aliases][name ?? ""]
        }
    }

    /// The statements of a part in file order.
    func pieces(_ part: ConfigurationPart) -> [Piece] {
        var pieces: [Piece] = []
        for statement in statements where Self.part(statement) == part {
            let range = range(statement)
            var start = range.lowerBound
            while start > 0, isComment(start - 1) { start -= 1 }
            pieces.append(
                Piece(
                    statement: statement, comments: (start..<range.lowerBound).map(text), lines: range.map(text)))
        }
        return pieces
    }

    /// Puts `texts` in the place of a part; the first statement of it, or the end of the file, is where.
    mutating func replace(_ part: ConfigurationPart, with texts: [String]) {
        var removed = Set<Int>()
        for statement in statements where Self.part(statement) == part {
            let range = range(statement)
            removed.formUnion(range)
            var start = range.lowerBound
            while start > 0, isComment(start - 1) {
                start -= 1
                removed.insert(start)
            }
        }
        // The blank lines between what goes, go too.
        for index in lines.indices where lines[index].bytes.allSatisfy(\.isBlank) && removed.contains(index - 1) {
            removed.insert(index)
        }
        let first = removed.min() ?? lines.count
        let isAtEnd = removed.isEmpty
        for index in removed.sorted(by: >) { lines.remove(at: index) }
        let isLast = first >= lines.count
        insert((isAtEnd && !lines.isEmpty ? [""] : []) + texts + (isLast || texts.isEmpty ? [] : [""]), at: first)
        read()
    }

    private func text(_ index: Int) -> String { String(decoding: lines[index].bytes, as: UTF8.self) }

    private func isComment(_ index: Int) -> Bool {
        lines[index].bytes.first.map(UnifiedReader.syntax.comments.contains) ?? false
    }
}
