import Glibc

/// The data of one resource record of an answer.
package enum DNSRecord: Hashable, Sendable {
    /// A or AAAA, as text without brackets.
    case address(String)
    case mailExchange(preference: UInt16, host: String)
    /// CNAME or PTR: a name without the final dot; empty for the root.
    case name(String)
    /// TXT: all strings of the record, joined (RFC 7208 section 3.3).
    case text([UInt8])
    case other([UInt8])

    /// Reads the data of a record, as it is on the wire without compression. Nil when it is not what its type says:
    /// such a record is left out of the answer.
    package init?(type: DNSRecordType, data: UnsafeRawBufferPointer) {
        switch type {
        case .a:
            guard data.count == 4, let text = Self.addressText(AF_INET, data) else { return nil }
            self = .address(text)
        case .aaaa:
            guard data.count == 16, let text = Self.addressText(AF_INET6, data) else { return nil }
            self = .address(text)
        case .mx:
            guard data.count > 2, let host = Self.wireName(data[2...]) else { return nil }
            self = .mailExchange(preference: UInt16(data[0]) << 8 | UInt16(data[1]), host: host)
        case .cname, .ptr:
            guard let name = Self.wireName(data[...]) else { return nil }
            self = .name(name)
        case .txt:
            guard let text = Self.strings(data) else { return nil }
            self = .text(text)
        default:
            self = .other(Array(data))
        }
    }

    private static func addressText(_ family: Int32, _ data: UnsafeRawBufferPointer) -> String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, data.baseAddress, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// An uncompressed name that fills `data`. Bytes that are not printable, dots inside labels and backslashes are
    /// escaped (RFC 1035 section 5.1).
    private static func wireName(_ data: Slice<UnsafeRawBufferPointer>) -> String? {
        var text: [UInt8] = []
        var rest = data
        guard data.count <= 255 else { return nil }
        while let length = rest.popFirst() {
            if length == 0 { return rest.isEmpty ? String(decoding: text, as: UTF8.self) : nil }
            guard length <= 63, rest.count >= Int(length) else { return nil }
            if !text.isEmpty { text.append(UInt8(ascii: ".")) }
            for byte in rest.prefix(Int(length)) { appendEscaped(byte, to: &text) }
            rest = rest.dropFirst(Int(length))
        }
        return nil
    }

    private static func appendEscaped(_ byte: UInt8, to text: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "\\"):
            text.append(UInt8(ascii: "\\"))
            text.append(byte)
        case 0x21...0x7E:
            text.append(byte)
        default:
            text.append(UInt8(ascii: "\\"))
            for digit in [byte / 100, byte / 10 % 10, byte % 10] { text.append(UInt8(ascii: "0") + digit) }
        }
    }

    private static func strings(_ data: UnsafeRawBufferPointer) -> [UInt8]? {
        var text: [UInt8] = []
        var rest = data[...]
        while let length = rest.popFirst() {
            guard rest.count >= Int(length) else { return nil }
            text.append(contentsOf: rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
        }
        return text
    }
}
