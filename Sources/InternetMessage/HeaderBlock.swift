/// The header of a message: its fields in order, each a range of octets, so that nothing is copied to look at them.
/// New and replaced fields are appended to the same storage; removing one only forgets its range.
package struct HeaderBlock: Sendable {
    /// One field (RFC 5322 section 2.2). All ranges are indices of `bytes`.
    package struct Field: Hashable, Sendable {
        package var name: Range<Int>
        /// From after the colon to before the last line end; folds are still in it.
        package var value: Range<Int>
        /// The whole field with its line ends.
        package var whole: Range<Int>
        /// Whether the value goes over several lines.
        package var isFolded: Bool
    }

    /// How large a header may be.
    package struct Limits: Hashable, Sendable {
        package var fields: Int
        /// Octets of the whole header.
        package var octets: Int

        package init(fields: Int = 10_000, octets: Int = 1 << 20) {
            self.fields = fields
            self.octets = octets
        }
    }

    package internal(set) var bytes: [UInt8]
    package internal(set) var fields: [Field]

    /// An empty header.
    package init() {
        bytes = []
        fields = []
    }

    /// Octets of the value of `field` without the blank after the colon; folds are still in it.
    package func value(of field: Field) -> ArraySlice<UInt8> {
        bytes[field.value].drop { $0.isBlank }
    }

    /// The value of `field` on one line: line ends removed (RFC 5322 section 2.2.3), blanks at both ends cut.
    package func unfoldedValue(of field: Field) -> [UInt8] {
        var output: [UInt8] = []
        for octet in value(of: field) where octet != Octet.carriageReturn && octet != Octet.lineFeed {
            output.append(octet)
        }
        while let last = output.last, last.isBlank { output.removeLast() }
        return output
    }

    package func isNamed(_ name: String, _ field: Field) -> Bool {
        field.name.count == name.utf8.count && equalIgnoringCase(bytes[field.name], name.utf8)
    }

    /// Index in `fields` of the first field of that name; names compare without case.
    package func firstIndex(of name: String) -> Int? { fields.firstIndex { isNamed(name, $0) } }

    package func contains(_ name: String) -> Bool { firstIndex(of: name) != nil }

    package func count(of name: String) -> Int {
        fields.reduce(0) { $0 + (isNamed(name, $1) ? 1 : 0) }
    }

    /// The first value of that name, unfolded, as text (8-bit octets that are no UTF-8 become U+FFFD).
    package func text(of name: String) -> String? {
        firstIndex(of: name).map { String(decoding: unfoldedValue(of: fields[$0]), as: UTF8.self) }
    }

    /// Received fields that name `host` after `by`: those the loop check counts (smtp specification, 8.3).
    package func receivedCount(by host: String) -> Int {
        fields.reduce(0) { $0 + (isNamed("Received", $1) && isReceived($1, by: host) ? 1 : 0) }
    }

    private func isReceived(_ field: Field, by host: String) -> Bool {
        var previousIsBy = false
        for word in bytes[field.value].split(whereSeparator: { $0 <= 32 }) {
            if previousIsBy { return equalIgnoringCase(word, host.utf8) }
            previousIsBy = equalIgnoringCase(word, "by".utf8)
        }
        return false
    }

    /// Appends the header as it is now, every field ended by CRLF, without the empty line after it.
    package func write(to output: inout [UInt8]) {
        output.reserveCapacity(output.count + bytes.count + 2)
        for field in fields {
            output.append(contentsOf: bytes[field.whole])
            if bytes[field.whole].last != Octet.lineFeed {
                output.append(Octet.carriageReturn)
                output.append(Octet.lineFeed)
            }
        }
    }
}

/// A header beyond our limits.
package enum HeaderError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooManyFields(limit: Int)
    case tooLarge(limit: Int)

    /// Fit for a reply after `552 5.3.4`.
    package var description: String {
        switch self {
        case .tooManyFields(let limit): "message header has more than \(limit) fields"
        case .tooLarge(let limit): "message header is larger than \(limit) octets"
        }
    }
}
