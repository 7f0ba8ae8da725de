import Mappings
import OptionSyntax

/// Compiles `text`, in the form of the `mappings` file; the findings come with it.
func compileMappings(_ text: String) -> (tables: MappingTables, findings: [Diagnostic]) {
    var diagnostics = Diagnostics()
    let sources = parseMappings(text, file: "mappings", diagnostics: &diagnostics)
    let tables = MappingTables(compiling: sources, diagnostics: &diagnostics)
    return (tables, diagnostics.all)
}

/// A table called T with these entries.
func table(_ entries: String...) -> MappingTables {
    compileMappings("T\n\n" + entries.map { "  \($0)\n" }.joined()).tables
}

/// `output` and `flags` of a result in one comparable word, `no match` for none.
func show(_ result: MappingResult?) -> String {
    result.map { "\($0.output) [\($0.flags)]" } ?? "no match"
}
