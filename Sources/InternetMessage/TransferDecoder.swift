/// Quoted-printable or base64 (RFC 2045 sections 6.7 and 6.8) back to octets, a piece at a time. What cannot be in them is
/// passed over, or kept where a reader would show it.
struct TransferDecoder: Sendable {
    private enum Form {
        case quotedPrintable
        case base64
    }

    private let form: Form
    /// An `=` and what may belong to it.
    private var held: [UInt8] = []
    private var bits: UInt32 = 0
    private var bitCount = 0

    /// Nil for another encoding.
    init?(_ encoding: String) {
        switch encoding {
        case "quoted-printable": form = .quotedPrintable
        case "base64": form = .base64
        default: return nil
        }
    }

    mutating func decode(_ octets: some Sequence<UInt8>, into output: inout [UInt8]) {
        for octet in octets {
            switch form {
            case .quotedPrintable: takeQuoted(octet, &output)
            case .base64: takeBase64(octet, &output)
            }
        }
    }

    mutating func finish(into output: inout [UInt8]) {
        // A soft line end at the very end is none; anything else is shown as it stands.
        if held.count > 1, held[1] != Octet.carriageReturn { output += held }
        held = []
    }

    private mutating func takeQuoted(_ octet: UInt8, _ output: inout [UInt8]) {
        guard !held.isEmpty else {
            if octet == UInt8(ascii: "=") { held = [octet] } else { output.append(octet) }
            return
        }
        held.append(octet)
        guard held.count == 3 else { return }
        let pair = held[1...]
        held = []
        if pair.elementsEqual([Octet.carriageReturn, Octet.lineFeed]) { return }
        if let high = pair[1].hexValue, let low = pair[2].hexValue {
            output.append(high << 4 | low)
        } else {
            output.append(UInt8(ascii: "="))
            for octet in pair { takeQuoted(octet, &output) }
        }
    }

    private mutating func takeBase64(_ octet: UInt8, _ output: inout [UInt8]) {
        guard let value = octet.base64Value else { return }
        bits = bits << 6 | UInt32(value)
        bitCount += 6
        guard bitCount >= 8 else { return }
        bitCount -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        bits &= (1 << UInt32(bitCount)) - 1
    }
}
