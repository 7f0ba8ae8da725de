/// The beginning of a client's first message in mechanisms of the GS2 family (RFC 5801 section 4): `n,a=anna,`.
struct GS2Header: Hashable, Sendable {
    enum Binding: Hashable, Sendable {
        /// `n`: the client cannot bind to the channel.
        case unsupported
        /// `y`: the client could, and believes that the server cannot.
        case notOffered
        /// `p=tls-server-end-point`
        case type(String)
    }

    let binding: Binding
    /// The authorization identity; nil when the client gives none.
    let authorizationName: String?
    /// The header as it came, with its last comma.
    let text: String
    /// What follows the header.
    let rest: Substring

    init?(_ message: String) {
        let parts = message.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        switch parts[0] {
        case "n": binding = .unsupported
        case "y": binding = .notOffered
        default:
            let type = parts[0].dropFirst(2)
            guard parts[0].hasPrefix("p="), !type.isEmpty, type.utf8.allSatisfy(Self.isNameOctet) else { return nil }
            binding = .type(String(type))
        }
        if parts[1].isEmpty {
            authorizationName = nil
        } else {
            guard parts[1].hasPrefix("a="), let name = SCRAM.unescaped(parts[1].dropFirst(2)) else { return nil }
            authorizationName = name
        }
        text = "\(parts[0]),\(parts[1]),"
        rest = parts[2]
    }

    /// `cb-name`: letters, digits, period and hyphen.
    private static func isNameOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
