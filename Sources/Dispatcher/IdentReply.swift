import SystemCalls

/// The Identification Protocol: what is asked and what an answer means. RFC 1413.
package enum IdentReply {
    /// The port of the service, RFC 1413 section 1.
    package static let port: UInt16 = 113
    /// An answer that is longer is none (RFC 1413 section 4: 1000 characters).
    package static let longest = 1000

    /// The query about a connection that a client made from port `client` to our port `server`.
    package static func query(client: UInt16, server: UInt16) -> [UInt8] {
        Array("\(client) , \(server)\r\n".utf8)
    }

    /// The user name in an answer line; nil when it is an error, malformed, or about another connection. It is what a
    /// stranger says: only printable ASCII is kept, other octets become `?`, at most 512 octets.
    package static func user(in line: some Collection<UInt8>, client: UInt16, server: UInt16) -> String? {
        let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, text(fields[1]).uppercased() == "USERID" else { return nil }
        let ports = text(fields[0]).split(separator: ",", omittingEmptySubsequences: false)
            .map { UInt16(text($0.utf8)) }
        guard ports == [client, server] else { return nil }
        let user = text(fields[3])
        return user.isEmpty ? nil : user
    }

    private static func text(_ field: some Collection<UInt8>) -> String {
        let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        var bytes = Array(field.drop(while: blank).prefix(512))
        while let last = bytes.last, blank(last) { bytes.removeLast() }
        return String(decoding: bytes.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
