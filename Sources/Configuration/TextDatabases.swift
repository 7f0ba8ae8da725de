package import AddressRewriting
package import Mappings
package import OptionSyntax
import SystemCalls

/// The text databases of the configuration directory. All of them belong to what a reload reads again (unified
/// configuration specification, section 7).
package struct TextDatabases: Sendable {
    /// `general.txt`: `$(…)` of rewrite rules, `${…}` of mappings; nil unless bit 0 of `use_text_databases` is set.
    package var general: TextDatabase?
    /// `reverse.txt`, bit 1.
    package var reverse: TextDatabase?
    /// `forward.txt`, bit 2.
    package var forward: TextDatabase?
    /// `domain.txt`: more rewrite rules, looked up after those of the configuration; nil when there is no such file or
    /// `use_domain_database` is 0 (rewrite-rules specification, section 1.6).
    package var domainRules: RewriteRules?

    init() {}

    init(_ reader: inout Reader) {
        general = reader.table("general.txt", bit: 0)
        reverse = reader.table("reverse.txt", bit: 1)
        forward = reader.table("forward.txt", bit: 2)
        domainRules = reader.rules("domain.txt")
    }

    /// Reads the files that the options ask for.
    struct Reader {
        let options: OptionStore
        let symbols: SymbolTable
        let paths: InstancePaths
        let files: ConfigurationFiles
        var diagnostics = Diagnostics()

        private static let option = "mta.use_text_databases"

        fileprivate mutating func table(_ name: String, bit: Int) -> TextDatabase? {
            let isWanted = (options.integer(Self.option) ?? 0) >> bit & 1 == 1
            guard let file = file(name) else {
                if isWanted {
                    diagnostics.warning(
                        "use_text_databases asks for \(name), which does not exist, so it counts as empty",
                        at: options[Self.option]?.location, advice: "make the file, or clear the value \(1 << bit)")
                }
                return nil
            }
            guard isWanted else {
                diagnostics.warning(
                    "\(name) is there and nothing looks into it", at: SourceLocation(file: name, line: 1),
                    advice: "add \(1 << bit) to use_text_databases")
                return nil
            }
            return TextDatabase(
                TextDatabase.entries(of: file, diagnostics: &diagnostics), diagnostics: &diagnostics)
        }

        fileprivate mutating func rules(_ name: String) -> RewriteRules? {
            guard options.boolean("mta.use_domain_database"), let file = file(name) else { return nil }
            return TextDatabases.rules(file, symbols, &diagnostics)
        }

        private mutating func file(_ name: String) -> LineReader.File? {
            switch files.read(paths.configurationFile(name)) {
            case .success(let content): return content.map { LineReader.File(name: name, content: $0) }
            case .failure(let error):
                diagnostics.error(
                    "cannot read \(name): \(error.reason)", at: SourceLocation(file: name, line: 1),
                    advice: "make it readable for the user the MTA runs as")
                return nil
            }
        }
    }

    /// Rewrite rules of a domain database.
    private static func rules(
        _ file: LineReader.File, _ symbols: SymbolTable, _ diagnostics: inout Diagnostics
    ) -> RewriteRules {
        let sources = TextDatabase.entries(of: file, diagnostics: &diagnostics).map { entry in
            if entry.key.utf8.contains(UInt8(ascii: "*")) || entry.key.hasPrefix("$") {
                diagnostics.warning(
                    "the pattern \(entry.key) is never looked up in the domain database", at: entry.location,
                    advice: "make it a rewrite rule of the configuration")
            }
            return RewriteRuleSource(
                pattern: symbols.expandingText(entry.key), template: symbols.expandingText(entry.value),
                location: entry.location)
        }
        return RewriteRules(compiling: sources, diagnostics: &diagnostics)
    }

    /// A database by the name that `test rewrite --database` has for it (commands specification, section 7.1).
    package enum Name: String, Sendable, CaseIterable { case domain, general, reverse, forward }

    /// Puts another file in the place of a database; nil: there is none.
    package mutating func replace(
        _ name: Name, with file: LineReader.File?, symbols: SymbolTable, diagnostics: inout Diagnostics
    ) {
        func table(_ diagnostics: inout Diagnostics) -> TextDatabase? {
            file.map {
                TextDatabase(TextDatabase.entries(of: $0, diagnostics: &diagnostics), diagnostics: &diagnostics)
            }
        }
        switch name {
        case .domain: domainRules = file.map { Self.rules($0, symbols, &diagnostics) }
        case .general: general = table(&diagnostics)
        case .reverse: reverse = table(&diagnostics)
        case .forward: forward = table(&diagnostics)
        }
    }
}
