package import OptionSyntax

/// Entries of a mapping table that no probe ever comes to.
package struct UnreachableEntries: Hashable, Sendable {
    package var table: String
    /// The first of them.
    package var first: SourceLocation
    package var count: Int
    /// The entry that every scan ends with, or begins again.
    package var behind: SourceLocation
}

extension MappingTables {
    /// For each table what stands behind an entry that matches everything and never goes on to the next one
    /// (mappings specification, sections 2 and 3.3).
    package var unreachableEntries: [UnreachableEntries] {
        tables.compactMap { table in
            let last = table.entries.firstIndex { $0.pattern.matchesEverything && $0.template.neverGoesOn }
            guard let last, last + 1 < table.entries.count else { return nil }
            return UnreachableEntries(
                table: table.name, first: table.entries[last + 1].location, count: table.entries.count - last - 1,
                behind: table.entries[last].location)
        }
    }
}

extension MappingPattern {
    fileprivate var matchesEverything: Bool {
        guard elements.count == 1, case .many(let set, _, _) = elements[0] else { return false }
        return set == 0
    }
}

extension MappingTemplate {
    /// Whether the scan never comes to the next entry, whether the template fails or not (section 3.4).
    fileprivate var neverGoesOn: Bool {
        var goesOn = false
        for element in elements {
            switch element {
            case .condition, .callout: return false
            case .control(let control): goesOn = control == .next || control == .nextAndAgain
            case .endNow: return true
            case .generalDatabase, .mapping, .directory, .domainAttribute, .sequence, .percentage, .failure:
                if goesOn || element.hasCondition { return false }
            case .text, .field, .letterCase, .filterQuoting, .flag: break
            }
        }
        return !goesOn
    }
}

extension MappingTemplate.Element {
    /// Conditions and controls count in an argument as well.
    fileprivate var hasCondition: Bool {
        argument?.contains { element in
            switch element {
            case .condition, .callout, .control: true
            default: element.hasCondition
            }
        } ?? false
    }
}
