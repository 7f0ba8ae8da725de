/// The header that a proxy puts before the octets of a client: PROXY protocol version 1 (a line of text) or 2 (binary),
/// as the HAProxy project specifies them. Read strictly: anything unusual is no header.
package struct ProxyHeader: Hashable, Sendable {
    /// The connection the proxy took; nil when it speaks for itself (`LOCAL`) or does not know (`UNKNOWN`).
    package var connection: Connection?

    package struct Connection: Hashable, Sendable {
        /// Addresses without brackets, in the form of RFC 5952.
        package var client: String
        package var clientPort: UInt16
        package var server: String
        package var serverPort: UInt16
    }

    /// What the octets that have come so far amount to.
    package enum Reading: Hashable, Sendable {
        /// They begin a header; more are needed.
        case incomplete
        /// The header takes so many octets.
        case complete(ProxyHeader, length: Int)
        /// There is no header here; the connection is to be closed. The text says why, for the log.
        case invalid(String)
    }

    /// Longest header of version 1, CRLF included.
    private static let longestLine = 107
    /// Most octets of addresses and additions that a header of version 2 may have; the format allows 65535.
    private static let longestBlock = 4096
    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    private static let word = Array("PROXY ".utf8)

    /// Most octets that can be needed to find the end of a header.
    package static let longest = 16 + longestBlock

    package static func read(_ bytes: ArraySlice<UInt8>) -> Reading {
        guard let first = bytes.first else { return .incomplete }
        let start = first == signature[0] ? signature : word
        let common = min(bytes.count, start.count)
        guard bytes.prefix(common).elementsEqual(start.prefix(common)) else {
            return .invalid("the connection does not begin with a PROXY header")
        }
        guard common == start.count else { return .incomplete }
        return first == signature[0] ? readBinary(bytes) : readLine(bytes)
    }

    // MARK: Version 1

    private static func readLine(_ bytes: ArraySlice<UInt8>) -> Reading {
        let line = bytes.prefix(longestLine)
        guard let end = line.firstIndex(of: Octet.carriageReturn) else {
            return line.count == longestLine ? .invalid("the PROXY line is too long") : .incomplete
        }
        guard end + 1 < bytes.endIndex else { return .incomplete }
        guard bytes[end + 1] == Octet.lineFeed else { return .invalid("the PROXY line does not end in CRLF") }
        let length = end + 2 - bytes.startIndex
        guard length <= longestLine else { return .invalid("the PROXY line is too long") }
        let words = line[(line.startIndex + word.count)..<end]
            .split(separator: Octet.space, omittingEmptySubsequences: false)
        // What follows UNKNOWN is to be passed over.
        if let first = words.first, first.elementsEqual("UNKNOWN".utf8) {
            return .complete(ProxyHeader(connection: nil), length: length)
        }
        guard words.count == 5, let connection = connection(words) else {
            return .invalid("the PROXY line cannot be read")
        }
        return .complete(ProxyHeader(connection: connection), length: length)
    }

    private static func connection(_ words: [ArraySlice<UInt8>]) -> Connection? {
        let isIPv6 = words[0].elementsEqual("TCP6".utf8)
        guard isIPv6 || words[0].elementsEqual("TCP4".utf8),
            let client = address(words[1], isIPv6), let server = address(words[2], isIPv6),
            let clientPort = port(words[3]), let serverPort = port(words[4])
        else { return nil }
        return Connection(client: client, clientPort: clientPort, server: server, serverPort: serverPort)
    }

    private static func address(_ text: ArraySlice<UInt8>, _ isIPv6: Bool) -> String? {
        guard text.contains(UInt8(ascii: ":")) == isIPv6 else { return nil }
        return NetworkAddress(text)?.description
    }

    /// Decimal, without leading zeros.
    private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard digits.count <= 5, digits.count == 1 || digits.first != Octet.zero else { return nil }
        return Octet.number(digits).flatMap { UInt16(exactly: $0) }
    }

    // MARK: Version 2

    private static func readBinary(_ bytes: ArraySlice<UInt8>) -> Reading {
        guard bytes.count >= 16 else { return .incomplete }
        let front = bytes.startIndex
        let block = Int(bytes[front + 14]) << 8 | Int(bytes[front + 15])
        guard block <= longestBlock else { return .invalid("the PROXY header announces \(block) octets") }
        let (version, command) = (bytes[front + 12] >> 4, bytes[front + 12] & 15)
        guard version == 2, command <= 1 else { return .invalid("the PROXY header has another version or command") }
        guard bytes.count >= 16 + block else { return .incomplete }
        let length = 16 + block
        let content = bytes[(front + 16)..<(front + length)]
        guard command == 1 else { return .complete(ProxyHeader(connection: nil), length: length) }
        switch bytes[front + 13] {
        case 0x11: return binary(content, addressLength: 4, length)
        case 0x21: return binary(content, addressLength: 16, length)
        // AF_UNSPEC: the proxy does not know whom it speaks for.
        case 0x00: return .complete(ProxyHeader(connection: nil), length: length)
        default: return .invalid("the PROXY header is not about a TCP connection")
        }
    }

    private static func binary(_ content: ArraySlice<UInt8>, addressLength: Int, _ length: Int) -> Reading {
        let start = content.startIndex
        let ports = start + 2 * addressLength
        guard content.count >= 2 * addressLength + 4, areAdditions(content[(ports + 4)...]) else {
            return .invalid("the PROXY header is too short for what it says")
        }
        let client = NetworkAddress(octets: content[start..<(start + addressLength)])
        let server = NetworkAddress(octets: content[(start + addressLength)..<ports])
        let connection = Connection(
            client: client.description, clientPort: UInt16(content[ports]) << 8 | UInt16(content[ports + 1]),
            server: server.description, serverPort: UInt16(content[ports + 2]) << 8 | UInt16(content[ports + 3]))
        return .complete(ProxyHeader(connection: connection), length: length)
    }

    /// Whether the rest is additions of type, length and value; what they say is not used.
    private static func areAdditions(_ octets: ArraySlice<UInt8>) -> Bool {
        var rest = octets
        while !rest.isEmpty {
            guard rest.count >= 3 else { return false }
            let length = Int(rest[rest.startIndex + 1]) << 8 | Int(rest[rest.startIndex + 2])
            guard rest.count >= 3 + length else { return false }
            rest = rest.dropFirst(3 + length)
        }
        return true
    }
}
