import Testing

@testable import SMTP

@Suite struct ProxyHeaderTests {
    private static let connection = ProxyHeader.Connection(
        client: "203.0.113.9", clientPort: 40_000, server: "192.0.2.1", serverPort: 25)

    @Test(arguments: [
        ("PROXY TCP4 203.0.113.9 192.0.2.1 40000 25\r\n", connection),
        (
            "PROXY TCP6 2001:DB8:0:0::1 2001:db8::2 1 65535\r\n",
            .init(
                client: "2001:db8::1", clientPort: 1, server: "2001:db8::2", serverPort: 65_535)
        ),
        ("PROXY UNKNOWN\r\n", nil), ("PROXY UNKNOWN whatever stands here\r\n", nil),
    ])
    func line(text: String, connection: ProxyHeader.Connection?) {
        let bytes = Array((text + "EHLO x\r\n").utf8)
        let expected = ProxyHeader.Reading.complete(ProxyHeader(connection: connection), length: text.utf8.count)
        #expect(ProxyHeader.read(bytes[...]) == expected)
        for end in 0..<text.utf8.count { #expect(ProxyHeader.read(bytes[..<end]) == .incomplete, "\(end) octets") }
    }

    @Test(arguments: [
        "EHLO x\r\n", "proxy TCP4 203.0.113.9 192.0.2.1 1 2\r\n", "PROXY TCP4 203.0.113.9 192.0.2.1 1 2\n\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.1 1 2 \r\n", "PROXY  TCP4 203.0.113.9 192.0.2.1 1 2\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.1 1\r\n", "PROXY TCP4 203.0.113.9 192.0.2.1 1 65536\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.1 01 2\r\n", "PROXY TCP4 203.0.113.9 192.0.2.1 +1 2\r\n",
        "PROXY TCP4 203.0.113.256 192.0.2.1 1 2\r\n", "PROXY TCP4 203.0.113.09 192.0.2.1 1 2\r\n",
        "PROXY TCP4 ::1 ::2 1 2\r\n", "PROXY TCP6 203.0.113.9 192.0.2.1 1 2\r\n", "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4\t203.0.113.9 192.0.2.1 1 2\r\n", "PROXY UNKNOWN\rX", "PROXY \r\n",
        "PROXY UNKNOWN " + String(repeating: "x", count: 100) + "\r\n",
    ])
    func badLine(text: String) {
        guard case .invalid = ProxyHeader.read(Array(text.utf8)[...]) else {
            Issue.record("\(text.debugDescription) was taken")
            return
        }
    }

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
    private static let addresses: [UInt8] = [203, 0, 113, 9, 192, 0, 2, 1, 0x9C, 0x40, 0, 25]

    private static func binary(_ command: UInt8, _ family: UInt8, _ block: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(block.count >> 8), UInt8(block.count & 255)] + block
    }

    @Test(arguments: [
        (binary(0x21, 0x11, addresses), connection), (binary(0x21, 0x11, addresses + [4, 0, 2, 1, 2]), connection),
        (binary(0x20, 0x00, []), nil), (binary(0x20, 0x11, addresses), nil), (binary(0x21, 0x00, [1, 2, 3]), nil),
        (
            binary(
                0x21, 0x21,
                [UInt8](repeating: 0, count: 15) + [1] + [0x20, 1, 0xD, 0xB8]
                    + [UInt8](repeating: 0, count: 12) + [0, 1, 0, 2]),
            .init(client: "::1", clientPort: 1, server: "2001:db8::", serverPort: 2)
        ),
    ])
    func block(bytes: [UInt8], connection: ProxyHeader.Connection?) {
        let expected = ProxyHeader.Reading.complete(ProxyHeader(connection: connection), length: bytes.count)
        #expect(ProxyHeader.read((bytes + [65, 66])[...]) == expected)
        for end in 0..<bytes.count { #expect(ProxyHeader.read(bytes[..<end]) == .incomplete, "\(end) octets") }
    }

    @Test(arguments: [
        binary(0x11, 0x11, addresses), binary(0x22, 0x11, addresses), binary(0x21, 0x12, addresses),
        binary(0x21, 0x31, [UInt8](repeating: 0, count: 216)), binary(0x21, 0x11, Array(addresses.dropLast())),
        binary(0x21, 0x11, addresses + [4, 0]), binary(0x21, 0x11, addresses + [4, 0, 2, 1]),
        signature + [0x21, 0x11, 0x10, 0x01], Array(signature.dropLast()) + [11, 0x21],
    ])
    func badBlock(bytes: [UInt8]) {
        guard case .invalid = ProxyHeader.read(bytes[...]) else {
            Issue.record("\(bytes) was taken")
            return
        }
    }
}

@Suite struct NetworkAddressTests {
    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::0:0:1", "2001:db8::1"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("0:0:0:0:0:0:0:0", "::"),
    ])
    func text(given: String, expected: String) { #expect(NetworkAddress(given)?.description == expected) }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.04", "1.2.3.-4", "1.2.3.256", ":", ":::", "1:::2", "1::2::3", "g::",
        "12345::",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "-1::", "::1%eth0", "[::1]", "1.2.3.4::", " 1.2.3.4",
    ])
    func noAddress(text: String) { #expect(NetworkAddress(text) == nil) }

    @Test func mappedAddressesAreIPv4() {
        let mapped = NetworkAddress(octets: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 7])
        #expect(mapped == NetworkAddress("192.0.2.7"))
    }

    @Test(arguments: [
        ("192.0.2.7", true), ("192.0.2.8", false), ("198.51.100.255", true), ("198.51.101.0", false),
        ("2001:db8:ffff::", true),
        ("2001:db9::", false), ("10.1.2.3", false), ("nonsense", false),
    ])
    func list(host: String, isIn: Bool) {
        let list = AddressList("192.0.2.7, 198.51.100.0/24 2001:db8::/32 192.0.2.0/33 x")
        #expect(list.contains(host) == isIn)
        #expect(list.problems == ["192.0.2.0/33", "x"])
    }

    @Test func emptyList() {
        #expect(AddressList("").isEmpty)
        #expect(!AddressList("").contains("::1"))
        #expect(AddressList("0.0.0.0/0").contains("192.0.2.1"))
    }
}
