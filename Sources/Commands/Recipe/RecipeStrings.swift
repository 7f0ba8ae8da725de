import FoundationEssentials

/// Functions on strings and lists (unified configuration specification, section 6).
enum RecipeStrings {
    /// What a function takes; nil: no function of that name here.
    static func call(_ name: String, _ arguments: [RecipeValue]) throws(RecipeError) -> RecipeValue? {
        func text(_ index: Int) throws(RecipeError) -> String {
            guard arguments.indices.contains(index) else { throw RecipeError("\(name) needs more arguments") }
            return arguments[index].text
        }
        switch name {
        case "length":
            if case .list(let items)? = arguments.first { return .integer(items.count) }
            return .integer(try text(0).count)
        case "upper", "uppercase": return .string(try text(0).uppercased())
        case "lower", "lowercase": return .string(try text(0).lowercased())
        case "split": return .list(pieces(try text(0), try text(1)).map(RecipeValue.string))
        case "join":
            let (items, separator) = (try list(arguments.first, name), try text(1))
            // Both are bounded, their product is not.
            guard items.count * separator.utf8.count <= RecipeValue.largest else {
                throw RecipeError("the result is too large")
            }
            return .string(items.map(\.text).joined(separator: separator))
        case "append", "list_append":
            return .list(try list(arguments.first, name) + arguments.dropFirst())
        case "find": return .integer(try find(arguments))
        case "encode", "decode": return .string(try coded(name, arguments))
        default: return nil
        }
    }

    static func list(_ value: RecipeValue?, _ name: String) throws(RecipeError) -> [RecipeValue] {
        guard case .list(let items)? = value else { throw RecipeError("\(name) needs a list") }
        return items
    }

    private static func pieces(_ text: String, _ separator: String) -> [String] {
        guard !separator.isEmpty else { return text.map { String($0) } }
        var pieces = [""]
        var rest = text[...]
        while let character = rest.first {
            if rest.hasPrefix(separator) {
                rest = rest.dropFirst(separator.count)
                pieces.append("")
            } else {
                pieces[pieces.count - 1].append(character)
                rest.removeFirst()
            }
        }
        return pieces
    }

    /// `find(s1, s2[, i, j])`: where s1 stands in s2, or in a list; 0 when it does not.
    private static func find(_ arguments: [RecipeValue]) throws(RecipeError) -> Int {
        guard arguments.count == 2 || arguments.count == 4 else {
            throw RecipeError("find needs what to find and where, and perhaps two positions")
        }
        let wanted = arguments[0].text
        let count: Int
        let matches: (Int) -> Bool
        if case .list(let items) = arguments[1] {
            count = items.count
            matches = { items[$0].text == wanted }
        } else {
            let characters = Array(arguments[1].text)
            count = characters.count
            matches = { characters[$0...].starts(with: wanted) }
        }
        let from = arguments.count == 4 ? try RecipeOperators.integer(arguments[2]) : 1
        let to = arguments.count == 4 ? try RecipeOperators.integer(arguments[3]) : count
        guard from >= 1, from <= min(to, count) else { return 0 }
        return (from...min(to, count)).first { matches($0 - 1) } ?? 0
    }

    /// `encode(:hex, s)`; without a tag hexadecimal.
    private static func coded(_ name: String, _ arguments: [RecipeValue]) throws(RecipeError) -> String {
        guard let value = arguments.last else { throw RecipeError("\(name) needs a string") }
        let tag = arguments.count > 1 ? arguments[0].text : ":hex"
        let bytes = Array(value.text.utf8)
        let result: [UInt8]?
        switch (name, tag) {
        case ("encode", ":hex"): result = bytes.flatMap { hexadecimal($0).utf8 }
        case ("decode", ":hex"): result = unhexed(value.text)
        case ("encode", ":base64"): return Data(bytes).base64EncodedString()
        case ("decode", ":base64"): result = Data(base64Encoded: value.text).map(Array.init)
        case ("encode", ":url"):
            let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
            result = bytes.flatMap { plain.contains($0) ? [$0] : Array("%\(hexadecimal($0).uppercased())".utf8) }
        case ("decode", ":url"): result = unescaped(bytes)
        default: throw RecipeError("\(name) does not know \(tag): there are :hex, :base64 and :url")
        }
        guard let result else { throw RecipeError("\(value.literal) is not in the form \(tag)") }
        return String(decoding: result, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static func unhexed(_ text: String) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }

    private static func unescaped(_ bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%") {
                let digits = bytes[(index + 1)...].prefix(2)
                guard let byte = unhexed(String(decoding: digits, as: UTF8.self))?.first, digits.count == 2 else {
                    return nil
                }
                result.append(byte)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }
}
