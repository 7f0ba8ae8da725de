import SystemCalls

/// What a record is.
package enum RecordType: UInt8, Sendable {
    case message = 1
    /// A copy that compaction made; it counts only when a ledger record `moved` names it.
    case movedMessage = 2
    /// The last record of a file.
    case seal = 3
    case ledger = 4
    case snapshotSegments = 5
    case snapshotMessages = 6
    case snapshotFinished = 7
    case snapshotEnd = 8
}

/// The 32 bytes before every payload. Two checksums: one over the payload, made by the enqueuing thread, and one over
/// the header, which covers the identity of the file and the offset of the record, so that what a recycled file
/// still holds from its former life can never pass for a record.
package struct RecordHeader: Equatable, Sendable {
    package static let size = 32
    /// Records begin at multiples of this.
    package static let alignment = 8
    /// Longest payload; longer ones are taken for damage.
    package static let payloadLimit = 1 << 30

    package var type: RecordType
    /// Bytes of the payload.
    package var length: Int
    /// Identity of the file, from its header.
    package var identity: UInt64
    /// Everything before this offset was durable when the record was written.
    package var floor: Int
    package var payloadChecksum: UInt32

    package init(type: RecordType, length: Int, identity: UInt64, floor: Int, payloadChecksum: UInt32) {
        self.type = type
        self.length = length
        self.identity = identity
        self.floor = floor
        self.payloadChecksum = payloadChecksum
    }

    /// The next multiple of 8.
    static func padded(_ offset: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }

    /// Bytes with header and padding.
    var paddedSize: Int { Self.padded(Self.size + length) }

    /// Writes the header into the first 32 bytes of `bytes`.
    func encode(into bytes: inout [UInt8], offset: Int) {
        bytes.withUnsafeMutableBytes { buffer in
            guard buffer.count >= Self.size else { preconditionFailure("no room was left for the record header") }
            buffer.storeBytes(of: UInt32(length).littleEndian, toByteOffset: 0, as: UInt32.self)
            buffer.storeBytes(of: UInt32(type.rawValue).littleEndian, toByteOffset: 4, as: UInt32.self)
            buffer.storeBytes(of: identity.littleEndian, toByteOffset: 8, as: UInt64.self)
            let units = UInt32(truncatingIfNeeded: floor / Self.alignment)
            buffer.storeBytes(of: units.littleEndian, toByteOffset: 16, as: UInt32.self)
            buffer.storeBytes(of: payloadChecksum.littleEndian, toByteOffset: 20, as: UInt32.self)
            buffer.storeBytes(of: 0, toByteOffset: 24, as: UInt32.self)
            let checksum = Self.checksum(UnsafeRawBufferPointer(rebasing: buffer[..<28]), offset: offset)
            buffer.storeBytes(of: checksum.littleEndian, toByteOffset: 28, as: UInt32.self)
        }
    }

    /// Reads a header that must lie at `offset` of a file with this identity; nil when the bytes are anything else.
    init?(_ bytes: ArraySlice<UInt8>, offset: Int, identity: UInt64) {
        guard bytes.count >= Self.size else { return nil }
        let start = bytes.startIndex
        let length = Int(bytes.littleEndian(UInt32.self, at: start))
        let kind = bytes.littleEndian(UInt32.self, at: start + 4)
        guard bytes.littleEndian(UInt64.self, at: start + 8) == identity, length <= Self.payloadLimit,
            kind <= 0xFF, let type = RecordType(rawValue: UInt8(kind))
        else { return nil }
        let checksum = bytes[..<(start + 28)].withUnsafeBytes { Self.checksum($0, offset: offset) }
        guard bytes.littleEndian(UInt32.self, at: start + 28) == checksum else { return nil }
        self.type = type
        self.length = length
        self.identity = identity
        floor = Int(bytes.littleEndian(UInt32.self, at: start + 16)) * Self.alignment
        payloadChecksum = bytes.littleEndian(UInt32.self, at: start + 20)
    }

    private static func checksum(_ header: UnsafeRawBufferPointer, offset: Int) -> UInt32 {
        withUnsafeBytes(of: UInt64(offset).littleEndian) { crc32c($0, continuing: crc32c(header)) }
    }
}

/// A record that is ready but for its place: the header is filled in when the place is known.
struct LogRecord: Sendable {
    let type: RecordType
    /// 32 bytes for the header, then the front of the payload.
    let head: [UInt8]
    /// The rest of the payload; written from where it lies.
    let rest: [[UInt8]]
    let payloadLength: Int
    let payloadChecksum: UInt32

    /// `head`: begins with 32 bytes that are not used.
    init(_ type: RecordType, head: [UInt8], rest: [[UInt8]] = []) {
        self.type = type
        self.head = head
        self.rest = rest
        var length = head.count - RecordHeader.size
        var checksum = head.withUnsafeBytes { crc32c(UnsafeRawBufferPointer(rebasing: $0[RecordHeader.size...])) }
        for piece in rest {
            length += piece.count
            checksum = piece.withUnsafeBytes { crc32c($0, continuing: checksum) }
        }
        payloadLength = length
        payloadChecksum = checksum
    }

    /// Bytes with header, without padding.
    var size: Int { RecordHeader.size + payloadLength }

    private static let padding = (0..<RecordHeader.alignment).map { [UInt8](repeating: 0, count: $0) }

    /// Appends the bytes of the record at its place.
    func place(at offset: Int, identity: UInt64, floor: Int, into pieces: inout [[UInt8]]) {
        var head = self.head
        RecordHeader(
            type: type, length: payloadLength, identity: identity, floor: floor, payloadChecksum: payloadChecksum
        ).encode(into: &head, offset: offset)
        pieces.append(head)
        pieces.append(contentsOf: rest)
        let gap = RecordHeader.padded(size) - size
        if gap > 0 { pieces.append(Self.padding[gap]) }
    }

    /// The last record of a file.
    static let seal = LogRecord(.seal, head: [UInt8](repeating: 0, count: RecordHeader.size))
}
