import Testing

@testable import Commands

/// A recipe ends with an error before it uses up memory or stack.
@Suite struct RecipeBoundTests {
    @Test(arguments: [
        "a = \"x\"; loop { a = a . a; }", "l = []; loop { l = [l]; }", "l = [1]; loop { l = [l, l]; }",
        "a = \"xxxxxxxx\"; loop { a = encode(:hex, a); }", "l = [1]; loop { l = append(l, l); }",
        "a = \"x\"; loop { exitif (length(a) > 500000); a = a . a; } join(split(a, \"\"), a);",
    ])
    func valuesAreBounded(recipe: String) throws {
        var run = RecipeRun { _, _, _ in nil }
        let statements = try RecipeParser.statements(recipe)
        let error = #expect(throws: RecipeError.self) { try run.run(statements) }
        #expect(error?.message.contains("too large") == true, "\(String(describing: error))")
    }
}
