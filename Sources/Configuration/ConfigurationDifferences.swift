import OptionSyntax

/// What two texts of martlet.conf set differently, as lines that `config show` would print.
package struct ConfigurationDifferences: Hashable, Sendable {
    /// One line that only one of the texts has.
    package struct Line: Hashable, Sendable, CustomStringConvertible {
        package var isAdded: Bool
        package var text: String

        /// With a plus or minus sign in front.
        package var description: String { (isAdded ? "+ " : "- ") + text }
    }

    package var lines: [Line]

    /// Options that only moved are no difference; rules, aliases and conversions, whose order counts, are.
    package init(from former: [UInt8], to latter: [UInt8]) {
        let difference = Self.settings(latter).difference(from: Self.settings(former))
        var lines: [(offset: Int, line: Line, isOrdered: Bool)] = []
        for change in difference {
            switch change {
            case .remove(let offset, let setting, _):
                lines.append((offset, Line(isAdded: false, text: setting.text), setting.isOrdered))
            case .insert(let offset, let setting, _):
                lines.append((offset, Line(isAdded: true, text: setting.text), setting.isOrdered))
            }
        }
        let removed = Set(lines.filter { !$0.line.isAdded }.map(\.line.text))
        let added = Set(lines.filter { $0.line.isAdded }.map(\.line.text))
        let moved = removed.intersection(added)
        self.lines = lines.filter { $0.isOrdered || !moved.contains($0.line.text) }
            .sorted { ($0.offset, $0.line.isAdded ? 1 : 0) < ($1.offset, $1.line.isAdded ? 1 : 0) }
            .map(\.line)
    }

    private struct Setting: Hashable {
        var text: String
        var isOrdered: Bool
    }

    /// Included files are not looked into: they have no generations.
    private static func settings(_ text: [UInt8]) -> [Setting] {
        UnifiedReader.statements(of: text).flatMap { statement in
            if case .body(let section) = statement.kind, section.group == nil {
                let name = section.kind == .aliases ? "aliases" : "conversions"
                return [Setting(text: "[\(name)] \(statement.line.text.trimmingBlanks)", isOrdered: true)]
            }
            return statement.settings.map { setting in
                let name = "\(setting.scope.rawValue).\(setting.path)"
                return Setting(
                    text: setting.shownValue.map { "\(name) = \($0)" } ?? "\(name) (novalue)",
                    isOrdered: OptionCatalogue.isMultiValued(setting.path))
            }
        }
    }
}
