import Aliases
import Glibc
import Synchronization
import Testing

@testable import Enqueue

/// A directory file with a clock that is moved by hand.
private final class Bench: Sendable {
    let scratch: Scratch
    private let shared = Shared()
    let store: DirectoryStore

    private final class Shared: Sendable {
        let now = Mutex<Int64>(0)
        let reports = Mutex<[String]>([])
    }

    init(_ text: String?) throws {
        scratch = try Scratch()
        if let text { try scratch.write("directory", text) }
        let shared = shared
        store = DirectoryStore(
            path: "\(scratch.path)/directory", clock: { shared.now.withLock { $0 } },
            report: { line in shared.reports.withLock { $0.append(line) } })
    }

    var reports: [String] { shared.reports.withLock { $0 } }

    /// What the directory says of a user, two seconds later.
    func answer(_ user: String) -> String {
        shared.now.withLock { $0 += 2_000_000_000 }
        return answerNow(user)
    }

    func answerNow(_ user: String) -> String {
        switch store.current.directory.entry(forAddress: "\(user)@example.com") {
        case .found(let entry): entry.name
        case .notFound: "not found"
        case .unavailable: "unavailable"
        }
    }
}

private func directory(_ users: String...) -> String {
    "domain: example.com\n" + users.map { "\nuid: \($0)\ndomain: example.com\n" }.joined()
}

/// Default configuration specification, 5.
@Suite struct DirectoryStoreTests {
    @Test func changedFileIsPickedUp() throws {
        let bench = try Bench(directory("anna"))
        #expect(bench.answer("anna") == "anna")
        let generation = bench.store.current.generation
        #expect(bench.answer("zoe") == "not found")
        #expect(bench.store.current.generation == generation)
        try bench.scratch.write("directory", directory("anna", "zoe"))
        #expect(bench.answerNow("zoe") == "not found")
        #expect(bench.answer("zoe") == "zoe")
        #expect(bench.store.current.generation > generation)
        #expect(bench.reports.isEmpty)
    }

    @Test func brokenVersionIsReportedOnceAndTheOldOneStays() throws {
        let bench = try Bench(directory("anna"))
        #expect(bench.answer("anna") == "anna")
        try bench.scratch.write("directory", directory("zoe") + "rubbish\n")
        #expect(bench.answer("anna") == "anna")
        #expect(bench.answer("zoe") == "not found")
        #expect(bench.reports.count == 1)
        #expect(bench.reports.first?.contains("directory:5") == true, "\(bench.reports)")
        try bench.scratch.write("directory", directory("zoe"))
        #expect(bench.answer("zoe") == "zoe")
        #expect(bench.answer("anna") == "not found")
    }

    /// At the start there is no old one: what is in order counts.
    @Test func brokenFromTheStart() throws {
        let bench = try Bench(directory("anna") + "\nrubbish\n")
        #expect(bench.answer("anna") == "anna")
        #expect(bench.reports.count == 1)
    }

    @Test func missingFileIsTemporary() throws {
        let bench = try Bench(nil)
        #expect(bench.answer("anna") == "unavailable")
        #expect(bench.answer("anna") == "unavailable")
        #expect(bench.reports.count == 1)
        try bench.scratch.write("directory", directory("anna"))
        #expect(bench.answer("anna") == "anna")
        unlink("\(bench.scratch.path)/directory")
        #expect(bench.answer("anna") == "unavailable")
        #expect(bench.reports.count == 2)
    }

    @Test func withoutDirectory() {
        let store = DirectoryStore(path: nil) { Issue.record("\($0)") }
        #expect(store.current.generation == 0)
        #expect(store.current.directory.domain("example.com") == .notFound)
    }
}
