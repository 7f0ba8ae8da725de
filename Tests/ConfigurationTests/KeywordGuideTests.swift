import Channels
import SystemCalls
import Testing

@Suite struct KeywordGuideTests {
    /// docs/channels.md lists the keywords as the table has them.
    @Test func theGuideListsTheTable() throws {
        let guide = Files.parent(of: Files.parent(of: Files.parent(of: #filePath))) + "/docs/channels.md"
        let text = String(decoding: try Files.read(guide), as: UTF8.self)
        for effect in ChannelKeyword.Effect.allCases {
            let mark = "<!-- keywords: \(effect.rawValue) -->"
            let start = try #require(text.range(of: mark))
            let end = text[start.upperBound...].range(of: "<!-- end -->") ?? start
            let listed = text[start.upperBound..<end.lowerBound].split(whereSeparator: \.isWhitespace)
                .joined(separator: " ")
            let expected = ChannelKeyword.all.values.filter { $0.effect == effect }.sorted { $0.name < $1.name }
                .map(Self.listed).joined(separator: ", ")
            #expect(listed == expected)
        }
    }

    private static func listed(_ keyword: ChannelKeyword) -> String {
        let argument =
            switch keyword.argument {
            case .none: ""
            case .integer: range(keyword.range)
            default: " \(keyword.argument.rawValue)"
            }
        return "`\(keyword.name)\(argument)`" + (keyword.isDefault ? "*" : "")
    }

    private static func range(_ range: ClosedRange<Int>) -> String {
        let low = range.lowerBound == Int(Int32.min) ? "" : String(range.lowerBound)
        let high = range.upperBound == Int(Int32.max) ? "" : String(range.upperBound)
        return " \(low)..\(high)"
    }
}

extension String {
    fileprivate func range(of text: String) -> Range<Index>? { self[...].range(of: text) }
}

extension Substring {
    /// The first place of a text.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
