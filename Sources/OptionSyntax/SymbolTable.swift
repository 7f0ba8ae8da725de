/// Symbolic names: directories such as `IMTA_TABLE:`, and words such as `IMTA_HOST`.
///
/// Unified configuration specification, section 1.2.
package struct SymbolTable: Hashable, Sendable {
    /// Values by upper-case name without colon, for example `IMTA_LOG`.
    package var values: [String: String]

    package init(_ values: [String: String] = [:]) { self.values = values }

    /// Names that other members of the family used for the same places.
    private static let synonyms = ["PMDF_EXE": "IMTA_BIN", "PMDF_LOG": "IMTA_LOG", "PMDF_TABLE": "IMTA_TABLE"]

    private func value(_ name: some StringProtocol) -> String? {
        let name = name.uppercased()
        return values[Self.synonyms[name] ?? name]
    }

    /// `IMTA_LOG:x.log` with the name replaced, joined by exactly one slash; other text unchanged.
    package func expandingPath(_ path: String) -> String {
        guard let colon = path.firstIndex(of: ":"), let prefix = value(path[..<colon]) else { return path }
        let rest = path[path.index(after: colon)...].drop { $0 == "/" }
        return prefix.hasSuffix("/") ? prefix + rest : "\(prefix)/\(rest)"
    }

    /// A symbol that was replaced by its value; lengths in UTF-8 bytes.
    package struct Replacement: Hashable, Sendable {
        /// Where the symbol began in the text as written.
        package var start: Int
        package var length: Int
        package var newLength: Int
    }

    /// `text` with every `&/NAME/` replaced by its value; unknown names stay.
    package func expandingText(_ text: String) -> String { replacingSymbols(text).text }

    /// `text` with every `&/NAME/` replaced by its value, and where that was.
    package func replacingSymbols(_ text: String) -> (text: String, replacements: [Replacement]) {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return (text, []) }
        var result = ""
        var replacements: [Replacement] = []
        var rest = text[...]
        while let start = rest.range(of: "&/") {
            result += rest[..<start.lowerBound]
            let after = rest[start.upperBound...]
            guard let slash = after.firstIndex(of: "/"), let value = value(after[..<slash]) else {
                result += "&/"
                rest = after
                continue
            }
            result += value
            rest = after[after.index(after: slash)...]
            let begin = text.utf8.distance(from: text.startIndex, to: start.lowerBound)
            let end = text.utf8.distance(from: text.startIndex, to: rest.startIndex)
            replacements.append(Replacement(start: begin, length: end - begin, newLength: value.utf8.count))
        }
        return (result + rest, replacements)
    }
}

extension Substring {
    /// The first place where `text` stands.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
