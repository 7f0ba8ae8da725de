import Testing

@testable import ProcessPool

@Suite struct LogRecordFormatTests {
    /// L1 and L2 of the dispatcher specification, section 15.
    @Test(arguments: [
        (1, "Started", "09.05.07.42 (   1): Started\n"),
        (17, "x", "09.05.07.42 (  17): x\n"),
        (1, "a\nb\u{1B}[0m\\", "09.05.07.42 (   1): a\\x0Ab\\x1B[0m\\x5C\n"),
    ])
    func record(thread: Int, text: String, expected: String) {
        let record = LogRecordFormat.record(
            hour: 9, minute: 5, second: 7, hundredths: 42, thread: thread, text: text)
        #expect(record == expected)
    }

    @Test func longRecordsContinueUnderTheText() {
        let words = Array(repeating: "word", count: 40).joined(separator: " ")
        let text = words + " " + String(repeating: "x", count: 100)
        let record = LogRecordFormat.record(hour: 0, minute: 0, second: 0, hundredths: 0, thread: 1, text: text)
        let lines = record.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 79 })
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix(String(repeating: " ", count: 20)) })
        let joined = lines.map { $0.dropFirst(20) }.joined(separator: " ")
        #expect(joined.filter { $0 != " " } == text.filter { $0 != " " })
    }
}
