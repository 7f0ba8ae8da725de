extension HeaderBlock {
    /// Where a new field goes.
    package enum Place: Sendable {
        /// Before everything else: trace fields (RFC 5321 section 4.4).
        case top
        case bottom
    }

    /// Adds a field. The name is written in the family's capitals (smtp specification, 8.1), the value folded to lines
    /// of about 78 octets where it has blanks; line ends and NUL inside the value become blanks.
    package mutating func add(_ name: String, _ value: some Sequence<UInt8>, at place: Place = .bottom) {
        let field = store(name, value)
        fields.insert(field, at: place == .top ? 0 : fields.count)
    }

    package mutating func add(_ name: String, _ value: String, at place: Place = .bottom) {
        add(name, value.utf8, at: place)
    }

    /// Adds a field that is complete, folded and ended by CRLF: what `ReceivedField` writes. False when the octets are
    /// no field.
    @discardableResult
    package mutating func add(wholeField octets: [UInt8], at place: Place = .top) -> Bool {
        insert(wholeField: octets, at: place == .top ? 0 : fields.count)
    }

    /// The same in front of the field at `index`.
    @discardableResult
    mutating func insert(wholeField octets: [UInt8], at index: Int) -> Bool {
        guard let colon = octets.firstIndex(of: Octet.colon), colon > 0 else { return false }
        let start = bytes.count
        var valueEnd = octets.count
        while valueEnd > colon + 1,
            octets[valueEnd - 1] == Octet.lineFeed || octets[valueEnd - 1] == Octet.carriageReturn
        {
            valueEnd -= 1
        }
        bytes.append(contentsOf: octets)
        let field = Field(
            name: start..<(start + colon), value: (start + colon + 1)..<(start + valueEnd),
            whole: start..<bytes.count, isFolded: octets[..<valueEnd].contains(Octet.lineFeed))
        fields.insert(field, at: index)
        return true
    }

    /// Gives the field at `index` a new value; its name keeps its capitals.
    package mutating func replaceValue(at index: Int, with value: some Sequence<UInt8>) {
        guard fields.indices.contains(index) else { return }
        let name = String(decoding: bytes[fields[index].name], as: UTF8.self)
        fields[index] = store(name, value, keepingCapitals: true)
    }

    /// Octets that take the place of others, given by indices of `bytes`.
    package struct Piece: Hashable, Sendable {
        package var range: Range<Int>
        package var text: [UInt8]

        package init(range: Range<Int>, text: [UInt8]) {
            self.range = range
            self.text = text
        }
    }

    /// Replaces parts of the value of the field at `index`, in ascending order and apart from each other; everything
    /// else of the field stays octet by octet, folds included.
    package mutating func replace(_ pieces: [Piece], inFieldAt index: Int) {
        guard fields.indices.contains(index), !pieces.isEmpty else { return }
        let old = fields[index]
        let start = bytes.count
        var field: [UInt8] = []
        var copied = old.whole.lowerBound
        for piece in pieces where piece.range.lowerBound >= copied && piece.range.upperBound <= old.value.upperBound {
            field += bytes[copied..<piece.range.lowerBound]
            field += piece.text
            copied = piece.range.upperBound
        }
        field += bytes[copied..<old.whole.upperBound]
        bytes += field
        let shift = start - old.whole.lowerBound
        let lineEnd = old.whole.upperBound - old.value.upperBound
        fields[index] = Field(
            name: old.name.lowerBound + shift..<old.name.upperBound + shift,
            value: old.value.lowerBound + shift..<bytes.count - lineEnd, whole: start..<bytes.count,
            isFolded: old.isFolded)
    }

    /// Gives the field at `index` another name, as it is given.
    package mutating func rename(at index: Int, to name: String) {
        guard fields.indices.contains(index), !name.isEmpty else { return }
        let octets = name.utf8.map { $0 > 32 && $0 < 127 && $0 != Octet.colon ? $0 : Octet.hyphen }
        let field = fields[index]
        let whole = octets + bytes[field.name.upperBound..<field.whole.upperBound]
        if insert(wholeField: Array(whole), at: index) { remove(at: index + 1) }
    }

    package mutating func remove(at index: Int) {
        guard fields.indices.contains(index) else { return }
        fields.remove(at: index)
    }

    package mutating func removeAll(_ name: String) {
        fields = fields.filter { !isNamed(name, $0) }
    }

    private mutating func store(
        _ name: String, _ value: some Sequence<UInt8>, keepingCapitals: Bool = false
    ) -> Field {
        let start = bytes.count
        bytes.append(contentsOf: keepingCapitals ? Array(name.utf8) : FieldName.familyCapitals(name))
        let nameEnd = bytes.count
        bytes.append(Octet.colon)
        var folder = FieldFolder(column: bytes.count - start)
        folder.appendWords(value, to: &bytes)
        let valueEnd = bytes.count
        bytes.append(Octet.carriageReturn)
        bytes.append(Octet.lineFeed)
        return Field(
            name: start..<nameEnd, value: (nameEnd + 1)..<valueEnd, whole: start..<bytes.count,
            isFolded: folder.hasFolded)
    }
}

/// How the family writes field names: `Content-transfer-encoding`, `MIME-version`, `Message-id` (smtp
/// specification, 8.1).
package enum FieldName {
    private static let acronyms: [[UInt8]] = ["MIME", "DKIM", "ARC", "SPF"].map { Array($0.utf8) }

    /// First letter upper case, the rest lower, acronyms upper.
    package static func familyCapitals(_ name: String) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(name.utf8.count)
        for word in name.utf8.split(separator: Octet.hyphen, omittingEmptySubsequences: false) {
            if !output.isEmpty { output.append(Octet.hyphen) }
            if acronyms.contains(where: { equalIgnoringCase($0, word) }) {
                output.append(contentsOf: word.lazy.map(\.asciiUppercased))
            } else {
                output.append(contentsOf: word.lazy.map(\.asciiLowercased))
            }
        }
        if let first = output.first { output[0] = first.asciiUppercased }
        return output
    }
}
