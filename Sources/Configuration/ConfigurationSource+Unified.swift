import Channels
import Mappings
import OptionSyntax

extension ConfigurationSource {
    /// What martlet.conf and the files beside it in the same grammar say.
    init(unified files: [LineReader.File], open: @escaping LineReader.Opener) {
        self.init(form: .unified)
        var statements: [UnifiedStatement] = []
        for file in files {
            let reader = UnifiedReader(file, open: open)
            diagnostics.append(contentsOf: reader.diagnostics)
            statements += reader.statements
        }
        for statement in statements {
            if case .body(let section) = statement.kind, section.kind == .aliases {
                aliases.append(statement.line.dropping(statement.line.text.utf8.prefix(while: \.isBlank).count))
            } else if case .body(let section) = statement.kind, section.kind == .conversions {
                conversions.append(statement.line)
            } else {
                for setting in statement.settings { sort(setting, statement) }
            }
            if case .header(let section) = statement.kind { openGroup(section, statement.line) }
            explicit += statement.settings
        }
        checkRepetitions()
        var keywords = KeywordReader(pools: pools)
        channels = UnifiedChannels(explicit, order: channelOrder(statements)).blocks(&keywords, &diagnostics)
        diagnostics.append(contentsOf: keywords.diagnostics)
    }

    private mutating func sort(_ setting: OptionSetting, _ statement: UnifiedStatement) {
        let steps = setting.path.steps
        switch (steps[0].name, steps[0].group, steps.count) {
        case ("rewrite", nil, 2) where steps[1].name == "rule":
            rules.append(
                Rule(
                    text: setting.value ?? "", location: setting.valueLocation, place: statement.place(of: setting)))
        case ("mapping", let name?, 2) where steps[1].name == "rule":
            addMappingRule(name, setting, statement.place(of: setting))
        case ("alias", _?, 2) where steps[1].name.hasPrefix("alias_"): aliasOptions.append(setting)
        case ("channel", _?, 2...): break
        case ("rewrite", _, _), ("mapping", _, _), ("alias", _, _), ("channel", _, _):
            diagnostics.error(
                "\(setting.path) is not an option", at: setting.location,
                advice: "a period inside a group name is written \\.")
        default: options.append(setting)
        }
    }

    private mutating func addMappingRule(_ name: String, _ setting: OptionSetting, _ place: TextPlace) {
        let index = mappingIndex(name, setting.location)
        let entry = MappingEntrySource(
            rule: setting.value ?? "", at: setting.valueLocation, place: place, diagnostics: &diagnostics)
        if let entry { mappings[index].entries.append(entry) }
    }

    private mutating func mappingIndex(_ name: String, _ place: SourceLocation) -> Int {
        if let index = mappings.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) { return index }
        mappings.append(MappingTableSource(name: name, entries: [], location: place))
        return mappings.count - 1
    }

    /// An empty table or group exists too.
    private mutating func openGroup(_ section: UnifiedSection, _ line: LogicalLine) {
        switch section.kind {
        case .mapping(let name): _ = mappingIndex(name, line.location)
        case .group(let path) where path.isGroup && path.steps.count > 1:
            options.append(OptionSetting(path, nil, scope: section.scope, at: line.location))
        default: break
        }
    }

    /// Channels in the order of their first mention, in a header or an option.
    private func channelOrder(_ statements: [UnifiedStatement]) -> [Word] {
        var order: [Word] = []
        for statement in statements {
            if case .header(let section) = statement.kind, case .channel(let name) = section.kind {
                order.append(Word(name, at: statement.line.location))
            }
            for setting in statement.settings where setting.path.steps[0].name == "channel" {
                order.append(Word(setting.path.steps[0].group ?? "", at: setting.location))
            }
        }
        return order
    }

    /// The same single-valued option twice in one scope is an error that names both lines.
    private mutating func checkRepetitions() {
        struct Key: Hashable {
            var scope: OptionScope
            var key: String
        }
        var first: [Key: SourceLocation] = [:]
        for setting in explicit where setting.value != nil && !OptionCatalogue.isMultiValued(setting.path) {
            let key = Key(scope: setting.scope, key: setting.path.key)
            if let other = first[key] {
                diagnostics.error(
                    "\(setting.path) is set twice, first at \(other)", at: setting.location,
                    advice: "take one of the two away")
            } else {
                first[key] = setting.location
            }
        }
    }
}
