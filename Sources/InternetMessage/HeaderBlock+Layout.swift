/// How the fields of a header are laid out for systems that are particular about it (channels specification, 4.14).
package struct HeaderLayout: Hashable, Sendable {
    /// Column at which values start; 0: one blank behind the colon, as written.
    package var labelAlignment: Int
    /// Lines above this are folded; nil leaves them.
    package var lineLength: Int?
    /// Most addresses of a field; more make another field of the same name.
    package var mostAddresses: Int?
    /// Most characters of a field of addresses, likewise.
    package var mostCharacters: Int?

    package init(
        labelAlignment: Int = 0, lineLength: Int? = nil, mostAddresses: Int? = nil, mostCharacters: Int? = nil
    ) {
        self.labelAlignment = labelAlignment
        self.lineLength = lineLength
        self.mostAddresses = mostAddresses
        self.mostCharacters = mostCharacters
    }
}

extension HeaderBlock {
    /// Widest column that values are moved to.
    private static let widestAlignment = 80

    /// Fields of which a message may have several without harm, as far as anything reads them.
    private static let dividedFields = ["To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"]

    package mutating func apply(_ layout: HeaderLayout) {
        if layout.mostAddresses != nil || layout.mostCharacters != nil { divide(layout) }
        if layout.labelAlignment > 0 { align(to: min(layout.labelAlignment, Self.widestAlignment)) }
        if let limit = layout.lineLength { fold(at: limit) }
    }

    // MARK: Division

    private mutating func divide(_ layout: HeaderLayout) {
        var index = 0
        while index < fields.count {
            let field = fields[index]
            if Self.dividedFields.contains(where: { isNamed($0, field) }),
                let elements = Self.elements(bytes[field.value]), elements.count > 1
            {
                let name = Array(bytes[field.name])
                let groups = Self.groups(elements, nameLength: name.count, layout)
                if groups.count > 1 {
                    let new = groups.map { Self.field(name, $0.joined(separator: [Octet.comma, Octet.space])) }
                    remove(at: index)
                    for octets in new.reversed() { insert(wholeField: octets, at: index) }
                    index += new.count - 1
                }
            }
            index += 1
        }
    }

    /// The addresses of a list, unfolded; nil when it has groups or cannot be divided.
    private static func elements(_ value: ArraySlice<UInt8>) -> [[UInt8]]? {
        var scanner = ListScanner()
        var elements: [[UInt8]] = [[]]
        for octet in value {
            switch scanner.take(octet) {
            case .separator: elements.append([])
            case .group: return nil
            case .text:
                if octet != Octet.carriageReturn, octet != Octet.lineFeed { elements[elements.count - 1].append(octet) }
            }
        }
        guard scanner.isOutside else { return nil }
        return elements.map { trimmed($0) }.filter { !$0.isEmpty }
    }

    private static func trimmed(_ octets: [UInt8]) -> [UInt8] {
        var rest = octets[...].drop { $0 <= Octet.space }
        while let last = rest.last, last <= Octet.space { rest.removeLast() }
        return Array(rest)
    }

    private static func groups(_ elements: [[UInt8]], nameLength: Int, _ layout: HeaderLayout) -> [[[UInt8]]] {
        var groups: [[[UInt8]]] = []
        var length = 0
        for element in elements {
            let isFull =
                groups.last.map {
                    $0.count >= layout.mostAddresses ?? .max
                        || length + 2 + element.count > layout.mostCharacters ?? .max
                } ?? true
            if isFull {
                groups.append([])
                length = nameLength + 2 + element.count
            } else {
                length += 2 + element.count
            }
            groups[groups.count - 1].append(element)
        }
        return groups
    }

    private static func field(_ name: [UInt8], _ value: some Sequence<UInt8>) -> [UInt8] {
        var octets = name
        octets.append(Octet.colon)
        var folder = FieldFolder(column: octets.count)
        folder.appendWords(value, to: &octets)
        return octets + [Octet.carriageReturn, Octet.lineFeed]
    }

    // MARK: Lines

    /// `To:      x`: the value begins in `column`, counted from 1.
    private mutating func align(to column: Int) {
        for index in fields.indices {
            let field = fields[index]
            let start = bytes[field.value].firstIndex { !$0.isBlank } ?? field.value.upperBound
            let label = field.name.count + 1
            let blanks = [UInt8](repeating: Octet.space, count: max(1, column - 1 - label))
            // A value that begins on the next line has its place.
            guard start < field.value.upperBound, bytes[start] > Octet.space else { continue }
            replace([Piece(range: field.value.lowerBound..<start, text: blanks)], inFieldAt: index)
        }
    }

    private mutating func fold(at limit: Int) {
        for index in fields.indices { fold(at: limit, fieldAt: index) }
    }

    /// Puts line ends before blanks of the field at `index`, so that its lines have at most `limit` octets.
    package mutating func fold(at limit: Int, fieldAt index: Int) {
        guard fields.indices.contains(index), needsFold(fields[index], limit) else { return }
        replace(foldPieces(fields[index], max(limit, 20)), inFieldAt: index)
    }

    private func needsFold(_ field: Field, _ limit: Int) -> Bool {
        bytes[field.whole].split(separator: Octet.lineFeed).contains { $0.count > limit + 1 }
    }

    /// Line ends in front of blanks, so that lines have at most `limit` octets where there are blanks; others stay.
    private func foldPieces(_ field: Field, _ limit: Int) -> [Piece] {
        var pieces: [Piece] = []
        var lineStart = field.whole.lowerBound
        var blank: Int?
        var index = field.value.lowerBound
        while index < field.value.upperBound {
            let octet = bytes[index]
            if octet == Octet.lineFeed {
                lineStart = index + 1
                blank = nil
            } else if octet.isBlank, index > lineStart, !bytes[index - 1].isBlank, index > field.value.lowerBound {
                blank = index
            }
            if index - lineStart >= limit, let place = blank {
                pieces.append(Piece(range: place..<place, text: [Octet.carriageReturn, Octet.lineFeed]))
                lineStart = place
                blank = nil
            }
            index += 1
        }
        return pieces
    }
}

/// Finds the commas between the addresses of a list.
private struct ListScanner {
    enum Finding { case text, separator, group }

    private var isQuoted = false
    private var isEscaped = false
    private var depth = 0
    private var inAngle = false
    private var inLiteral = false

    var isOutside: Bool { !isQuoted && depth == 0 && !inAngle }

    mutating func take(_ octet: UInt8) -> Finding {
        if isEscaped {
            isEscaped = false
            return .text
        }
        switch octet {
        case Octet.backslash: isEscaped = isQuoted || depth > 0
        case Octet.quote where depth == 0: isQuoted.toggle()
        case _ where isQuoted: break
        case Octet.openParenthesis: depth += 1
        case Octet.closeParenthesis: depth = max(0, depth - 1)
        case _ where depth > 0: break
        case Octet.less: inAngle = true
        case Octet.greater: inAngle = false
        case Octet.openBracket: inLiteral = true
        case Octet.closeBracket: inLiteral = false
        case Octet.comma where !inAngle && !inLiteral: return .separator
        case Octet.colon where !inAngle && !inLiteral, Octet.semicolon where !inAngle: return .group
        default: break
        }
        return .text
    }
}
