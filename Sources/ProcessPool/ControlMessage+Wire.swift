/// The datagram of a message. Runs for every connection: bytes are looked at once, short texts cost no allocation.
extension ControlMessage {
    /// Reads one datagram. Never traps, whatever the bytes.
    package init(bytes: some RandomAccessCollection<UInt8>) throws(ControlMessageError) {
        guard bytes.count <= Self.maximumLength else { throw .tooLong(bytes.count) }
        self = try Array(bytes).withUnsafeBufferPointer { buffer throws(ControlMessageError) in
            try ControlMessage(buffer)
        }
    }

    /// Reads one datagram.
    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(ControlMessageError) {
        guard bytes.count <= Self.maximumLength else { throw .tooLong(bytes.count) }
        guard let type = MessageType(bytes: bytes.prefix(4)) else {
            throw .malformed("it does not begin with four capital letters")
        }
        guard bytes.count == 4 || bytes[4] == 0x0A else { throw .malformed("no line feed after the type \(type)") }
        let isASCII = bytes.allSatisfy { $0 < 0x80 }
        var groups: [Fields] = []
        var current = Fields()
        current.reserveCapacity(12)
        var start = 5
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            defer { start = end + 1 }
            if start == end {
                groups.append(current)
                current = Fields()
                continue
            }
            let line = bytes[start..<end]
            guard let equals = line.firstIndex(of: 0x3D), equals != start else {
                throw .malformed("a line of \(type) is not key=value")
            }
            guard !line.contains(0), let key = Self.text(line[..<equals], isASCII: isASCII),
                let value = Self.text(line[(equals + 1)...], isASCII: isASCII)
            else { throw .malformed("a line of \(type) is not UTF-8 text") }
            current.append(key, value)
        }
        groups.append(current)
        self.init(type, groups: groups)
    }

    /// Nil when `bytes` are not UTF-8. Validation is slow beside the plain copy that ASCII allows.
    private static func text(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, isASCII: Bool) -> String? {
        let buffer = UnsafeBufferPointer(rebasing: bytes)
        return isASCII ? String(decoding: buffer, as: UTF8.self) : String(validating: buffer, as: UTF8.self)
    }

    /// The datagram.
    package func encoded() throws(ControlMessageError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(384)
        type.append(to: &bytes)
        bytes.append(0x0A)
        for (index, group) in groups.enumerated() {
            if index > 0 { bytes.append(0x0A) }
            for field in group.all {
                guard !field.key.isEmpty, Self.append(field.key, to: &bytes, where: { $0 != 0x3D && $0 >= 0x20 }) else {
                    throw .unsendable(key: field.key, "not a usable key")
                }
                bytes.append(0x3D)
                guard Self.append(field.value, to: &bytes, where: { $0 != 0x0A && $0 != 0 }) else {
                    throw .unsendable(key: field.key, "the value holds a line feed or NUL")
                }
                bytes.append(0x0A)
            }
        }
        guard bytes.count <= Self.maximumLength else { throw .tooLong(bytes.count) }
        return bytes
    }

    /// False when a byte of the text is not allowed.
    private static func append(
        _ text: String, to bytes: inout [UInt8], where isAllowed: (UInt8) -> Bool
    ) -> Bool {
        var text = text
        return text.withUTF8 { buffer in
            bytes.append(contentsOf: buffer)
            return buffer.allSatisfy(isAllowed)
        }
    }
}
