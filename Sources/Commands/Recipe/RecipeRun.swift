/// Runs the statements of a recipe: variables, choices, loops, and calls, which go to `functions` when they are not
/// about strings and lists.
struct RecipeRun {
    /// Functions that look at the world or change it; nil: there is none of that name.
    typealias Functions = (
        _ name: String, _ arguments: [RecipeValue], _ place: RecipePlace
    ) throws(RecipeError) -> RecipeValue?

    /// `exit()`: the rest is left out, what was done stays.
    private enum Flow { case goes, leavesLoop, nextRound, ends }

    /// So that a loop without an end does not run for ever.
    static let mostSteps = 1_000_000

    private let functions: Functions
    private let mostSteps: Int
    private var variables: [String: RecipeValue] = [:]
    private var steps = 0
    private var hasEnded = false
    /// What the last expression came to.
    private(set) var value: RecipeValue?

    init(mostSteps: Int = Self.mostSteps, functions: @escaping Functions) {
        self.mostSteps = mostSteps
        self.functions = functions
    }

    /// Runs everything. Errors name their place.
    mutating func run(_ statements: [RecipeStatement]) throws(RecipeError) {
        _ = try run(block: statements)
    }

    private mutating func run(block: [RecipeStatement]) throws(RecipeError) -> Flow {
        for statement in block {
            let flow = try run(statement)
            if flow != .goes { return flow }
            if hasEnded { return .ends }
        }
        return .goes
    }

    private mutating func run(_ statement: RecipeStatement) throws(RecipeError) -> Flow {
        switch statement {
        case .expression(let expression):
            value = try evaluate(expression)
            if case .assignment = expression { value = nil }
        case .choice(let branches, let otherwise):
            for branch in branches {
                let isTrue = try evaluate(branch.condition).isTrue
                if hasEnded { return .ends }
                if isTrue { return try run(block: branch.block) }
            }
            return try run(block: otherwise)
        case .loop(let body, let place):
            while true {
                try step(place)
                switch try run(block: body) {
                case .leavesLoop: return .goes
                case .ends: return .ends
                case .goes, .nextRound: continue
                }
            }
        case .exitIf(let condition): return try evaluate(condition).isTrue ? .leavesLoop : .goes
        case .nextIf(let condition): return try evaluate(condition).isTrue ? .nextRound : .goes
        }
        return .goes
    }

    private mutating func step(_ place: RecipePlace) throws(RecipeError) {
        steps += 1
        if steps > mostSteps { throw RecipeError("the recipe runs for more than \(mostSteps) steps", place) }
    }

    private mutating func evaluate(_ expression: RecipeExpression) throws(RecipeError) -> RecipeValue {
        switch expression {
        case .number(let value): return .integer(value)
        case .string(let value): return .string(value)
        case .tag(let name): return .string(":\(name)")
        case .list(let items): return try RecipeValue.list(try evaluate(items)).bounded()
        case .variable(let name, let place):
            guard let value = variables[name.lowercased()] else {
                throw RecipeError("nothing was assigned to \(name)", place)
            }
            return value
        case .assignment(let name, let right):
            let value = try evaluate(right)
            variables[name.lowercased()] = value
            return value
        case .unary(let sign, let operand, let place):
            let value = try evaluate(operand)
            return try at(place) { () throws(RecipeError) in try RecipeOperators.unary(sign, value) }
        case .binary(let sign, let left, let right, let place): return try binary(sign, left, right, place)
        case .element(let whole, let from, let to, let place):
            let value = try evaluate(whole)
            let start = try evaluate(from)
            let end = try to.map { (end) throws(RecipeError) in try evaluate(end) }
            return try at(place) { () throws(RecipeError) in
                let last = try end.map { (end) throws(RecipeError) in try RecipeOperators.integer(end) }
                return try RecipeOperators.element(value, try RecipeOperators.integer(start), last)
            }
        case .call(let name, let arguments, let place): return try call(name, arguments, place)
        }
    }

    private mutating func evaluate(_ list: [RecipeExpression]) throws(RecipeError) -> [RecipeValue] {
        var values: [RecipeValue] = []
        for item in list { values.append(try evaluate(item)) }
        return values
    }

    private mutating func binary(
        _ sign: String, _ left: RecipeExpression, _ right: RecipeExpression, _ place: RecipePlace
    ) throws(RecipeError) -> RecipeValue {
        let first = try evaluate(left)
        if sign == "&&" || sign == "||" {
            if first.isTrue == (sign == "||") { return .integer(first.isTrue ? 1 : 0) }
            return .integer(try evaluate(right).isTrue ? 1 : 0)
        }
        let second = try evaluate(right)
        return try at(place) { () throws(RecipeError) in try RecipeOperators.binary(sign, first, second).bounded() }
    }

    private mutating func call(
        _ name: String, _ arguments: [RecipeExpression], _ place: RecipePlace
    ) throws(RecipeError) -> RecipeValue {
        try step(place)
        let values = try evaluate(arguments)
        if name == "exit" {
            hasEnded = true
            return .nothing
        }
        let functions = functions
        let result = try at(place) { () throws(RecipeError) -> RecipeValue? in
            if let result = try RecipeStrings.call(name, values) { return try result.bounded() }
            return try functions(name, values, place)?.bounded()
        }
        guard let result else { throw RecipeError("there is no function \(name)", place) }
        return result
    }

    /// Errors inside get the place where the statement names what failed.
    private func at<Value>(
        _ place: RecipePlace, _ body: () throws(RecipeError) -> Value
    ) throws(RecipeError) -> Value {
        do throws(RecipeError) { return try body() } catch {
            throw error.line > 0 ? error : RecipeError(error.message, place)
        }
    }
}
