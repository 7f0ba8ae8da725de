import Envelope
import Testing

@testable import Notifications

/// Notifications about messages that needed SMTPUTF8 (RFC 6533).
@Suite struct InternationalReportTests {
    private static func message(_ body: BodyType = .eightBitMIME) -> QueuedMessage {
        var message = queued(sender: "j\u{f6}rg@example.com", body: body)
        message.needsSMTPUTF8 = true
        message.entries[0].recipients = [
            QueueRecipient(
                address: "bj\u{f6}rn@final.example", given: "bj\u{f6}rn@orig.example",
                originalRecipient: "utf-8;bj\u{f6}rn@orig.example"),
            QueueRecipient(address: "a@final.example", given: "\u{e9}\r\nBcc: x@final.example"),
        ]
        return message
    }

    @Test func addressesAreInUTF8() async throws {
        let bench = try Bench()
        #expect(await bench.notify(.failed, Self.message()) == nil)
        let (message, text) = try #require(try bench.finish().first)
        #expect(message.needsSMTPUTF8)
        #expect(message.body == .eightBitMIME)
        #expect(message.entries.flatMap(\.recipients).map(\.address) == ["j\u{f6}rg@example.com"])
        #expect(text.contains("\r\nTo: j\u{f6}rg@example.com\r\n"))
        #expect(text.contains("\r\nContent-type: text/plain; charset=utf-8\r\nContent-language: en-US\r\n"))
        #expect(text.contains("\r\nContent-language: en-US\r\nContent-transfer-encoding: 8bit\r\n\r\nThis report"))
        #expect(
            text.contains("\r\nContent-type: message/global-delivery-status\r\nContent-transfer-encoding: 8bit\r\n"))
        #expect(text.contains("\r\nContent-type: message/global\r\n\r\nReturn-path: <j\u{f6}rg@example.com>\r\n"))
        #expect(text.contains("\r\nOriginal-recipient: utf-8;bj\u{f6}rn@orig.example\r\n"))
        #expect(text.contains("\r\nFinal-recipient: utf-8;bj\u{f6}rn@final.example\r\n"))
        #expect(text.contains("\r\nOriginal-recipient: utf-8;\u{e9}??Bcc: x@final.example\r\n"), "one line")
        #expect(text.contains("\r\nFinal-recipient: rfc822;a@final.example\r\n"))
    }

    /// Only a message that is returned whole makes its report binary.
    @Test(arguments: [(ReturnContent.headers, BodyType.eightBitMIME), (.full, .binaryMIME)])
    func binaryMessages(part: ReturnContent, body: BodyType) async throws {
        let bench = try Bench()
        var message = Self.message(.binaryMIME)
        message.returnContent = part
        #expect(await bench.notify(.failed, message) == nil)
        #expect(try bench.finish().first?.message.body == body)
    }
}
