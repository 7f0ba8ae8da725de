package import OptionSyntax

/// A rewrite rule as the administrator wrote it.
package struct RewriteRuleSource: Hashable, Sendable {
    /// What hosts the rule is for, in the forms of section 4.1.
    package var pattern: String
    /// What becomes of the address, unexpanded (section 5).
    package var template: String
    /// Where the rule stands.
    package var location: SourceLocation

    package init(pattern: String, template: String, location: SourceLocation) {
        self.pattern = pattern
        self.template = template
        self.location = location
    }

    /// Splits a line `PATTERN TEMPLATE`: the template is the rest of the line without trailing white space, as error
    /// texts contain blanks (rewrite-rules specification, section 1.1). Nil for a blank line.
    package init?(rule: String, at location: SourceLocation) {
        let line = rule.trimmingBlanks.utf8
        guard !line.isEmpty else { return nil }
        let pattern = line.prefix { !$0.isBlank }
        let template = text(line.dropFirst(pattern.count)).trimmingBlanks
        self.init(pattern: text(pattern), template: template, location: location)
    }
}
