/// What is certain about a rewrite rule without any address: the cross checks of a configuration ask for it.
package struct RuleFacts: Hashable, Sendable {
    package var source: RewriteRuleSource
    /// The host that every address goes to which the rule applies to; nil when it depends on the address, when the
    /// rule's result is rewritten again, or when the rule only sets an error.
    package var routingHost: String?
    /// The channels that `$M`, `$N`, `$Q` and `$C` name in so many words.
    package var channels: [String]
    /// The mapping tables that `${table,argument}` asks.
    package var mappingTables: [String]
    /// Nothing in the template can fail or depends on the address, so that no later rule of the pattern is tried.
    package var alwaysApplies: Bool
    /// The result is not rewritten again: no other pattern is tried.
    package var endsRewriting: Bool
    /// `$T` stands in the template.
    package var setsTag: Bool
}

extension RewriteRules {
    /// The facts about all rules, those of one pattern together in the order of the configuration.
    package var facts: [[RuleFacts]] { allRules.map { $0.map { RuleFacts($0.source, $0.template) } } }
}

extension RuleFacts {
    fileprivate init(_ source: RewriteRuleSource, _ template: RewriteTemplate) {
        self.source = source
        let parts = template.elements.split(omittingEmptySubsequences: false) { $0.separator != nil }
        let ends = template.elements.contains { $0.separator == .at }
        routingHost = ends ? parts.last.flatMap(Self.constantText) : nil
        channels = []
        mappingTables = []
        alwaysApplies = template.soleError != nil || Self.alwaysApplies(template, parts, source.pattern)
        endsRewriting = template.soleError != nil || ends
        setsTag = template.elements.contains { if case .tag = $0 { true } else { false } }
        collect(template.elements)
    }

    /// The text that `elements` make when it is the same for every address.
    private static func constantText(_ elements: some Sequence<RewriteTemplate.Element>) -> String? {
        var result = ""
        for element in elements {
            switch element {
            case .text(let text): result += text
            case .kind, .direction, .location, .sourceChannel, .destinationChannel, .reprocessing, .domainCheck, .tag,
                .errorText:
                break
            default: return nil
            }
        }
        return result.isEmpty ? nil : result
    }

    private mutating func collect(_ elements: [RewriteTemplate.Element]) {
        for element in elements {
            switch element {
            case .sourceChannel(_, let name), .destinationChannel(_, let name):
                if let channel = Self.constantText(name) { channels.append(channel) }
                collect(name)
            case .mapping(let table, let argument):
                mappingTables.append(table)
                collect(argument)
            case .generalDatabase(let argument), .callout(_, _, let argument), .domainCheck(_, let argument),
                .tag(let argument), .errorText(_, let argument):
                collect(argument)
            default: break
            }
        }
    }

    /// Whether the template has a form whose parts cannot be empty, and nothing in it can fail (sections 4.4, 5.1).
    private static func alwaysApplies(
        _ template: RewriteTemplate, _ parts: [ArraySlice<RewriteTemplate.Element>], _ pattern: String
    ) -> Bool {
        let form = template.elements.compactMap(\.separator)
        return !template.isConditional && RewriteTemplate.isForm(form) && template.elements.allSatisfy(\.cannotFail)
            && parts.dropFirst().allSatisfy { $0.contains { $0.makesText(under: pattern) } }
    }
}

extension RewriteTemplate.Element {
    fileprivate var separator: RewriteTemplate.Separator? {
        if case .separator(let separator) = self { separator } else { nil }
    }

    fileprivate var cannotFail: Bool {
        switch self {
        case .text, .separator, .localPart, .host, .domain, .literal, .addressCharacter, .uniqueString, .letterCase,
            .filterQuoting:
            true
        case .tag(let elements), .errorText(_, let elements): elements.allSatisfy(\.cannotFail)
        default: false
        }
    }

    /// Whether it makes at least one character, whatever host a rule of the pattern is applied to.
    fileprivate func makesText(under pattern: String) -> Bool {
        switch self {
        case .text, .uniqueString: true
        case .host(0): pattern.hasPrefix(".") || pattern.hasPrefix("*") || pattern.hasPrefix("$")
        case .domain(0): !pattern.hasPrefix("$") && pattern != "*"
        default: false
        }
    }
}
