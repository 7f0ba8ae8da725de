package import OptionSyntax

/// A rewrite rule as the administrator wrote it.
package struct RewriteRuleSource: Hashable, Sendable {
    /// What hosts the rule is for, in the forms of section 4.1.
    package var pattern: String
    /// What becomes of the address, unexpanded (section 5).
    package var template: String
    /// Where the rule stands.
    package var location: SourceLocation
    /// Where the template stands, for findings in it.
    let templatePlace: TextPlace

    /// A rule that is not written down as one line, for example one of a database.
    package init(pattern: String, template: String, location: SourceLocation) {
        self.pattern = pattern
        self.template = template
        self.location = location
        templatePlace = TextPlace(fixed: location)
    }

    /// Splits a line `PATTERN TEMPLATE`: the template is the rest of the line without trailing white space, as error
    /// texts contain blanks (rewrite-rules specification, section 1.1). Nil for a blank line. `location`: where the
    /// pattern begins; `place`: where the bytes behind it stand, nil for a line as the file has it.
    package init?(rule: String, at location: SourceLocation, place: TextPlace? = nil) {
        let line = rule.trimmingBlanks.utf8
        guard !line.isEmpty else { return nil }
        let pattern = line.prefix { !$0.isBlank }
        let rest = line.dropFirst(pattern.count)
        self.pattern = text(pattern)
        template = text(rest).trimmingBlanks
        self.location = location
        let offset = pattern.count + rest.prefix(while: \.isBlank).count
        templatePlace = (place ?? TextPlace(location)).dropping(offset)
    }
}
