import Envelope
import Glibc
import SystemCalls
import TransactionLog

/// The message log: `mail.log`, `mail.log_yesterday`, `mail.log_current`, and what a roll-over has in hand between the
/// first two.
struct QueueLog {
    /// The directory of the logs.
    let directory: String

    /// Lines that hold one of the texts, oldest first.
    func lines(with texts: [String]) -> [QueueLogLine] {
        let needles = texts.filter { !$0.isEmpty }.flatMap(Self.spellings)
        guard !needles.isEmpty else { return [] }
        var found: [QueueLogLine] = []
        for file in files() {
            file.eachLine { line in
                guard needles.contains(where: { Self.holds(line, $0) }) else { return }
                let text = String(decoding: line, as: UTF8.self)
                if let parsed = QueueLogLine(text[...]) { found.append(parsed) }
            }
        }
        return found
    }

    /// A text as XML and JSON write it, and as it is.
    private static func spellings(_ text: String) -> [[UInt8]] {
        let xml = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;")]
        let json = [("\\", "\\\\"), ("\"", "\\\"")]
        let spellings = [[], xml, json].map { escapes in
            escapes.reduce(Array(text.utf8)) { octets, escape in
                octets.flatMap { [$0] == Array(escape.0.utf8) ? Array(escape.1.utf8) : [$0] }
            }
        }
        return Array(Set(spellings))
    }

    /// Oldest first. They are opened newest first: a file that is renamed meanwhile is found under its next name, and
    /// once.
    private func files() -> [LogPiece] {
        var seen: Set<UInt64> = []
        var files: [LogPiece] = []
        /// False: there is no such file.
        @discardableResult func open(_ path: String, limit: Int64? = nil) -> Bool {
            guard let file = LogPiece(path, limit: limit) else { return false }
            if seen.insert(file.inode).inserted { files.append(file) }
            return true
        }
        open("\(directory)/mail.log_current")
        open("\(directory)/mail.log_yesterday")
        // One that is gone since it was listed stands in mail.log.
        let pieces = LogRollover.pieces(of: "mail.log", in: directory).filter { open($0.path) }
        // The part of mail.log behind this is copied from the piece.
        open("\(directory)/mail.log", limit: pieces.map(\.offset).min())
        return files.reversed()
    }

    private static func holds(_ line: UnsafeRawBufferPointer, _ needle: [UInt8]) -> Bool {
        needle.withUnsafeBytes { line.holds($0) }
    }
}

/// A log file that is open to be read.
private final class LogPiece {
    let inode: UInt64
    private let file: OwnedDescriptor
    /// Octets that are read at most.
    private let limit: Int64?

    /// Nil when it is not there.
    init?(_ path: String, limit: Int64?) {
        guard let file = try? OwnedDescriptor.open(path, O_RDONLY) else { return nil }
        var information = stat()
        guard fstat(file.number, &information) == 0 else { return nil }
        inode = UInt64(information.st_ino)
        self.file = file
        self.limit = limit
    }

    /// A file may be large: it is read piece by piece.
    func eachLine(_ body: (UnsafeRawBufferPointer) -> Void) {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var left = limit ?? .max
        while left > 0 {
            let count = read(file.number, &buffer, min(buffer.count, Int(clamping: left)))
            guard count > 0 else { break }
            left -= Int64(count)
            pending.append(contentsOf: buffer[..<count])
            let used = pending.withUnsafeBytes { bytes -> Int in
                var start = 0
                while let stop = bytes[start...].firstIndex(of: 0x0A) {
                    body(UnsafeRawBufferPointer(rebasing: bytes[start..<stop]))
                    start = stop + 1
                }
                return start
            }
            pending.removeFirst(used)
            // No line is that long: a file without line ends.
            if pending.count > 16 << 20 { return }
        }
        if !pending.isEmpty { pending.withUnsafeBytes(body) }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes stand somewhere in these; no bytes stand everywhere.
    func holds(_ part: UnsafeRawBufferPointer) -> Bool {
        guard let first = part.first else { return true }
        guard let base = baseAddress, let wanted = part.baseAddress, count >= part.count else { return false }
        var start = base
        let last = base + (count - part.count)
        while start <= last, let found = memchr(start, Int32(first), last - start + 1) {
            if memcmp(found, wanted, part.count) == 0 { return true }
            start = UnsafeRawPointer(found) + 1
        }
        return false
    }
}

/// One attempt, as `history` tells of it.
struct QueueAttempt: Hashable {
    /// Seconds since 1970.
    var time: Int64
    var recipient: String
    var host: String
    var result: String
    var text: String
}

extension QueueAttempt {
    /// What is known of the attempts for an entry: the message log, and for the last one the ledger, which is durable
    /// and holds the answers in full.
    static func all(of item: QueueItem, recipients: [QueueRecipient], log: [QueueLogLine]) -> [QueueAttempt] {
        let mine = log.filter { line in
            guard let name = line.entryName, let own = item.entryName, let action = line.action.first else {
                return false
            }
            return name.message == own.message && name.entry == own.entry && "QZRKDW".contains(action)
        }
        let ledger = item.outcomes.map { outcome in
            QueueAttempt(
                time: item.lastAttempt,
                recipient: recipients.indices.contains(outcome.recipient)
                    ? recipients[outcome.recipient].address : "recipient \(outcome.recipient + 1)",
                host: outcome.remote.isEmpty ? item.host : outcome.remote, result: outcome.result,
                text: [outcome.status, outcome.text].filter { !$0.isEmpty }.joined(separator: " "))
        }
        // The log has the last attempt too, within a second or two.
        let earlier = mine.filter { ledger.isEmpty || abs($0.time - item.lastAttempt) > 2 || $0.action.first == "W" }
        return earlier.map {
            QueueAttempt(
                time: $0.time, recipient: $0.recipient, host: item.host, result: $0.meaning, text: $0.detail)
        } + ledger
    }
}
