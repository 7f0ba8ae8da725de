import SystemCalls

/// What a file of the queue holds.
package enum LogKind: UInt8, Sendable {
    case segment = 1
    case ledger = 2
    case snapshot = 3
}

/// Where the file before this one ended. Bytes behind that end were never acknowledged (a sync had failed) and are not
/// records, whatever their checksums say.
package struct LogPredecessor: Hashable, Sendable {
    package var number: UInt64
    package var end: Int
}

/// The first 256 bytes of every segment, log and snapshot.
package struct LogHeader: Equatable, Sendable {
    package static let size = 256
    private static let magic = Array("MartletQ".utf8)
    private static let version: UInt16 = 1

    package var kind: LogKind
    /// Unlike that of any other file; it is part of the checksum of every record.
    package var identity: UInt64
    /// Numbers the files of one writer, from 1.
    package var number: UInt64
    /// Name without directory and extension.
    package var name: String
    package var predecessor: LogPredecessor?

    package init(
        kind: LogKind, identity: UInt64, number: UInt64, name: String, predecessor: LogPredecessor? = nil
    ) {
        self.kind = kind
        self.identity = identity
        self.number = number
        self.name = name
        self.predecessor = predecessor
    }

    /// 256 bytes; names are kept short by ``LogLayout``.
    func encoded() -> [UInt8] {
        var encoder = ByteEncoder(capacity: Self.size)
        for byte in Self.magic { encoder.byte(byte) }
        encoder.fixed(Self.version)
        encoder.byte(kind.rawValue)
        encoder.flag(predecessor != nil)
        encoder.fixed(UInt32(Self.size))
        encoder.fixed(identity)
        encoder.fixed(number)
        encoder.fixed(predecessor?.number ?? 0)
        encoder.fixed(UInt64(predecessor?.end ?? 0))
        encoder.text(name)
        var bytes = encoder.bytes
        bytes.append(contentsOf: repeatElement(0, count: max(0, Self.size - 4 - bytes.count)))
        let checksum = bytes.withUnsafeBytes { crc32c($0) }
        withUnsafeBytes(of: checksum.littleEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Nil when the bytes are not a header of this version, or damaged.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.size, Array(bytes[..<8]) == Self.magic else { return nil }
        let checksum = bytes[..<(Self.size - 4)].withUnsafeBytes { crc32c($0) }
        guard bytes[...].littleEndian(UInt32.self, at: Self.size - 4) == checksum else { return nil }
        var decoder = ByteDecoder(bytes[8..<(Self.size - 4)])
        guard decoder.fixed(UInt16.self) == Self.version else { return nil }
        kind = decoder.choice(LogKind.segment)
        let hasPredecessor = decoder.flag()
        guard decoder.fixed(UInt32.self) == UInt32(Self.size) else { return nil }
        identity = decoder.fixed(UInt64.self)
        number = decoder.fixed(UInt64.self)
        let previous = decoder.fixed(UInt64.self)
        let end = decoder.fixed(UInt64.self)
        name = decoder.text()
        guard decoder.isValid, end <= UInt64(Int.max) else { return nil }
        predecessor = hasPredecessor ? LogPredecessor(number: previous, end: Int(end)) : nil
    }
}

/// The paths of a queue.
package struct QueueLayout: Sendable {
    package let queue: String
    package init(_ queue: String) { self.queue = queue }

    package var lock: String { queue + "/lock" }
    package var segments: String { queue + "/segments" }
    package var free: String { queue + "/segments/free" }
    package var large: String { queue + "/large" }
    package var ledger: String { queue + "/ledger" }
    package var quarantine: String { queue + "/quarantine" }
    package var reserve: String { queue + "/reserve" }

    package func segment(_ name: String) -> String { "\(segments)/\(name).seg" }
    package func log(_ number: UInt64) -> String { "\(ledger)/\(LogLayout.ledgerName(number)).log" }
    package func snapshot(_ number: UInt64) -> String { "\(ledger)/\(LogLayout.ledgerName(number)).snapshot" }
}

/// How the numbered files of one writer are called and where they are made.
struct LogLayout: Sendable {
    var kind: LogKind
    var directory: String
    /// Directory that recycled files are taken from; nil: none are.
    var freeDirectory: String?
    /// Unique name of the writer; empty for the ledger.
    var writer: String
    var fileExtension: String
    /// Bytes that are reserved for each file.
    var capacity: Int

    func name(_ number: UInt64) -> String {
        kind == .segment ? "\(writer)-\(number)" : Self.ledgerName(number)
    }

    func path(_ name: String) -> String { "\(directory)/\(name).\(fileExtension)" }

    /// Ten digits, so that names sort as numbers.
    static func ledgerName(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }

    /// Writer and number of a segment name; nil when it is not one.
    static func parse(segment name: String) -> (writer: String, number: UInt64)? {
        guard let dash = name.lastIndex(of: "-"), let number = UInt64(name[name.index(after: dash)...]) else {
            return nil
        }
        return (String(name[..<dash]), number)
    }

    /// A name that can be part of a file name and fits the header.
    static func isUsable(writer: String) -> Bool {
        !writer.isEmpty && writer.utf8.count <= 64
            && writer.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
