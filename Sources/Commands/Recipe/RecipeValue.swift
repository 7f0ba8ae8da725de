/// What an expression of a recipe comes to.
indirect enum RecipeValue: Hashable, Sendable {
    case integer(Int)
    case string(String)
    case list([RecipeValue])
    /// Of a function that only does something.
    case nothing

    /// As `execute` prints it: strings in quotes.
    var literal: String {
        switch self {
        case .integer(let value): "\(value)"
        case .string(let value):
            "\"" + value.flatMap { ["\"", "\\"].contains($0) ? "\\\($0)" : $0 == "\n" ? "\\n" : "\($0)" } + "\""
        case .list(let values): "[" + values.map(\.literal).joined(separator: ", ") + "]"
        case .nothing: ""
        }
    }

    /// As text, for `print` and `.`.
    var text: String {
        switch self {
        case .integer(let value): "\(value)"
        case .string(let value): value
        case .list, .nothing: literal
        }
    }

    /// Not 0, not empty.
    var isTrue: Bool {
        switch self {
        case .integer(let value): value != 0
        case .string(let value): !value.isEmpty
        case .list(let values): !values.isEmpty
        case .nothing: false
        }
    }

    /// Octets of all strings and elements of all lists in a value: a loop that doubles one must not use up the memory.
    static let largest = 1 << 20
    /// Lists in lists, so that no value can use up the stack.
    static let deepest = 100

    /// The value, unless it is too large.
    func bounded() throws(RecipeError) -> RecipeValue {
        var room = Self.largest
        guard fits(&room, Self.deepest) else {
            throw RecipeError("the result is too large: more than \(Self.largest) octets, or lists in lists in lists")
        }
        return self
    }

    private func fits(_ room: inout Int, _ depth: Int) -> Bool {
        switch self {
        case .integer, .nothing: room -= 1
        case .string(let value): room -= value.utf8.count + 1
        case .list(let items):
            room -= 1
            guard depth > 0 else { return false }
            for item in items where room >= 0 && !item.fits(&room, depth - 1) { return false }
        }
        return room >= 0
    }

    /// A number, or a string that is one.
    var number: Int? {
        switch self {
        case .integer(let value): value
        case .string(let value): Int(value)
        case .list, .nothing: nil
        }
    }
}

/// The operators and the functions on strings and lists, which the recipe language shares with `calc`
/// (unified configuration specification, section 6). Positions count from 1.
enum RecipeOperators {
    static func unary(_ sign: String, _ value: RecipeValue) throws(RecipeError) -> RecipeValue {
        if sign == "!" { return .integer(value.isTrue ? 0 : 1) }
        let number = try integer(value)
        if sign == "~" { return .integer(~number) }
        return try checked(0.subtractingReportingOverflow(number))
    }

    /// `&&` and `||` are decided before their right side is looked at, so they are not here.
    static func binary(
        _ sign: String, _ left: RecipeValue, _ right: RecipeValue
    ) throws(RecipeError) -> RecipeValue {
        switch sign {
        case ".":
            if case .list(let first) = left, case .list(let second) = right { return .list(first + second) }
            return .string(left.text + right.text)
        case "==", "!=": return .integer(isEqual(left, right) == (sign == "==") ? 1 : 0)
        case "<", "<=", ">", ">=": return .integer(isOrdered(sign, left, right) ? 1 : 0)
        default: return try arithmetic(sign, try integer(left), try integer(right))
        }
    }

    private static func isEqual(_ left: RecipeValue, _ right: RecipeValue) -> Bool {
        if let first = left.number, let second = right.number { return first == second }
        return left == right
    }

    private static func isOrdered(_ sign: String, _ left: RecipeValue, _ right: RecipeValue) -> Bool {
        let isLess: Bool
        let isGreater: Bool
        if let first = left.number, let second = right.number {
            (isLess, isGreater) = (first < second, first > second)
        } else {
            (isLess, isGreater) = (left.text < right.text, left.text > right.text)
        }
        switch sign {
        case "<": return isLess
        case "<=": return !isGreater
        case ">": return isGreater
        default: return !isLess
        }
    }

    private static func arithmetic(_ sign: String, _ left: Int, _ right: Int) throws(RecipeError) -> RecipeValue {
        switch sign {
        case "+": return try checked(left.addingReportingOverflow(right))
        case "-": return try checked(left.subtractingReportingOverflow(right))
        case "*": return try checked(left.multipliedReportingOverflow(by: right))
        case "/": return try checked(left.dividedReportingOverflow(by: right))
        case "%": return try checked(left.remainderReportingOverflow(dividingBy: right))
        case "&": return .integer(left & right)
        case "|": return .integer(left | right)
        case "^": return .integer(left ^ right)
        case "<<": return .integer(left << right)
        case ">>": return .integer(left >> right)
        default: throw RecipeError("there is no operator \(sign)")
        }
    }

    private static func checked(_ result: (partialValue: Int, overflow: Bool)) throws(RecipeError) -> RecipeValue {
        if result.overflow { throw RecipeError("the result is no number: too large, or a division by 0") }
        return .integer(result.partialValue)
    }

    static func integer(_ value: RecipeValue) throws(RecipeError) -> Int {
        guard let number = value.number else { throw RecipeError("\(value.literal) is no number") }
        return number
    }

    /// `value[from]`, `value[from:to]`, both ends included.
    static func element(_ value: RecipeValue, _ from: Int, _ to: Int?) throws(RecipeError) -> RecipeValue {
        switch value {
        case .list(let items):
            guard let to else {
                guard from > 0, from <= items.count else {
                    throw RecipeError("there is no element \(from) among \(items.count)")
                }
                return items[from - 1]
            }
            return .list(Array(items[range(from, to, items.count)]))
        default:
            let characters = Array(value.text)
            return .string(String(characters[range(from, to ?? from, characters.count)]))
        }
    }

    private static func range(_ from: Int, _ to: Int, _ count: Int) -> Range<Int> {
        let start = min(max(1, from), count + 1) - 1
        return start..<max(start, min(max(0, to), count))
    }
}
