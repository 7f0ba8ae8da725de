import Envelope
package import ProcessPool
package import Spool

/// Message types between the Job Controller, its jobs and enqueuing processes (job-controller specification,
/// section 7). The form of a message is that of the dispatcher's control protocol.
extension MessageType {
    /// Job: process id, protocol version.
    package static let hello: MessageType = "HELO"
    /// Job: threads ask for work.
    package static let work: MessageType = "WORK"
    /// Job Controller: entries for threads.
    package static let item: MessageType = "ITEM"
    /// Job Controller: nothing for these threads now; their requests stay on file.
    package static let none: MessageType = "NONE"
    /// Job Controller: finish what is in hand, then exit.
    package static let exit: MessageType = "EXIT"
    /// Job: outcomes of entries.
    package static let outcome: MessageType = "OUTC"
    /// Job: entries given back without an attempt.
    package static let release: MessageType = "RELS"
    /// Job Controller: these entries' reports are durable.
    package static let durable: MessageType = "DURA"
    /// A job of a former Job Controller: entries it still has in hand.
    package static let keep: MessageType = "KEEP"
    /// Enqueuing process: messages that have been committed.
    package static let notice: MessageType = "NOTE"
    /// Enqueuing process: how far its segment is committed.
    package static let upTo: MessageType = "UPTO"
    package static let ping: MessageType = "PING"
    package static let pong: MessageType = "PONG"
}

/// Version of the protocol that `HELO` names.
package let workProtocolVersion = 1

/// Packs groups of fields into as few datagrams as hold them.
package struct MessagePacker {
    private let type: MessageType
    private var groups: [Fields] = []
    private var length = 5
    private var finished: [ControlMessage] = []

    package init(_ type: MessageType) { self.type = type }

    package mutating func add(_ fields: Fields) {
        let size = fields.all.reduce(1) { $0 + $1.key.utf8.count + $1.value.utf8.count + 2 }
        if length + size > ControlMessage.maximumLength, !groups.isEmpty { close() }
        groups.append(fields)
        length += size
    }

    private mutating func close() {
        finished.append(ControlMessage(type, groups: groups))
        groups.removeAll()
        length = 5
    }

    package mutating func finish() -> [ControlMessage] {
        if !groups.isEmpty { close() }
        let messages = finished
        finished.removeAll()
        return messages
    }
}

/// One line that a message may carry: control characters become spaces, and it is cut to `limit` bytes.
func singleLine(_ text: String, limit: Int = 1000) -> String {
    let isPlain = text.utf8.count <= limit && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    if isPlain { return text }
    var line = ""
    for scalar in text.unicodeScalars {
        if line.utf8.count + 4 > limit { break }
        line.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
    }
    return line
}

/// The keys of a message that names entries: `entry=` lines, any number in one group.
package enum EntryList {
    package static func messages(_ type: MessageType, _ keys: [QueueEntryKey]) -> [ControlMessage] {
        keys.chunks(of: 250).map { chunk in
            var fields = Fields()
            for key in chunk { fields.append("entry", key.name) }
            return ControlMessage(type, fields)
        }
    }

    package static func keys(in message: ControlMessage) -> [QueueEntryKey] {
        message.groups.flatMap { group in
            group.all.compactMap { $0.key == "entry" ? QueueEntryKey(name: $0.value) : nil }
        }
    }
}

extension Array {
    func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}

extension QueueEntryKey {
    /// The name with `ZZ` for the attempts, as the protocol and the ledger's readers know the entry.
    package var name: String { description }

    package init?(name: String) {
        guard let parsed = EntryName(name), let number = UInt32(exactly: parsed.entry) else { return nil }
        self.init(message: parsed.message, entry: number)
    }
}

/// Indexes as text: `0-3,7`.
package enum IndexList {
    package static func text(_ indexes: some Sequence<Int>) -> String {
        var parts: [String] = []
        var run: (first: Int, last: Int)?
        func close() {
            guard let run else { return }
            parts.append(run.first == run.last ? "\(run.first)" : "\(run.first)-\(run.last)")
        }
        for index in indexes {
            if let open = run, index == open.last + 1 {
                run = (open.first, index)
            } else {
                close()
                run = (index, index)
            }
        }
        close()
        return parts.joined(separator: ",")
    }

    /// Nil when `text` is no list, or names more than `limit` indexes.
    package static func indexes(_ text: String, limit: Int = 100_000) -> [Int]? {
        var result: [Int] = []
        for part in text.utf8.split(separator: UInt8(ascii: ",")) {
            let ends = part.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).map { digits in
                digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int(String(Substring(digits))) : nil
            }
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last,
                last < Int(Int32.max), last - first < limit, result.count + last - first < limit
            else { return nil }
            result.append(contentsOf: first...last)
        }
        return result
    }
}
