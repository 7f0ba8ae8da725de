import Glibc
import SystemCalls
import Testing

/// The guides for administrators: what they show is what the commands print.
@Suite struct ConfigurationGuideTests {
    /// A command of the guide and the lines below it.
    private struct Example {
        var command: String
        var output: [Substring] = []
    }

    @Test(arguments: [("configuration.md", 6), ("channels.md", 3), ("notifications.md", 1)])
    func everyExampleWorksAsShown(name: String, blocks: Int) throws {
        let guide = Files.parent(of: Files.parent(of: Files.parent(of: #filePath))) + "/docs/\(name)"
        let text = String(decoding: try Files.read(guide), as: UTF8.self)
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { _ = try? Program("rm", ["-rf", directory], scratch: "/tmp").wait() }
        let configuration = try #require(Self.blocks("conf", in: text).first).joined(separator: "\n") + "\n"
        let examples = Self.blocks("console", in: text)
        #expect(examples.count >= blocks)
        for block in examples {
            try Files.replace("\(directory)/martlet.conf", with: Array(configuration.utf8))
            for example in Self.examples(block) {
                let finished = try Program(
                    "/bin/sh", ["-c", "PATH=\(TestInstance.binaries):$PATH; \(example.command)"], scratch: directory
                ).wait()
                let output = finished.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                #expect(Array(output) == example.output, "\(example.command)")
            }
        }
    }

    /// The lines of each fenced block of a kind.
    private static func blocks(_ kind: String, in text: String) -> [[Substring]] {
        var blocks: [[Substring]] = []
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if isInside, line == "```" {
                isInside = false
            } else if isInside {
                blocks[blocks.count - 1].append(line)
            } else if line == "```\(kind)" {
                isInside = true
                blocks.append([])
            }
        }
        return blocks
    }

    private static func examples(_ block: [Substring]) -> [Example] {
        var examples: [Example] = []
        for line in block {
            if line.hasPrefix("$ ") {
                examples.append(Example(command: String(line.dropFirst(2))))
            } else if !examples.isEmpty {
                examples[examples.count - 1].output.append(line)
            }
        }
        return examples
    }
}
