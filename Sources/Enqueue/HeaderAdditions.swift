import InternetMessage

/// What a message gets in its header besides the fields every message gets.
package struct HeaderAdditions: Hashable, Sendable {
    /// Whole fields, folded and ended by CRLF, that stand above our Received field.
    package var traceFields: [[UInt8]] = []
    /// `Name: value`, at the end; flag `$A` of access tables. What is no field is left out.
    package var fields: [String] = []
    /// Put before the subject; flag `$T`.
    package var subjectTags: [String] = []

    package init() {}

    package init(_ effects: AccessEffects, traceFields: [[UInt8]]) {
        fields = effects.headerFields
        subjectTags = effects.subjectTags
        self.traceFields = traceFields
    }

    func apply(to header: inout HeaderBlock) {
        for field in fields {
            guard let colon = field.firstIndex(of: ":") else { continue }
            let name = field[..<colon]
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { continue }
            header.add(String(name), field[field.index(after: colon)...].drop { $0 == " " }.utf8)
        }
        guard !subjectTags.isEmpty else { return }
        let tags = subjectTags.joined(separator: " ")
        guard let index = header.firstIndex(of: "Subject") else { return header.add("Subject", tags) }
        let old = header.unfoldedValue(of: header.fields[index]).drop { $0 == 0x20 || $0 == 0x09 }
        // A reply brings the tags along.
        guard !String(decoding: old, as: UTF8.self).contains(tags) else { return }
        header.replaceValue(at: index, with: Array("\(tags) ".utf8) + old)
    }
}
