import Testing

@testable import DNS

/// Record data of any length: too short for its type it is no record, and nothing is read behind its end.
@Suite struct HostileRecordTests {
    @Test(arguments: [
        DNSRecordType.a, .aaaa, .mx, .ptr, .txt, DNSRecordType(rawValue: 33), DNSRecordType(rawValue: 52),
    ])
    func anyLength(type: DNSRecordType) {
        for octet in [0, 1, 3, 32, 63, 64, 0x80, 0xC0, 0xFF] as [UInt8] {
            for count in Array(0...40) + [255, 256, 65_535] {
                let bytes = [UInt8](repeating: octet, count: count)
                let record = bytes.withUnsafeBytes { DNSRecord(type: type, data: $0) }
                if case .name(let name) = record { #expect(name.utf8.allSatisfy { $0 > 32 && $0 < 127 }) }
                if case .mailExchange(_, let host) = record { #expect(host.utf8.allSatisfy { $0 > 32 && $0 < 127 }) }
            }
        }
    }
}
