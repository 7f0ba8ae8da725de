/// The one thing of a handshake that the TLS library does not tell: the cipher suite, which the server's first record
/// names in the clear (RFC 5246 section 7.4.1.3, RFC 8446 section 4.1.3).
package enum TLSServerHello {
    /// The suite that `record`, the first octets a server writes in a handshake, has chosen; nil when they are not a whole ServerHello.
    package static func cipherSuite(_ record: UnsafeRawBufferPointer) -> UInt16? {
        // Record: type 22, version, length. Handshake: type 2, length of 3 octets, version, 32 random octets.
        let sessionLengthAt = 5 + 4 + 2 + 32
        guard record.count > sessionLengthAt, record[0] == 22, record[5] == 2 else { return nil }
        let suiteAt = sessionLengthAt + 1 + Int(record[sessionLengthAt])
        guard record[sessionLengthAt] <= 32, record.count >= suiteAt + 2 else { return nil }
        return UInt16(record[suiteAt]) << 8 | UInt16(record[suiteAt + 1])
    }

    /// `TLSv1.3:TLS_AES_256_GCM_SHA384`, as logs and access tables have it (access-and-filtering specification, 3).
    /// - Parameters:
    ///   - version: `1.3`; nil: not known.
    ///   - suite: as ``name(_:)`` gives it; nil: not known.
    package static func description(version: String?, suite: String?) -> String {
        let protocolName = version.map { "TLSv\($0)" } ?? "TLS"
        return suite.map { "\(protocolName):\($0)" } ?? protocolName
    }

    /// The suite's name in the registry of IANA.
    package static func name(_ suite: UInt16) -> String {
        names[suite] ?? "0x" + String(suite, radix: 16, uppercase: true)
    }

    /// Those the library can do.
    package static let names: [UInt16: String] = [
        0x1301: "TLS_AES_128_GCM_SHA256", 0x1302: "TLS_AES_256_GCM_SHA384", 0x1303: "TLS_CHACHA20_POLY1305_SHA256",
        0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", 0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", 0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        0x002F: "TLS_RSA_WITH_AES_128_CBC_SHA", 0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
        0x009C: "TLS_RSA_WITH_AES_128_GCM_SHA256", 0x009D: "TLS_RSA_WITH_AES_256_GCM_SHA384",
    ]
}
