import Glibc
import SystemCalls

/// Former texts of martlet.conf, one file for each in `config/history`, so that a change can be looked at and taken
/// back. At most `limit` are kept.
package struct ConfigurationHistory: Sendable {
    /// A text that was in force until somebody replaced it.
    package struct Generation: Hashable, Sendable {
        /// From 1; never used again.
        package var number: Int
        /// When it was replaced, ISO 8601.
        package var time: String
        /// Who replaced it.
        package var user: String
        /// What replaced it, for example `set mta.block_limit`.
        package var change: String

        package init(number: Int, time: String, user: String, change: String) {
            self.number = number
            self.time = time
            self.user = user
            self.change = change
        }

        /// The first line of the file, a comment.
        var heading: String {
            let fields = [time, user, change].map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
            return "! generation \(number) | " + fields.joined(separator: " | ")
        }

        /// Reads a heading; nil for any other line.
        init?(heading: String) {
            let fields = heading.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false)
            let head = "! generation "
            guard fields.count == 4, fields[0].hasPrefix(head),
                let number = Int(fields[0].dropFirst(head.count).filter { $0 != " " })
            else { return nil }
            let rest = fields.dropFirst().map { String($0.dropFirst($0.hasPrefix(" ") ? 1 : 0)) }
            self.init(
                number: number, time: rest[0].trimmingFinalBlank, user: rest[1].trimmingFinalBlank, change: rest[2])
        }
    }

    /// Generations that are kept.
    package static let limit = 100

    private let directory: String

    package init(paths: InstancePaths) { directory = paths.configurationFile("history") }

    /// All generations that can be read, oldest first.
    package var generations: [Generation] {
        numbers.compactMap { number in (try? read(number))?.generation }
    }

    /// The text of a generation.
    package func text(of number: Int) throws(ConfigurationEditor.Refusal) -> [UInt8] {
        guard let found = try? read(number) else {
            let known = numbers
            let range = known.isEmpty ? "there are none" : "there are \(known[0]) to \(known[known.count - 1])"
            throw ConfigurationEditor.Refusal(description: "there is no generation \(number): \(range)")
        }
        return found.text
    }

    /// The number that the text in force gets when it is replaced.
    package var current: Int { (numbers.last ?? 0) + 1 }

    /// Notes what was written, so that a change outside is noticed: then the text before it becomes a generation too.
    package func remember(_ text: [UInt8]) {
        do throws(SystemCallError) {
            try makeDirectory()
            try Files.replace(written, with: text, mode: 0o640)
            Files.handOver(written)
        } catch {
            // Only the notice of an outside change is lost.
        }
    }

    private var written: String { "\(directory)/written" }

    private func makeDirectory() throws(SystemCallError) {
        if Files.exists(directory) { return }
        try Files.createDirectory(directory, mode: 0o750)
        Files.handOver(directory)
    }

    /// Keeps `text`, and before it what was written last when somebody edited the file since. Removes generations beyond the limit. Returns the number it got.
    @discardableResult
    package func keep(
        _ text: [UInt8], time: String, user: String, change: String
    ) throws(ConfigurationEditor.Refusal) -> Int {
        if let written = try? Files.read(written), written != text {
            try add(written, time: time, user: "", change: "edited outside")
        }
        return try add(text, time: time, user: user, change: change)
    }

    @discardableResult
    private func add(
        _ text: [UInt8], time: String, user: String, change: String
    ) throws(ConfigurationEditor.Refusal) -> Int {
        let before = numbers
        let generation = Generation(
            number: (before.last ?? 0) + 1, time: time, user: user, change: change)
        do throws(SystemCallError) {
            try makeDirectory()
            let content = Array("\(generation.heading)\n".utf8) + text
            try Files.replace(path(generation.number), with: content, mode: 0o640)
            Files.handOver(path(generation.number))
        } catch {
            throw ConfigurationEditor.Refusal(
                description: "martlet.conf is unchanged, as the former text cannot be kept: \(error)")
        }
        for old in before.dropLast(Self.limit - 1) { unlink(path(old)) }
        return generation.number
    }

    private func path(_ number: Int) -> String { "\(directory)/\(number).conf" }

    private var numbers: [Int] {
        let names = (try? Files.list(directory)) ?? []
        // A stray file with an enormous number must not use up the numbers.
        return names.filter { $0.hasSuffix(".conf") }.compactMap { Int($0.dropLast(5)) }
            .filter { (1..<1_000_000_000).contains($0) }.sorted()
    }

    private func read(_ number: Int) throws(SystemCallError) -> (generation: Generation, text: [UInt8])? {
        let content = try Files.read(path(number))
        guard let end = content.firstIndex(of: UInt8(ascii: "\n")),
            let generation = Generation(heading: String(decoding: content[..<end], as: UTF8.self))
        else { return nil }
        return (generation, Array(content[(end + 1)...]))
    }
}

extension String {
    fileprivate var trimmingFinalBlank: String { hasSuffix(" ") ? String(dropLast()) : self }
}
