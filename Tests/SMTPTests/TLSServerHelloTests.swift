import Testing

@testable import SMTP

@Suite struct TLSServerHelloTests {
    /// A ServerHello with a session id of `sessionLength` octets and the suite TLS_AES_256_GCM_SHA384.
    private static func hello(sessionLength: Int) -> [UInt8] {
        let body = [3, 3] + [UInt8](repeating: 7, count: 32) + [UInt8(sessionLength)]
        let tail = [UInt8](repeating: 9, count: sessionLength) + [0x13, 0x02, 0, 0, 0]
        let length = UInt8(body.count + tail.count)
        return [22, 3, 3, 0, length + 4, 2, 0, 0, length] + body + tail
    }

    @Test(arguments: [0, 32]) func suite(sessionLength: Int) {
        let suite = Self.hello(sessionLength: sessionLength).withUnsafeBytes(TLSServerHello.cipherSuite)
        #expect(suite == 0x1302)
        #expect(suite.map(TLSServerHello.name) == "TLS_AES_256_GCM_SHA384")
    }

    /// Alerts, plain text, and hellos that are cut anywhere give no suite and no trap.
    @Test func whatIsNoServerHello() {
        for octets in [[21, 3, 3, 0, 2, 2, 40], Array("250 hello, this is no TLS at all, only much text".utf8), []] {
            #expect(octets.withUnsafeBytes(TLSServerHello.cipherSuite) == nil)
        }
        let hello = Self.hello(sessionLength: 32)
        for count in 0..<78 {
            let suite = Array(hello[..<count]).withUnsafeBytes(TLSServerHello.cipherSuite)
            #expect(suite == nil, "\(count)")
        }
        var long = hello
        long[43] = 255
        #expect(long.withUnsafeBytes(TLSServerHello.cipherSuite) == nil)
    }

    @Test func words() {
        #expect(TLSServerHello.name(0x1399) == "0x1399")
        #expect(TLSServerHello.description(version: "1.3", suite: "TLS_X") == "TLSv1.3:TLS_X")
        #expect(TLSServerHello.description(version: nil, suite: nil) == "TLS")
    }
}

@Suite struct TLSErrorTextTests {
    @Test(arguments: [
        (
            "sslError([Error: 268 error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at /x.cc:1])",
            "wrong version number" as String?
        ),
        ("sslError([Error:  EOF during handshake])", nil), ("OPENSSL_internal:", ""), ("", nil),
    ])
    func reason(_ text: String, _ reason: String?) { #expect(TLSErrorText.reason(text) == reason) }
}
