import InternetMessage
import Testing

@Suite struct HeaderBlockTests {
    private func scan(_ text: String) throws -> HeaderBlock.Scan {
        try HeaderBlock.scan(Array(text.utf8)).get()
    }

    private func written(_ header: HeaderBlock) -> String {
        var output: [UInt8] = []
        header.write(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func splitsHeaderAndBody() throws {
        let text = "From: a@b\r\nSubject: one\r\n two\r\n\tthree\r\nTo : c\r\n\r\nBody\r\n"
        let scan = try scan(text)
        #expect(scan.header.fields.count == 3)
        #expect(scan.header.text(of: "subject") == "one two\tthree")
        #expect(scan.header.text(of: "TO") == "c")
        #expect(scan.header.fields[1].isFolded)
        #expect(String(decoding: Array(text.utf8)[scan.bodyStart...], as: UTF8.self) == "Body\r\n")
        #expect(written(scan.header) + "\r\nBody\r\n" == text)
    }

    @Test(arguments: [
        ("", 0, ""), ("\r\nbody", 0, "body"), ("no field here\r\nbody", 0, "no field here\r\nbody"),
        ("A: b\r\nbody text\r\n", 1, "body text\r\n"), ("A: b", 1, ""), ("A: b\nC: d\n\nbody", 2, "body"),
        (": empty name\r\n", 0, ": empty name\r\n"), (" leading blank\r\n", 0, " leading blank\r\n"),
        ("__proto__: x\r\n\r\n", 1, ""), ("A:\r\n\r\n", 1, ""), ("A: b\r\n \r\n\r\nx", 1, "x"),
    ])
    func toleratesGarbage(_ text: String, _ fields: Int, _ body: String) throws {
        let scan = try scan(text)
        #expect(scan.header.fields.count == fields)
        #expect(String(decoding: Array(text.utf8)[scan.bodyStart...], as: UTF8.self) == body)
    }

    @Test func limits() {
        let many = Array(String(repeating: "A: b\r\n", count: 101).utf8)
        let limits = HeaderBlock.Limits(fields: 100, octets: 10_000)
        guard case .failure(let error) = HeaderBlock.scan(many, limits: limits) else {
            Issue.record("no limit")
            return
        }
        #expect(error == .tooManyFields(limit: 100))
        let long = Array(("A: " + String(repeating: "x", count: 20_000)).utf8)
        guard case .failure(let size) = HeaderBlock.scan(long, limits: limits) else {
            Issue.record("no limit")
            return
        }
        #expect(size == .tooLarge(limit: 10_000))
    }

    @Test func editing() throws {
        var header = try scan("Received: one\r\nSubject: s\r\nX-A: 1\r\nx-a: 2\r\n\r\n").header
        header.add("Message-ID", "<1@x>")
        header.add("MIME-Version", "1.0", at: .top)
        header.removeAll("X-A")
        header.replaceValue(at: try #require(header.firstIndex(of: "subject")), with: "new".utf8)
        #expect(
            written(header) == "MIME-version: 1.0\r\nReceived: one\r\nSubject: new\r\nMessage-id: <1@x>\r\n")
    }

    @Test func addedValuesCannotBreakTheHeader() {
        var header = HeaderBlock()
        header.add("X-Test", "a\r\nBcc: evil@x\u{0}\r\n\r\nbody")
        #expect(written(header) == "X-test: a Bcc: evil@x body\r\n")
        header = HeaderBlock()
        header.add("Subject", String(repeating: "word ", count: 40))
        let lines = written(header).split(separator: "\r\n")
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.utf8.count <= 78 })
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix(" word") })
    }

    @Test(arguments: [
        ("content-transfer-encoding", "Content-transfer-encoding"), ("IN-REPLY-TO", "In-reply-to"),
        ("mime-version", "MIME-version"), ("Message-ID", "Message-id"), ("DATE", "Date"),
    ])
    func familyCapitals(_ name: String, _ expected: String) {
        #expect(String(decoding: FieldName.familyCapitals(name), as: UTF8.self) == expected)
    }

    @Test func receivedFieldsAreCounted() throws {
        let header = try scan(
            "Received: from a by mail.example.com id 1\r\nReceived: from b\r\n by MAIL.example.com (x) id 2\r\n"
                + "received: from c by other id 3\r\n\r\n"
        ).header
        #expect(header.count(of: "Received") == 3)
        #expect(header.receivedCount(by: "mail.example.com") == 2)
    }

    @Test func completion() throws {
        var header = try scan("Subject: s\r\n\r\n").header
        let completion = HeaderBlock.Completion(
            date: Array("Mon, 07 Aug 2023 12:40:37 -0700 (PDT)".utf8), envelopeID: "0RZ100D2FDBMHZ20",
            host: "mail.example.com", sender: "anna@example.com")
        let added = header.complete(completion)
        let addedAgain = header.complete(completion)
        #expect(added == ["Date", "From", "Message-id"])
        #expect(addedAgain.isEmpty)
        #expect(header.messageID == "<0RZ100D2FDBMHZ20@mail.example.com>")
        #expect(
            written(header)
                == "Subject: s\r\nDate: Mon, 07 Aug 2023 12:40:37 -0700 (PDT)\r\nFrom: anna@example.com\r\n"
                + "Message-id: <0RZ100D2FDBMHZ20@mail.example.com>\r\n")
    }
}
