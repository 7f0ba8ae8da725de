import InternetMessage
import Testing

/// Worked examples 35 and 36 of the channels specification: one asterisk for each octet above 127.
@Suite struct AsteriskExamplesTests {
    @Test(arguments: [([0xF6], "j*rg"), ([0xC3, 0xB6], "j**rg")] as [([UInt8], String)])
    func localPart(octets: [UInt8], seen: String) throws {
        let path = try SMTPPath.parse((Array("<j".utf8) + octets + Array("rg@example.com>".utf8))[...]).get()
        #expect(path.mailbox?.localPart == seen)
    }
}
