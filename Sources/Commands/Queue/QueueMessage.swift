import Envelope
import Spool

/// What commands show and look for in a stored message.
struct QueueMessage {
    let envelope: QueuedMessage
    /// With its line ends; without the blank line behind it.
    let header: [UInt8]
    let body: ArraySlice<UInt8>

    /// `limit`: bytes of the content that are looked at; nil for all.
    init(_ stored: StoredMessage, limit: Int? = nil) throws(SpoolError) {
        envelope = stored.message
        var content = stored.content
        var bytes: [UInt8] = []
        let wanted = min(content.size, limit ?? content.size)
        while bytes.count < wanted {
            let chunk = try content.next(min(64 << 10, wanted - bytes.count))
            if chunk.isEmpty { break }
            bytes += chunk
        }
        let end = Self.endOfHeader(bytes)
        header = Array(bytes[..<end.header])
        body = bytes[end.body...]
    }

    private static func endOfHeader(_ bytes: [UInt8]) -> (header: Int, body: Int) {
        var start = 0
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            let length = end - start
            if length == 0 || (length == 1 && bytes[start] == 0x0D) { return (start, end + 1) }
            start = end + 1
        }
        return (bytes.count, bytes.count)
    }

    /// Recipients of the entry that are not settled.
    static func recipients(of item: QueueItem, in message: QueuedMessage) -> [QueueRecipient] {
        guard let number = item.entryName?.entry, message.entries.indices.contains(number) else { return [] }
        let all = message.entries[number].recipients
        return item.pending.compactMap { all.indices.contains($0) ? all[$0] : nil }
    }

    /// Lines of the header without their line ends, folded ones as they are.
    var headerLines: [String] { Self.lines(header[...]) }

    /// The body's, the same way.
    var bodyLines: [String] { Self.lines(body) }

    private static func lines(_ bytes: ArraySlice<UInt8>) -> [String] {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { String(decoding: $0.last == 0x0D ? $0.dropLast() : $0, as: UTF8.self) }
    }

    /// The value of the first Subject field, unfolded; empty when there is none.
    var subject: String {
        var value: String?
        for line in String(decoding: header, as: UTF8.self).split(whereSeparator: \.isNewline) {
            if value != nil {
                guard line.first == " " || line.first == "\t" else { break }
                value? += " " + Self.trimmed(line)
            } else if line.lowercased().hasPrefix("subject:") {
                value = Self.trimmed(line.dropFirst(8))
            }
        }
        return value ?? ""
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }

    var bodyText: String { String(decoding: body, as: UTF8.self) }
}
