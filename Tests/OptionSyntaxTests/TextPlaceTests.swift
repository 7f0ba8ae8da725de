import OptionSyntax
import Testing

/// Findings point at the physical line and column, whatever was joined or replaced.
@Suite struct TextPlaceTests {
    private func at(_ line: Int, _ column: Int) -> OptionSyntax.SourceLocation {
        OptionSyntax.SourceLocation(file: "f", line: line, column: column)
    }

    private func show(_ place: TextPlace, _ offsets: [Int]) -> [String] {
        offsets.map { offset in place.location(at: offset).map { "\($0.line):\($0.column)" } ?? "none" }
    }

    @Test func oneLine() {
        #expect(show(TextPlace(at(3, 5)), [0, 4]) == ["3:5", "3:9"])
        #expect(show(TextPlace(at(3, 5)).dropping(2), [0, 4]) == ["3:7", "3:11"])
        #expect(show(TextPlace(nil), [0, 4]) == ["none", "none"])
        #expect(show(TextPlace(OptionSyntax.SourceLocation(file: "f", line: 2)), [7]) == ["2:0"])
        #expect(show(TextPlace(fixed: at(3, 5)).dropping(2), [0, 4]) == ["3:5", "3:5"])
    }

    /// `abc\` and, in the next line, `   def`.
    @Test func joinedLines() {
        let place = TextPlace(at(1, 1), joined: [(3, at(2, 4))])
        #expect(show(place, [0, 2, 3, 5]) == ["1:1", "1:3", "2:4", "2:6"])
        #expect(show(place.dropping(2), [0, 1, 3]) == ["1:3", "2:4", "2:6"])
        #expect(show(place.dropping(4), [0, 1]) == ["2:5", "2:6"])
    }

    /// `ab&/X/cd` where X is `value`.
    @Test func symbols() {
        let symbols = SymbolTable(["X": "value", "E": ""])
        let (text, replacements) = symbols.replacingSymbols("ab&/X/cd&/NO/&/E/e")
        #expect(text == "abvaluecd&/NO/e")
        let place = TextPlace(at(1, 1)).replacing(replacements)
        #expect(show(place, [0, 1, 2, 6, 7, 8, 14]) == ["1:1", "1:2", "1:3", "1:3", "1:7", "1:8", "1:18"])
        #expect(show(place.dropping(4), [0, 2, 3]) == ["1:3", "1:3", "1:7"])
        let joined = TextPlace(at(1, 1), joined: [(6, at(2, 3))]).replacing(
            symbols.replacingSymbols("ab&/X/cd").replacements)
        #expect(show(joined, [2, 6, 7, 8]) == ["1:3", "1:3", "2:3", "2:4"])
        #expect(symbols.replacingSymbols("no symbol").replacements.isEmpty)
    }
}
