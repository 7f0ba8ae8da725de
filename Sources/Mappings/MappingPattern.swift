package import OptionSyntax

/// A compiled pattern of a mapping entry (mappings specification, section 2).
package struct MappingPattern: Sendable {
    /// Elements carry no references, so that trying one costs no reference counting.
    enum Element: Hashable, Sendable {
        /// Folded text in `literals`.
        case literal(offset: Int, count: Int)
        /// One character of a class; `field` -1 means it is not saved.
        case one(set: Int, field: Int)
        /// Any number of characters of a class.
        case many(set: Int, field: Int, lazy: Bool)
        /// Again what the field holds, `$n*`; a field that no wildcard to the left saves never matches.
        case back(field: Int)
        case ipv4(IPv4Test, field: Int)
        case ipv6(IPv6Test, field: Int)
    }

    private(set) var elements: [Element] = []
    private(set) var literals: [UInt8] = []
    private(set) var classes: [CharacterClass] = [.any]
    private(set) var fieldCount = 0
    private(set) var hasBackMatch = false
    /// Least number of bytes that the elements from each index on need.
    private(set) var minimumRest: [Int] = [0]

    /// Compiles `source`; what is wrong with it goes to `diagnostics`.
    package init(compiling source: String, at place: TextPlace = TextPlace(nil), diagnostics: inout Diagnostics) {
        var compiler = MappingPatternCompiler(source, at: place)
        compiler.compile(into: &self, diagnostics: &diagnostics)
        minimumRest = [Int](repeating: 0, count: elements.count + 1)
        for index in elements.indices.reversed() {
            minimumRest[index] = minimumRest[index + 1] + minimumLength(of: elements[index])
        }
    }

    private func minimumLength(of element: Element) -> Int {
        switch element {
        case .literal(_, let count): count
        case .one: 1
        case .many, .back: 0
        case .ipv4: 7
        case .ipv6: 2
        }
    }

    var hasAddress: Bool {
        elements.contains { element in
            switch element {
            case .ipv4, .ipv6: true
            default: false
            }
        }
    }

    /// The saved fields when the pattern matches the whole of `text`, else nil.
    package func match(_ text: String) -> [String]? {
        let probe = ProbeText(Array(text.utf8), findsAddresses: hasAddress)
        var matcher = PatternMatcher(self, probe)
        guard matcher.matches() else { return nil }
        return matcher.fields.map { probe.original[$0].text }
    }
}

/// Building.
extension MappingPattern {
    mutating func append(literal byte: UInt8) {
        if case .literal(let offset, let count) = elements.last {
            elements[elements.count - 1] = .literal(offset: offset, count: count + 1)
        } else {
            elements.append(.literal(offset: literals.count, count: 1))
        }
        literals.append(byte.lowered)
    }

    mutating func append(wildcard set: CharacterClass, many: Bool, saved: Bool, lazy: Bool) {
        let index = classes.firstIndex(of: set) ?? classes.count
        if index == classes.count { classes.append(set) }
        let field = newField(saved)
        elements.append(many ? .many(set: index, field: field, lazy: lazy) : .one(set: index, field: field))
    }

    mutating func append(backMatch field: Int) {
        hasBackMatch = true
        elements.append(.back(field: field < fieldCount ? field : .max))
    }

    mutating func append(ipv4 test: IPv4Test, saved: Bool) { elements.append(.ipv4(test, field: newField(saved))) }

    mutating func append(ipv6 test: IPv6Test, saved: Bool) { elements.append(.ipv6(test, field: newField(saved))) }

    private mutating func newField(_ saved: Bool) -> Int {
        guard saved else { return -1 }
        fieldCount += 1
        return fieldCount - 1
    }
}

/// The listing of `test -match` (section 4.2).
extension MappingPattern {
    /// One line per element, `[   1S] cglob [1ax]`; `S` marks a saved one, literals are listed character by character.
    package var listing: [String] {
        var lines: [String] = []
        func add(_ text: String, saved: Bool = false) {
            let number = String(lines.count + 1)
            let padding = String(repeating: " ", count: max(0, 4 - number.count))
            lines.append("[\(padding)\(number)\(saved ? "S" : "")] \(text)")
        }
        for element in elements {
            switch element {
            case .literal(let offset, let count):
                for character in literals[offset..<offset + count].text { add("\"\(character)\"") }
            case .one(let set, let field):
                add(set == 0 ? "char" : "cchar [\(classes[set].listing)]", saved: field >= 0)
            case .many(let set, let field, let lazy):
                add(
                    (set == 0 ? "glob" : "cglob [\(classes[set].listing)]") + (lazy ? ", lazy" : ""), saved: field >= 0)
            case .back(let field): add(field == .max ? "back, never" : "back \(field)")
            case .ipv4(_, let field): add("ipv4", saved: field >= 0)
            case .ipv6(_, let field): add("ipv6", saved: field >= 0)
            }
        }
        return lines
    }
}
