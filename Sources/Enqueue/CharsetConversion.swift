import Configuration
import InternetMessage
import Mappings

extension ContentPolicy.CharsetConversions {
    static let table = "CHARSET-CONVERSION"
}

extension Router {
    /// What becomes of text from the channel `source`, by its character set; nil: nothing.
    func charsetChoice(
        _ conversions: ContentPolicy.CharsetConversions, from source: String
    ) -> ContentConverter.CharsetChoice? {
        guard conversions.sources.contains(source) else { return nil }
        let (tables, context) = (configuration.mappings, context)
        let start = "IN-CHAN=\(source);OUT-CHAN=\(conversions.destination);IN-CHARSET="
        return { charset in
            tables.probe(ContentPolicy.CharsetConversions.table, start + charset, context: context)
                .flatMap { ContentConverter.CharsetChange(mapping: $0.output) }
        }
    }
}

extension ContentConverter.CharsetChange {
    /// `OUT-CHARSET=UTF-8`, and `RELABEL-ONLY=1` before or behind it; nil for anything else.
    init?(mapping output: String) {
        var name: String?
        var isRelabelOnly = false
        for word in output.split(whereSeparator: { $0 == ";" || $0 == "," || $0 == " " }) {
            let parts = word.split(separator: "=", maxSplits: 1)
            switch (parts.first?.uppercased(), parts.count == 2 ? String(parts[1]) : nil) {
            case ("OUT-CHARSET", let value?): name = value
            case ("RELABEL-ONLY", let value?): isRelabelOnly = value == "1"
            default: break
            }
        }
        guard let name else { return nil }
        self.init(name: name, isRelabelOnly: isRelabelOnly)
    }
}
