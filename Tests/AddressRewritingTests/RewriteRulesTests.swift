import AddressRewriting
import OptionSyntax
import Testing

/// Reading and checking rules (rewrite-rules specification, section 1).
@Suite struct RewriteRulesTests {
    @Test(arguments: [
        ("no template", "a\n", "imta.cnf:1:1: error: no equivalence for rewrite rule a"),
        ("status", "a  $123?x\n", "imta.cnf:1:4: error: '$123?' is not a status"),
        ("status class", "a  $3001002?x\n", "imta.cnf:1:4: error: '$3001002?' is not a status"),
        ("comma", ".  $U%$H$,$H@x\n", "imta.cnf:1:9: warning: '$,' means nothing"),
        ("tilde", "a  $U%$~h@x\n", "imta.cnf:1:7: warning: '$~' means nothing"),
        ("temporary text", "a  $U%$.h@x\n", "imta.cnf:1:7: warning: '$.' means nothing"),
        ("no separator", "a  $U\n", "imta.cnf:1:1: warning: the template of a has none of the forms"),
        ("two percent signs", "a  $U%h%x\n", "imta.cnf:1:1: warning: the template of a has none of the forms"),
        ("open bracket", "a  ${T,$U\n", "imta.cnf:1:4: error: '}' is missing"),
        ("open database", "a  $(x\n", "imta.cnf:1:4: error: ')' is missing"),
        ("open URL", "a  $]ldap\n", "imta.cnf:1:4: error: '[' is missing"),
        ("long pattern", "\(String(repeating: "a", count: 257)) $U@x\n", "imta.cnf:1:1: error: the pattern is longer"),
        ("long template", "a $U@\(String(repeating: "a", count: 1025))\n", "imta.cnf:1:1: error: the template is"),
        (
            "nested", "a  \(String(repeating: "$(", count: 60))x\(String(repeating: ")", count: 60))\n",
            "imta.cnf:1:44: error: sequences are nested"
        ),
    ])
    func findings(_ name: String, _ text: String, _ expected: String) {
        let findings = compileRules(text).findings
        #expect(findings.contains { $0.description.hasPrefix(expected) }, "\(name): \(findings)")
    }

    @Test func templatesMayContainBlanks() {
        let location = SourceLocation(file: "martlet.conf", line: 1)
        let rule = RewriteRuleSource(rule: "  .  $?Unrecognized address; ask us \t", at: location)
        #expect(rule?.pattern == ".")
        #expect(rule?.template == "$?Unrecognized address; ask us")
        #expect(RewriteRuleSource(rule: "   ", at: location) == nil)
    }
}
