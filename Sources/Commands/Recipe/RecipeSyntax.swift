/// An expression of the recipe language.
indirect enum RecipeExpression: Hashable {
    case number(Int)
    case string(String)
    /// `:hex`, only as an argument.
    case tag(String)
    case list([RecipeExpression])
    case variable(String, RecipePlace)
    case assignment(String, RecipeExpression)
    case unary(String, RecipeExpression, RecipePlace)
    case binary(String, RecipeExpression, RecipeExpression, RecipePlace)
    /// `value[from]`, `value[from:to]`.
    case element(RecipeExpression, RecipeExpression, RecipeExpression?, RecipePlace)
    case call(String, [RecipeExpression], RecipePlace)
}

/// A statement of the recipe language.
indirect enum RecipeStatement: Hashable {
    case expression(RecipeExpression)
    /// `if` and each `elsif`, in order.
    case choice([RecipeBranch], otherwise: [RecipeStatement])
    case loop([RecipeStatement], RecipePlace)
    case exitIf(RecipeExpression)
    case nextIf(RecipeExpression)
}

/// A condition and what is done when it holds.
struct RecipeBranch: Hashable {
    var condition: RecipeExpression
    var block: [RecipeStatement]
}

/// Reads a recipe (unified configuration specification, section 6, "Grammar").
struct RecipeParser {
    private var tokens: ArraySlice<RecipeToken>
    private var loops = 0
    private var depth = 0
    /// Levels of brackets, blocks and operators, so that no text can use up the stack.
    private static let deepest = 200

    /// From the loosest to the tightest.
    private static let levels: [Set<String>] = [
        ["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="], ["<<", ">>"], ["."], ["+", "-"],
        ["*", "/", "%"],
    ]

    static func statements(_ text: String) throws(RecipeError) -> [RecipeStatement] {
        var parser = RecipeParser(tokens: try RecipeScanner.tokens(text)[...])
        var result: [RecipeStatement] = []
        while parser.current.kind != .end { result.append(try parser.statement()) }
        return result
    }

    private var current: RecipeToken {
        tokens.first ?? RecipeToken(kind: .end, place: RecipePlace(line: 1, column: 1))
    }

    private mutating func take() -> RecipeToken {
        let token = current
        if token.kind != .end { tokens.removeFirst() }
        return token
    }

    private mutating func takes(_ sign: String) -> Bool {
        guard current.kind == .sign(sign) else { return false }
        _ = take()
        return true
    }

    private mutating func expect(_ sign: String) throws(RecipeError) {
        guard takes(sign) else { throw RecipeError("expected \(sign), found \(Self.text(current))", current.place) }
    }

    private static func text(_ token: RecipeToken) -> String {
        switch token.kind {
        case .number(let value): "\(value)"
        case .string(let value): "\"\(value)\""
        case .name(let value): value
        case .tag(let value): ":\(value)"
        case .sign(let value): value
        case .end: "the end"
        }
    }

    private mutating func nested<Value>(
        _ body: (inout RecipeParser) throws(RecipeError) -> Value
    ) throws(RecipeError) -> Value {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw RecipeError("more than \(Self.deepest) levels of nesting", current.place)
        }
        return try body(&self)
    }

    // MARK: Statements

    private mutating func statement() throws(RecipeError) -> RecipeStatement {
        try nested { (parser) throws(RecipeError) in try parser.anyStatement() }
    }

    private mutating func anyStatement() throws(RecipeError) -> RecipeStatement {
        guard case .name(let word) = current.kind else { return .expression(try finished(try expression())) }
        switch word.lowercased() {
        case "if": return try choice()
        case "loop":
            let place = take().place
            loops += 1
            defer { loops -= 1 }
            return .loop(try block(), place)
        case "exitif", "nextif":
            let place = take().place
            guard loops > 0 else { throw RecipeError("\(word) stands outside a loop", place) }
            try expect("(")
            let condition = try expression()
            try expect(")")
            _ = try finished(condition)
            return word.lowercased() == "exitif" ? .exitIf(condition) : .nextIf(condition)
        default: return .expression(try finished(try expression()))
        }
    }

    /// A semicolon ends a statement; the last one of a text or block can do without.
    private mutating func finished(_ expression: RecipeExpression) throws(RecipeError) -> RecipeExpression {
        if current.kind == .end || current.kind == .sign("}") { return expression }
        try expect(";")
        return expression
    }

    private mutating func choice() throws(RecipeError) -> RecipeStatement {
        _ = take()
        var branches = [RecipeBranch(condition: try expression(), block: try block())]
        while case .name(let word) = current.kind {
            switch word.lowercased() {
            case "elsif":
                _ = take()
                branches.append(RecipeBranch(condition: try expression(), block: try block()))
            case "else":
                _ = take()
                return .choice(branches, otherwise: try block())
            default: return .choice(branches, otherwise: [])
            }
        }
        return .choice(branches, otherwise: [])
    }

    private mutating func block() throws(RecipeError) -> [RecipeStatement] {
        try expect("{")
        var result: [RecipeStatement] = []
        while current.kind != .sign("}") {
            guard current.kind != .end else { throw RecipeError("expected }, found the end", current.place) }
            result.append(try statement())
        }
        try expect("}")
        return result
    }

    // MARK: Expressions

    private mutating func expression() throws(RecipeError) -> RecipeExpression {
        try nested { (parser) throws(RecipeError) in
            if case .name(let name) = parser.current.kind, parser.tokens.dropFirst().first?.kind == .sign("=") {
                _ = parser.take()
                _ = parser.take()
                return .assignment(name, try parser.expression())
            }
            return try parser.operation(0)
        }
    }

    private mutating func operation(_ level: Int) throws(RecipeError) -> RecipeExpression {
        guard level < Self.levels.count else { return try unary() }
        var left = try operation(level + 1)
        while case .sign(let sign) = current.kind, Self.levels[level].contains(sign) {
            let place = take().place
            left = .binary(sign, left, try operation(level + 1), place)
        }
        return left
    }

    private mutating func unary() throws(RecipeError) -> RecipeExpression {
        if case .sign(let sign) = current.kind, ["!", "-", "~"].contains(sign) {
            let place = take().place
            return try nested { (parser) throws(RecipeError) in .unary(sign, try parser.unary(), place) }
        }
        var value = try primary()
        while case .sign("[") = current.kind {
            let place = take().place
            let from = try expression()
            let to = takes(":") ? try expression() : nil
            try expect("]")
            value = .element(value, from, to, place)
        }
        return value
    }

    private mutating func primary() throws(RecipeError) -> RecipeExpression {
        let token = take()
        switch token.kind {
        case .number(let value): return .number(value)
        case .string(let value): return .string(value)
        case .tag(let name): return .tag(name)
        case .sign("("):
            let value = try expression()
            try expect(")")
            return value
        case .sign("["): return .list(try items(until: "]"))
        case .name(let name):
            if takes("(") { return .call(name.lowercased(), try items(until: ")"), token.place) }
            // get_path "config"
            if case .string(let argument) = current.kind {
                _ = take()
                return .call(name.lowercased(), [.string(argument)], token.place)
            }
            return .variable(name, token.place)
        default: throw RecipeError("expected a value, found \(Self.text(token))", token.place)
        }
    }

    private mutating func items(until end: String) throws(RecipeError) -> [RecipeExpression] {
        var items: [RecipeExpression] = []
        if takes(end) { return items }
        repeat { items.append(try expression()) } while takes(",")
        try expect(end)
        return items
    }
}
