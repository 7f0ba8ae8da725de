import AddressRewriting
import Aliases
import Channels
import Mappings
import OptionSyntax

/// Rewrite rules.
extension CrossChecks {
    /// `groups`: the rules by pattern.
    mutating func checkRules(_ groups: [[RuleFacts]]) {
        for group in groups {
            checkSequence(group)
            for rule in group {
                checkRoutingHost(rule)
                checkChannels(rule)
            }
        }
        checkMatchAll(groups)
    }

    /// Legal, but every address that such a rule matches bounces.
    private mutating func checkRoutingHost(_ rule: RuleFacts) {
        let channels = configuration.channels
        guard let host = rule.routingHost, channels.channel(forHost: host) == nil else { return }
        diagnostics.warning(
            "rewrite rule \(rule.source.pattern) leads to \(host), which is no channel's host name",
            at: rule.source.location,
            advice: Spelling.advice(
                for: host, among: channels.hostNames, otherwise: "every address that matches it will be refused"))
    }

    private mutating func checkChannels(_ rule: RuleFacts) {
        let channels = configuration.channels
        for name in rule.channels where channels.channel(named: name) == nil {
            diagnostics.warning(
                "rewrite rule \(rule.source.pattern) asks for channel \(name), which does not exist",
                at: rule.source.location, advice: Spelling.advice(for: name, among: channels.channels.map(\.name)))
        }
    }

    /// Rules of one pattern are tried in order until one applies (rewrite-rules specification, section 4.4).
    private mutating func checkSequence(_ group: [RuleFacts]) {
        guard let last = group.firstIndex(where: \.alwaysApplies) else { return }
        for rule in group[(last + 1)...] {
            diagnostics.warning(
                "rewrite rule \(rule.source.pattern) is never reached: the rule of the same pattern at"
                    + " \(group[last].source.location) always applies",
                at: rule.source.location, advice: "put it in front of that rule, or remove it")
        }
    }

    /// `$*` is tried before every other pattern, `.` before `$%` and `$!` (sections 4.1 and 4.5).
    private mutating func checkMatchAll(_ groups: [[RuleFacts]]) {
        func unconditional(_ pattern: String) -> RuleFacts? {
            groups.first { $0.first?.source.pattern == pattern }?.first(where: \.alwaysApplies)
        }
        if let rule = unconditional("$*"), rule.endsRewriting, !rule.setsTag {
            let others = groups.flatMap { $0 }.filter { $0.source.pattern != "$*" }
            guard let first = others.first else { return }
            diagnostics.warning(
                "rewrite rule $* always applies, so that no other pattern is looked up: \(others.count) rules are never"
                    + " reached, the first at \(first.source.location)",
                at: rule.source.location, advice: "use the pattern . for hosts that no other rule knows")
        } else if let rule = unconditional(".") {
            for shadowed in groups.flatMap({ $0 }) where ["$%", "$!"].contains(shadowed.source.pattern) {
                diagnostics.warning(
                    "rewrite rule \(shadowed.source.pattern) is never reached: rule . at \(rule.source.location) always"
                        + " applies before it",
                    at: shadowed.source.location, advice: "put a condition such as $A into the rule .")
            }
        }
    }
}

/// Mapping tables.
extension CrossChecks {
    mutating func checkMappings(_ rules: [[RuleFacts]]) {
        let tables = configuration.mappings
        if configuration.dispatcher.services.contains(where: \.enabled),
            !["ORIG_SEND_ACCESS", "SEND_ACCESS", "ORIG_MAIL_ACCESS", "MAIL_ACCESS"].contains(where: tables.contains)
        {
            diagnostics.warning(
                "there is no ORIG_SEND_ACCESS mapping table, so anybody may relay through this host", at: nil,
                advice: "take the table of the default configuration")
        }
        checkEntries()
        checkReferences(rules)
        for table in configuration.mappings.locations {
            guard let known = WellKnownMapping.named(table.name), known.effect == .notYet else { continue }
            diagnostics.warning(
                "mapping table \(table.name) has no effect: nothing asks it yet", at: table.location,
                advice: "leave it out, or keep it for a later release")
        }
    }

    private mutating func checkEntries() {
        for found in configuration.mappings.unreachableEntries {
            let subject = found.count == 1 ? "the entry is" : "this entry and what follows, \(found.count) in all, are"
            diagnostics.warning(
                "\(subject) never reached: every scan of \(found.table) ends with the entry at \(found.behind)",
                at: found.first, advice: "put that entry last, or write $C into its template")
        }
    }

    /// Tables that something names, and that are not there.
    private mutating func checkReferences(_ rules: [[RuleFacts]]) {
        for rule in rules.joined() {
            for name in rule.mappingTables {
                checkTable(name, "rewrite rule \(rule.source.pattern)", at: rule.source.location)
            }
        }
        for entry in configuration.aliases.order.compactMap({ configuration.aliases.entries[$0] }) {
            for name in entry.parameters?.mappingTables ?? [] {
                checkTable(name, "alias \(entry.name)", at: entry.location)
            }
        }
        let place = configuration.options["mta.delivery_options"]?.location
        for option in configuration.mta.deliveryOptions.options {
            for name in option.mappingTables { checkTable(name, "delivery option \(option.name)", at: place) }
        }
        let keywords = [
            ("commentmap", "COMMENT_STRINGS"), ("sourcecommentmap", "COMMENT_STRINGS"),
            ("personalmap", "PERSONAL_NAMES"), ("sourcepersonalmap", "PERSONAL_NAMES"),
        ]
        for channel in configuration.channels.channels {
            for (keyword, table) in keywords {
                guard let setting = channel.settings[keyword] else { continue }
                checkTable(table, "\(keyword) of channel \(channel.name)", at: setting.location)
            }
        }
    }

    private mutating func checkTable(_ name: String, _ asker: String, at place: SourceLocation?) {
        let tables = configuration.mappings
        guard !tables.contains(name) else { return }
        diagnostics.warning(
            "\(asker) asks mapping table \(name), which does not exist", at: place,
            advice: Spelling.advice(for: name, among: tables.names))
    }
}
