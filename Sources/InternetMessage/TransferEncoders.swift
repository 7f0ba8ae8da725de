/// Quoted-printable of RFC 2045 section 6.7, a piece at a time. CRLF is a line end; CR and LF alone are octets like others.
struct QuotedPrintableEncoder: Sendable {
    /// Octets of a line before a soft line end; with its `=` 76.
    private static let lineLimit = 75

    private var column = 0
    /// A blank that must be quoted if the line ends behind it.
    private var blank: UInt8?
    private var owesLineFeed = false

    var isAtLineStart: Bool { column == 0 }

    mutating func encode(_ octets: some Sequence<UInt8>, into output: inout [UInt8]) {
        for octet in octets {
            if owesLineFeed {
                owesLineFeed = false
                if octet == Octet.lineFeed {
                    endLine(&output)
                    continue
                }
                quote(Octet.carriageReturn, &output)
            }
            switch octet {
            case Octet.carriageReturn: owesLineFeed = true
            case Octet.space, Octet.tab:
                writeBlank(&output)
                blank = octet
            case 33...126 where octet != UInt8(ascii: "="):
                writeBlank(&output)
                put(octet, &output)
            default: quote(octet, &output)
            }
        }
    }

    mutating func finish(into output: inout [UInt8]) {
        if owesLineFeed { quote(Octet.carriageReturn, &output) }
        owesLineFeed = false
        quoteBlank(&output)
    }

    private mutating func endLine(_ output: inout [UInt8]) {
        quoteBlank(&output)
        output += [Octet.carriageReturn, Octet.lineFeed]
        column = 0
    }

    private mutating func writeBlank(_ output: inout [UInt8]) {
        guard let octet = blank else { return }
        blank = nil
        put(octet, &output)
    }

    private mutating func quoteBlank(_ output: inout [UInt8]) {
        guard let octet = blank else { return }
        blank = nil
        quote(octet, &output)
    }

    private mutating func put(_ octet: UInt8, _ output: inout [UInt8]) {
        makeRoom(1, &output)
        output.append(octet)
        column += 1
    }

    private mutating func quote(_ octet: UInt8, _ output: inout [UInt8]) {
        writeBlank(&output)
        makeRoom(3, &output)
        output.append(UInt8(ascii: "="))
        Hexadecimal.append(octet, to: &output)
        column += 3
    }

    private mutating func makeRoom(_ count: Int, _ output: inout [UInt8]) {
        guard column + count > Self.lineLimit else { return }
        output += [UInt8(ascii: "="), Octet.carriageReturn, Octet.lineFeed]
        column = 0
    }
}

/// Base64 of RFC 2045 section 6.8, a piece at a time, in lines of 76.
struct Base64LineEncoder: Sendable {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let lineLength = 76

    private var pending: UInt32 = 0
    private var pendingCount = 0
    private var column = 0

    var isAtLineStart: Bool { column == 0 }

    static func isInAlphabet(_ octet: UInt8) -> Bool {
        octet.isLetterOrDigit || octet == Octet.plus || octet == UInt8(ascii: "/") || octet == UInt8(ascii: "=")
    }

    mutating func encode(_ octets: some Sequence<UInt8>, into output: inout [UInt8]) {
        for octet in octets {
            pending = pending << 8 | UInt32(octet)
            pendingCount += 1
            guard pendingCount == 3 else { continue }
            put(4, &output)
        }
    }

    mutating func finish(into output: inout [UInt8]) {
        guard pendingCount > 0 else { return }
        let digits = pendingCount + 1
        pending <<= UInt32(8 * (3 - pendingCount))
        put(digits, &output)
    }

    /// One group, of which `digits` count.
    private mutating func put(_ digits: Int, _ output: inout [UInt8]) {
        if column == Self.lineLength {
            output += [Octet.carriageReturn, Octet.lineFeed]
            column = 0
        }
        for place in 0..<4 {
            let digit = Int(pending >> UInt32(18 - 6 * place)) & 63
            output.append(place < digits ? Self.alphabet[digit] : UInt8(ascii: "="))
        }
        column += 4
        pending = 0
        pendingCount = 0
    }
}
