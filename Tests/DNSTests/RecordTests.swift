import Testing

@testable import DNS

@Suite struct RecordTests {
    private func read(_ type: DNSRecordType, _ bytes: [UInt8]) -> DNSRecord? {
        bytes.withUnsafeBytes { DNSRecord(type: type, data: $0) }
    }

    @Test(
        arguments: [
            (DNSRecordType.a, [192, 0, 2, 1], DNSRecord.address("192.0.2.1")),
            (.aaaa, [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], .address("2001:db8::1")),
            (.mx, [0, 10, 1, 97, 0], .mailExchange(preference: 10, host: "a")),
            (.mx, [0, 0, 0], .mailExchange(preference: 0, host: "")),
            (.mx, [1, 0, 2, 97, 46, 1, 98, 0], .mailExchange(preference: 256, host: "a\\..b")),
            (.ptr, [2, 10, 200, 0], .name("\\010\\200")),
            (.txt, [1, 97, 0, 2, 98, 99], .text([97, 98, 99])),
            (.txt, [], .text([])),
            (DNSRecordType(rawValue: 52), [3, 1], .other([3, 1])),
        ] as [(DNSRecordType, [UInt8], DNSRecord)])
    func whole(type: DNSRecordType, bytes: [UInt8], record: DNSRecord) {
        #expect(read(type, bytes) == record)
    }

    @Test(
        arguments: [
            (DNSRecordType.a, []), (.a, [1, 2, 3]), (.aaaa, [1, 2, 3, 4]), (.mx, []), (.mx, [0]), (.mx, [0, 1]),
            (.mx, [0, 1, 5, 97]), (.mx, [0, 1, 1, 97]), (.mx, [0, 1, 0, 0]), (.mx, [0, 1, 0xC0, 0]), (.ptr, []),
            (.ptr, [64]), (.txt, [3, 97]), (.txt, [0, 200, 1]),
            (.ptr, Array(repeatElement([1, 97], count: 130).joined()) + [0]),
        ] as [(DNSRecordType, [UInt8])])
    func damaged(type: DNSRecordType, bytes: [UInt8]) {
        #expect(read(type, bytes) == nil)
    }

    @Test func reverseNames() {
        #expect(DNSQuestion.reverse(addressBytes: [192, 0, 2, 1]).name == "1.2.0.192.in-addr.arpa")
        let loopback = [UInt8](repeating: 0, count: 15) + [1]
        let name = "1" + String(repeating: ".0", count: 31) + ".ip6.arpa"
        #expect(DNSQuestion.reverse(addressBytes: loopback) == DNSQuestion(name, .ptr))
    }

    @Test(
        arguments: [
            ("[192.0.2.1]", "192.0.2.1"), ("[IPv6:2001:db8::1]", "2001:db8::1"), ("[ipv6:::1]", "::1"),
            ("[::1]", "::1"),
            ("[192.0.2.256]", nil), ("192.0.2.1", nil), ("[]", nil), ("[IPv6:fe80::1%eth0]", nil),
            ("[IPv6:192.0.2.1]", nil), ("[x:1]", nil), ("[", nil), ("", nil), ("[127.1]", nil),
        ] as [(String, String?)])
    func literals(text: String, address: String?) {
        #expect(AddressLiteral.address(text) == address)
    }
}
