import Glibc
import SystemCalls
import Testing

/// Mappings specification, section 3.1: sequence numbers.
@Suite struct SequenceFileTests {
    private func withFile<Result>(_ content: String, _ body: (String) throws -> Result) throws -> Result {
        var template = Array("/tmp/martlet-sequence-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        close(descriptor)
        defer { unlink(path) }
        try Files.replace(path, with: Array(content.utf8))
        return try body(path)
    }

    @Test(
        arguments: [
            ("", nil, [1, 2, 3]), ("41\n", nil, [42, 43, 44]), ("8", 10, [9, 0, 1]), ("99999", 7, [5, 6, 0]),
            ("18446744073709551615", nil, [0, 1, 2]),
        ] as [(String, UInt64?, [UInt64])])
    func counts(_ content: String, _ modulus: UInt64?, _ numbers: [UInt64]) throws {
        try withFile(content) { path in
            for number in numbers { #expect(try SequenceFile.next(path, modulus: modulus) == number) }
            let text = String(decoding: try Files.read(path), as: UTF8.self)
            #expect(text == "\(numbers.last ?? 0)\n")
        }
    }

    /// What is no number stays as it is.
    @Test func failures() throws {
        #expect(throws: SystemCallError.self) { try SequenceFile.next("/nonexistent/sequence") }
        try withFile("not a number") { path in
            #expect(throws: SystemCallError.self) { try SequenceFile.next(path) }
            let text = String(decoding: try Files.read(path), as: UTF8.self)
            #expect(text == "not a number")
        }
    }

    /// No number is given twice, however many ask.
    @Test func concurrently() async throws {
        var template = Array("/tmp/martlet-sequence-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        close(descriptor)
        let path = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        defer { unlink(path) }
        let numbers = try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<4 {
                group.addTask { try (0..<25).map { _ in try SequenceFile.next(path) } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(numbers.sorted() == Array(1...100))
    }
}
