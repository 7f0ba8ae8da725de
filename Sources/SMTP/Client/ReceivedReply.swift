/// A reply of a remote server, as it was received.
package struct ReceivedReply: Hashable, Sendable {
    /// 200 to 599.
    package var code: Int
    /// The text of each line, without code and line end; at most ``ReplyReader/longestLine`` octets each.
    package var lines: [String]

    package init(code: Int, lines: [String]) {
        self.code = code
        self.lines = lines
    }

    package var isPositive: Bool { code / 100 == 2 }

    /// What the reply means for a recipient. 552 is temporary: servers have always used it for "too many recipients"
    /// and full disks (smtp specification, 12.7).
    package var isPermanentFailure: Bool { code / 100 == 5 && code != 552 }

    /// The enhanced status at the beginning of the first line (RFC 2034), else one made from the code: `5.0.0`. Its class is
    /// what the reply means for a recipient.
    package var status: String {
        let word = Array((lines.first ?? "").utf8.prefix { $0 != 0x20 })
        let parts = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isStatus =
            parts.count == 3 && word.count <= 9 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isDigit } }
        let ours = isPermanentFailure ? "5" : isPositive ? "2" : "4"
        guard isStatus, parts[0].count == 1, parts[0].first == UInt8(ascii: "0") + UInt8(code / 100) else {
            // A class that contradicts the code says nothing that could be relied on.
            return "\(ours).0.0"
        }
        return ours + String(decoding: word.dropFirst(), as: UTF8.self)
    }

    /// Code and text on one line, for logs and notifications.
    package var text: String { "\(code) " + lines.joined(separator: " ") }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self &- 48 < 10 }
}

/// Collects the lines of replies from whatever pieces the network gives. Tolerant of a bare LF: nothing a server says is
/// ever taken for a command.
package struct ReplyReader: Sendable {
    /// Octets of a line that are kept; the rest is dropped.
    package static let longestLine = 2048
    /// Lines of one reply; more is a protocol error.
    package static let mostLines = 256

    package enum Event: Hashable, Sendable {
        case reply(ReceivedReply)
        /// What came is no SMTP reply; the text begins with it.
        case malformed(String)
    }

    private var line: [UInt8] = []
    private var lines: [String] = []
    private var code = 0

    package init() {}

    /// Takes bytes and calls `body` for each complete reply.
    package mutating func receive(_ bytes: some Sequence<UInt8>, _ body: (Event) -> Void) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                if let event = endOfLine() { body(event) }
                line.removeAll(keepingCapacity: true)
            } else if line.count < Self.longestLine {
                line.append(byte)
            }
        }
    }

    private mutating func endOfLine() -> Event? {
        let digits = line.prefix(3)
        let separator = line.count > 3 ? line[3] : UInt8(ascii: " ")
        let value = digits.reduce(0) { $0 * 10 + Int($1 &- 48) }
        guard digits.count == 3, digits.allSatisfy(\.isDigit), (200...599).contains(value),
            separator == UInt8(ascii: " ") || separator == UInt8(ascii: "-"),
            lines.isEmpty || value == code, lines.count < Self.mostLines
        else {
            let start = String(decoding: line.prefix(80).map { $0 < 0x20 ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
            lines = []
            return .malformed(start)
        }
        code = value
        let text = line.dropFirst(4).map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }
        lines.append(String(decoding: text, as: UTF8.self))
        if separator == UInt8(ascii: "-") { return nil }
        let reply = ReceivedReply(code: code, lines: lines)
        lines = []
        return .reply(reply)
    }
}
