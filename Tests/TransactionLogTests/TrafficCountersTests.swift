import Glibc
import SystemCalls
import Testing

@testable import TransactionLog

/// The file in which the processes of an instance count (notifications-logging specification, section 3).
@Suite struct TrafficCountersTests {
    private func withFile(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            unlink(directory + "/counters")
            rmdir(directory)
        }
        try body(directory + "/counters")
    }

    @Test func processesShareIt() throws {
        try withFile { path in
            let one = try #require(TrafficCounters(path: path))
            let other = try #require(TrafficCounters(path: path))
            one.update("tcp_local") { $0.add(.receivedMessages, 3) }
            other.update("tcp_local") {
                $0.add(.receivedMessages, -5)
                $0.addDeferred(.network)
                $0.addBounced(FailureReason(status: "5.1.1"))
                $0.addQueueTime(milliseconds: 1500, isFirst: true)
                $0.addQueueTime(milliseconds: 400_000_000, isFirst: false)
            }
            other.update("ims-ms") { $0.add(.storedVolume, -1) }
            let rows = one.rows()
            #expect(rows.map(\.channel) == ["ims-ms", "tcp_local"])
            // Values may be negative.
            #expect(rows[1][.receivedMessages] == -2 && rows[0][.storedVolume] == -1)
            #expect(rows[1].deferred(.network) == 1 && rows[1].bounced(.address) == 1 && rows[1].bounced(.network) == 0)
            #expect(rows[1].queueTimes == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
            #expect(rows[1][.queueMilliseconds] == 400_001_500 && rows[1][.queueFirstMilliseconds] == 1500)
        }
    }

    @Test func clearing() throws {
        try withFile { path in
            let counters = try #require(TrafficCounters(path: path))
            counters.update("a") {
                for counter in TrafficCounter.allCases { $0.add(counter, 7) }
                $0.addDeferred(.policy)
            }
            counters.clear(channels: false, associations: true)
            #expect(counters.rows()[0][.totalInAssociations] == 0 && counters.rows()[0][.failedVolume] == 7)
            counters.clear(channels: true, associations: false)
            #expect(counters.rows()[0][.failedVolume] == 0 && counters.rows()[0].deferred(.policy) == 0)
            // What is open stays open.
            #expect(counters.rows()[0][.currentOutAssociations] == 7)
        }
    }

    /// A file of another make is replaced, a reader makes none, and names and channels have an end.
    @Test func bounds() throws {
        try withFile { path in
            #expect(TrafficCounters(path: path, creates: false) == nil)
            try Files.replace(path, with: Array("something else entirely, of another release".utf8))
            #expect(TrafficCounters(path: path, creates: false) == nil)
            let counters = try #require(TrafficCounters(path: path))
            counters.update("") { $0.add(.receivedMessages) }
            counters.update(String(repeating: "x", count: 57)) { $0.add(.receivedMessages) }
            #expect(counters.rows().isEmpty)
            for number in 0..<600 { counters.update("c\(number)") { $0.add(.receivedMessages) } }
            #expect(counters.rows().count == 512)
        }
        #expect(TrafficCounters(path: "/nonexistent/directory/counters") == nil)
    }

    /// Two processes of a new release find the file of the old one: the second must not remove what the first has made.
    @Test func replacedMeanwhile() throws {
        try withFile { path in
            try Files.replace(path, with: Array("something else entirely, of another release".utf8))
            let second = try OwnedDescriptor.open(path, O_RDWR)
            let first = try #require(TrafficCounters(path: path))
            #expect(TrafficCounters.isReady(second.number, path, creates: true) == false)
            first.update("a") { $0.add(.receivedMessages) }
            #expect(TrafficCounters(path: path, creates: false)?.rows().map(\.channel) == ["a"])
        }
    }

    /// Nothing is lost and no channel is there twice when many begin at once.
    @Test func manyAtOnce() async throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            unlink(directory + "/counters")
            rmdir(directory)
        }
        let counters = try #require(TrafficCounters(path: directory + "/counters"))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for number in 0..<1000 { counters.update("c\(number % 4)") { $0.add(.receivedMessages) } }
                }
            }
        }
        #expect(counters.rows().map(\.channel) == ["c0", "c1", "c2", "c3"])
        #expect(counters.rows().map { $0[.receivedMessages] } == [2000, 2000, 2000, 2000])
    }

    @Test(
        arguments: [
            ("4.4.1", .network), ("5.1.1", .address), ("5.7.26", .policy), ("4.9.1", .other), ("", .other),
            ("5.x.1", .other), ("2.0.0", .other), ("4.4", .other),
        ] as [(String, FailureReason)])
    func reasons(status: String, reason: FailureReason) { #expect(FailureReason(status: status) == reason) }
}
