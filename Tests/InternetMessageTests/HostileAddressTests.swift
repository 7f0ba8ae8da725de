import InternetMessage
import Testing

/// Addresses that no honest client sends (RFC 5321 section 4.1.2, RFC 3629 section 3).
@Suite struct HostileAddressTests {
    /// Overlong, half a pair of surrogates, cut, beyond Unicode; in either half of an address.
    @Test(
        arguments: [
            [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xF0, 0x80, 0x80, 0xAF], [0xED, 0xA0, 0x80],
            [0xED, 0xB0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82], [0x80],
            [0xBF], [0xFF], [0xFE],
        ] as [[UInt8]])
    func brokenUTF8(octets: [UInt8]) {
        for (before, after) in [("<a", "b@c.example>"), ("<\"a ", "b\"@c.example>"), ("<a@b", "c.example>")] {
            let path = Array(before.utf8) + octets + Array(after.utf8)
            for allowsUTF8 in [true, false] {
                guard case .success(let accepted) = SMTPPath.parse(path[...], allowUTF8: allowsUTF8) else { continue }
                // Without SMTPUTF8 the octets of a local part become asterisks.
                #expect(!allowsUTF8 && accepted.mailbox?.description.contains("*") == true, "\(octets) \(before)")
            }
        }
    }

    /// What a shell, a database, a file system or a template would make something of is text, or refused.
    @Test(arguments: [
        "<|sh@x>", "<\"|/bin/sh -c 'id'\"@x>", "<`id`@x>", "<$(id)@x>", "<${run{/bin/sh}}@x>", "<'/**/UNION@x>",
        "<-oX@x>", "</etc/passwd@x>", "<\"../../x\"@x>", "<a%00b@x>", "<\":include:/etc/passwd\"@x>", "<a;b@x>",
        "<\"a\\\r\nb\"@x>", "<a\r\nRSET@x>", "<<a@b>@x>", "<<>>", "<>>", "<a@b>>", "<@a@b:c@d>", "<@a:@b:c@d>",
        "<a@[IPv6:::1%25lo]>", "<a@[1.2.3.4]:25>", "<a@[]>", "<a@[IPv6:]>", "<a@xn--a.example>", "<a@xn--.example>",
    ])
    func nothingIsExecuted(text: String) throws {
        guard case .success(let path) = SMTPPath.parse(bytes(text)) else { return }
        let mailbox = try #require(path.mailbox)
        #expect(mailbox.description.utf8.allSatisfy { $0 >= 32 && $0 < 127 })
        #expect(try SMTPPath.parse(bytes("<\(mailbox)>")).get().mailbox == mailbox)
    }

    /// Any length ends, with a reason.
    @Test func endless() {
        for octet in Array("a.@<\":,[\\( %!".utf8) {
            for start in ["<", "<a@", "<\"", "<@", "<a@[", ""] {
                let path = Array(start.utf8) + Array(repeating: octet, count: 100_000)
                guard case .success(let accepted) = SMTPPath.parse(path[...]) else { continue }
                #expect(accepted.mailbox == nil, "\(start) and many of \(octet)")
            }
        }
    }
}
