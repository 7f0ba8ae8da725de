/// A reply of the server (RFC 5321 section 4.2, RFC 2034). Also the value in which a refusal travels.
package struct Reply: Error, Hashable, Sendable {
    /// 200 to 599.
    package var code: Int
    /// `2.1.5`; nil where RFC 2034 has none: the greeting, HELO and EHLO, and 3yz.
    package var enhancedStatus: String?
    /// Text of each line without code, status and line end. Anything may stand in it: see ``serialize(into:)``.
    package var lines: [String]

    package init(code: Int, enhancedStatus: String? = nil, lines: [String]) {
        self.code = code
        self.enhancedStatus = enhancedStatus
        self.lines = lines
    }

    /// A reply of one line.
    package init(_ code: Int, _ enhancedStatus: String?, _ text: String) {
        self.init(code: code, enhancedStatus: enhancedStatus, lines: [text])
    }

    package var isPositive: Bool { code < 400 }
    package var isPermanentFailure: Bool { code >= 500 }

    /// Code, status and text on one line, for logs. Not sanitised.
    package var text: String {
        ([String(code)] + (enhancedStatus.map { [$0] } ?? []) + lines).joined(separator: " ")
    }

    /// Octets of a line on the wire, code and CRLF included (RFC 5321 section 4.5.3.1.5). What is longer is cut.
    package static let longestLine = 512

    /// Appends the reply as it goes over the wire. Whatever a peer managed to get into the text, it stays one reply:
    /// control characters and each character outside US-ASCII become `?`, a TAB becomes a space.
    package func serialize(into output: inout [UInt8]) {
        guard let last = lines.indices.last else {
            return Reply(code: code, enhancedStatus: enhancedStatus, lines: [""]).serialize(into: &output)
        }
        for index in lines.indices {
            let start = output.count
            appendCode(isLast: index == last, to: &output)
            for octet in lines[index].utf8 {
                guard output.count - start < Self.longestLine - 2 else { break }
                // The continuation octets of UTF-8 are left out: one `?` stands for the whole character.
                if octet & 0xC0 != 0x80 { output.append(Self.harmless(octet)) }
            }
            output.append(Octet.carriageReturn)
            output.append(Octet.lineFeed)
        }
    }

    /// The reply as it goes over the wire.
    package var serialized: [UInt8] {
        var output: [UInt8] = []
        serialize(into: &output)
        return output
    }

    private func appendCode(isLast: Bool, to output: inout [UInt8]) {
        var digits = UInt16(clamping: min(max(code, 200), 599))
        var divisor: UInt16 = 100
        while divisor > 0 {
            output.append(Octet.zero + UInt8(truncatingIfNeeded: digits / divisor))
            digits %= divisor
            divisor /= 10
        }
        output.append(isLast ? Octet.space : Octet.hyphen)
        if let enhancedStatus {
            output.append(contentsOf: enhancedStatus.utf8)
            output.append(Octet.space)
        }
    }

    private static func harmless(_ octet: UInt8) -> UInt8 {
        if octet == Octet.tab { return Octet.space }
        return octet < 32 || octet >= 127 ? UInt8(ascii: "?") : octet
    }
}
