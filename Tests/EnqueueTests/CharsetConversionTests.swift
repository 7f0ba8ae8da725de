import InternetMessage
import Testing

@testable import Enqueue

/// CHARSET-CONVERSION at the enqueue (access-and-filtering specification, 22).
@Suite struct CharsetConversionTests {
    private static let table = """
        [mapping:CHARSET-CONVERSION]
          IN-CHAN=from;OUT-CHAN=to;CONVERT  Yes
          IN-CHAN=*;OUT-CHAN=*;CONVERT  No
          IN-CHAN=from;OUT-CHAN=*;IN-CHARSET=ISO-8859-1  OUT-CHARSET=UTF-8
          IN-CHAN=from;OUT-CHAN=*;IN-CHARSET=KOI8-R  RELABEL-ONLY=1;OUT-CHARSET=KOI8-U
        """

    private func site() throws -> ContentSite { try ContentSite(added: Self.table) }

    private func text(_ charset: String, _ body: String) -> String {
        "Content-Type: text/plain; charset=\(charset)\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\(body)\r\n"
    }

    /// "messages from tcp_local to ims-ms are examined, others not".
    @Test func exampleA21() throws {
        let site = try site()
        #expect(try site.send(text("iso-8859-1", "<FC>")).content == text("UTF-8", "<C3><BC>"))
        #expect(try site.send(text("koi8-r", "<C1>")).content == text("KOI8-U", "<C1>"))
        #expect(try site.send(text("utf-8", "<C3><BC>")).content == text("utf-8", "<C3><BC>"))
        let other = try site.send(text("iso-8859-1", "<FC>"), to: ["other"])
        #expect(other.content == text("iso-8859-1", "<FC>"))
    }

    /// A message for both channels is divided first.
    @Test func destinationsThatDiffer() throws {
        let both = try site().send(text("iso-8859-1", "<FC>"), to: ["to", "other"])
        #expect(both.facts.differsByDestination)
        #expect(both.content == text("iso-8859-1", "<FC>"))
    }

    @Test(arguments: [
        ("OUT-CHARSET=UTF-8", "UTF-8", false), ("out-charset=x; relabel-only=1", "x", true),
        ("RELABEL-ONLY=0,OUT-CHARSET=x", "x", false), ("Yes", nil, false), ("OUT-CHARSET", nil, false),
        ("", nil, false),
    ])
    func output(_ text: String, _ name: String?, _ isRelabelOnly: Bool) {
        let expected = name.map { ContentConverter.CharsetChange(name: $0, isRelabelOnly: isRelabelOnly) }
        #expect(ContentConverter.CharsetChange(mapping: text) == expected)
    }
}
