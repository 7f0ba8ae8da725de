import Mappings
package import OptionSyntax

/// The rewrite rules of a configuration, compiled once and immutable; found by pattern (rewrite-rules specification,
/// section 4). A class: rules are looked up several times for each address, at one reference count each.
package final class RewriteRules: Sendable {
    /// Longest pattern in octets (section 1.3).
    package static let patternLimit = 256
    /// Longest template in octets.
    package static let templateLimit = 1024

    /// A class, so that trying a rule costs one reference count and not one for each part of it.
    final class Rule: Sendable {
        let source: RewriteRuleSource
        let template: RewriteTemplate

        init(source: RewriteRuleSource, template: RewriteTemplate) {
            self.source = source
            self.template = template
        }
    }

    /// Numbers the patterns, in lower case.
    private let patterns: ByteKeyTable
    /// By the number of the pattern, in the order of the configuration.
    let allRules: [[Rule]]
    /// Whether a pattern has an asterisk for a label; without one half of the probes can be left out.
    let hasAsterisks: Bool
    /// The rules of `$*`, which are tried for every host.
    let everyHost: [Rule]

    /// No rules.
    package convenience init() {
        var diagnostics = Diagnostics()
        self.init(compiling: [], diagnostics: &diagnostics)
    }

    /// Compiles `sources`, keeping the order of rules with the same pattern; findings go to `diagnostics`.
    package init(compiling sources: [RewriteRuleSource], diagnostics: inout Diagnostics) {
        var numbers: [String: Int] = [:]
        var keys: [[UInt8]] = []
        var rules: [[Rule]] = []
        for source in sources {
            Self.check(source, diagnostics: &diagnostics)
            let template = RewriteTemplate(
                compiling: source.template, at: source.templatePlace, diagnostics: &diagnostics)
            template.checkForm(of: source, diagnostics: &diagnostics)
            let key = folded(source.pattern)
            let number = numbers[key] ?? rules.count
            if number == rules.count {
                numbers[key] = number
                keys.append(Array(key.utf8))
                rules.append([])
            }
            rules[number].append(Rule(source: source, template: template))
        }
        hasAsterisks = numbers.keys.contains { $0 != "$*" && $0.utf8.contains(UInt8(ascii: "*")) }
        everyHost = numbers["$*"].map { rules[$0] } ?? []
        patterns = ByteKeyTable(keys)
        allRules = rules
    }

    /// Whether a rule for header addresses may ask for the destination channel: by `$Q` or `$C`, or in what a database or
    /// a mapping gives it.
    package var headersDependOnDestination: Bool {
        rules.contains { $0.contains { $0.template.headersDependOnDestination } }
    }

    /// The number of rules.
    package var count: Int { allRules.reduce(0) { $0 + $1.count } }

    /// The rules of the pattern `head` + `tail`, which must be in lower case, in the order of the configuration; nil
    /// for none.
    func rules(head: Span<UInt8>, tail: Span<UInt8>) -> [Rule]? {
        guard let number = patterns.number(head: head, tail: tail) else { return nil }
        return allRules[number]
    }

    private static func check(_ source: RewriteRuleSource, diagnostics: inout Diagnostics) {
        if source.template.isEmpty {
            diagnostics.error(
                "no equivalence for rewrite rule \(source.pattern)", at: source.location,
                advice: "add a template after the pattern")
        }
        if source.pattern.utf8.count > patternLimit {
            diagnostics.error("the pattern is longer than \(patternLimit) octets", at: source.location)
        }
        if source.template.utf8.count > templateLimit {
            diagnostics.error("the template is longer than \(templateLimit) octets", at: source.location)
        }
    }
}

extension RewriteTemplate {
    /// Reports a template that can never make one of the forms of section 5.1.
    func checkForm(of source: RewriteRuleSource, diagnostics: inout Diagnostics) {
        guard soleError == nil, !source.template.isEmpty else { return }
        var separators: [Separator] = []
        for element in elements {
            switch element {
            case .separator(let separator): separators.append(separator)
            case .generalDatabase, .mapping, .callout, .directory, .checkChannels: return
            default: break
            }
        }
        if !Self.isForm(separators) {
            diagnostics.warning(
                "the template of \(source.pattern) has none of the forms A%B, A@B, A%B@C, A@B@C, A@B@C@D",
                at: source.location,
                advice: "the rule will never apply; write '$%' and '$@' for plain characters")
        }
    }

    fileprivate var headersDependOnDestination: Bool {
        !kinds.contains(.envelope)
            && elements.contains { element in
                switch element {
                case .destinationChannel, .generalDatabase, .mapping: true
                default: false
                }
            }
    }

    /// One to three separators, of which only the first may be a percent sign.
    static func isForm(_ separators: [Separator]) -> Bool {
        (1...3).contains(separators.count) && separators.dropFirst().allSatisfy { $0 == .at }
    }
}
