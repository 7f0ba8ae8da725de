/// One line of a ``TakeOverState``: a kind, and fields `name=value` separated by blanks. A field that the reader does
/// not know is passed over and one that is missing is nothing, so the next version may add some.
struct TakeOverLine: Hashable {
    private struct Field: Hashable {
        var name: String
        var value: String
    }

    let kind: String
    /// For messages about what is wrong; 0 for a line that is being written.
    let number: Int
    private var fields: [Field] = []

    init(_ kind: String) {
        self.kind = kind
        number = 0
    }

    /// A field without a value is left out.
    mutating func set(_ name: String, _ value: (some LosslessStringConvertible)?) {
        if let value { fields.append(Field(name: name, value: value.description)) }
    }

    func find<Value: LosslessStringConvertible>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(TakeOverState.Malformed) -> Value? {
        guard let field = fields.first(where: { $0.name == name }) else { return nil }
        guard let value = Value(field.value) else { throw TakeOverState.Malformed(line: number) }
        return value
    }

    func need<Value: LosslessStringConvertible>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(TakeOverState.Malformed) -> Value {
        guard let value = try find(name, as: type) else { throw TakeOverState.Malformed(line: number) }
        return value
    }

    // MARK: Text

    var text: String { fields.reduce(kind) { "\($0) \($1.name)=\(Self.encoded($1.value))" } }

    init(_ text: Substring, number: Int) throws(TakeOverState.Malformed) {
        let words = text.split(separator: " ")
        guard let kind = words.first else { throw TakeOverState.Malformed(line: number) }
        self.kind = String(kind)
        self.number = number
        for word in words.dropFirst() {
            guard let end = word.firstIndex(of: "="), let value = Self.decoded(word[word.index(after: end)...]) else {
                throw TakeOverState.Malformed(line: number)
            }
            fields.append(Field(name: String(word[..<end]), value: value))
        }
    }

    /// Blanks, control characters, percent signs and what is not ASCII become `%` and two digits.
    private static func encoded(_ text: String) -> String {
        func isPlain(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F && byte != 0x25 }
        if text.utf8.allSatisfy(isPlain) { return text }
        return text.utf8.reduce(into: "") { word, byte in
            if isPlain(byte) {
                word.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                word += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
    }

    private static func decoded(_ word: Substring) -> String? {
        guard word.utf8.contains(0x25) else { return String(word) }
        var bytes: [UInt8] = []
        var rest = word.utf8
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(Substring(digits), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
