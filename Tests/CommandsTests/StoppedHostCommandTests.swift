import Configuration
import Envelope
import Glibc
import Spool
import SystemCalls
import Testing

@testable import Commands

/// `qm stop CHANNEL -host=NAME` while no Job Controller runs (job-controller specification, 6.9).
@Suite struct StoppedHostCommandTests {
    @Test func stopAndStart() throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { removeTree(root) }
        let paths = InstancePaths(instanceRoot: root)
        for directory in [paths.config, paths.queue, paths.run, paths.log] { try Files.createDirectory(directory) }
        try QueueStore.prepare(queue: paths.queue)
        var (lines, errors): ([String], [String]) = ([], [])
        let manager = QueueManager(
            source: QueueSource(paths: paths),
            around: QueueManager.Surroundings(
                say: { lines.append($0) }, complain: { errors.append($0) }, ask: { _ in nil }), isDialogue: true)
        #expect(manager.perform(["stop", "tcp_local", "-host=H1.example"]) == 0)
        #expect(manager.perform(["stop", "tcp_local", "--host", "h2.example"]) == 0)
        #expect(
            lines.last
                == "%QM-I-STOPPED, host h2.example of channel tcp_local is stopped; messages are still taken for it")
        #expect(StoppedChannels(path: "\(paths.queue)/stopped").hosts(of: "tcp_local") == ["h1.example", "h2.example"])
        lines = []
        #expect(manager.perform(["summarize"]) == 0)
        #expect(lines.contains("  host h1.example (stopped)") && !lines.contains { $0.contains("tcp_local (stopped)") })
        lines = []
        #expect(manager.perform(["summarize", "-json"]) == 0)
        #expect(lines.contains { $0.contains(#""stopped":false,"stopped_hosts":["h1.example","h2.example"]"#) })
        #expect(manager.perform(["start", "tcp_local", "-host=h1.EXAMPLE"]) == 0)
        #expect(StoppedChannels(path: "\(paths.queue)/stopped").hosts(of: "tcp_local") == ["h2.example"])
        #expect(manager.perform(["stop", "tcp_local", "-host=*.example"]) == 64)
        #expect(errors == ["%QM-E-WILDCARD, stop wants one exact host, not *.example"])
        let log = String(decoding: try Files.read("\(paths.log)/admin.log"), as: UTF8.self)
        #expect(log.contains(" stop tcp_local by ") && log.contains(" host=h2.example"))
    }
}
