import Envelope
import Mappings
import OptionSyntax
import Testing

@testable import SMTPClient

/// DEQUEUE_ACCESS (access-and-filtering specification, 7).
@Suite(.timeLimit(.minutes(5))) struct DequeueAccessTests {
    private func access(_ text: String, includeRetries: Int = 0) -> DequeueAccess? {
        var diagnostics = Diagnostics()
        let sources = parseMappings(text, file: "mappings", diagnostics: &diagnostics)
        let tables = MappingTables(compiling: sources, diagnostics: &diagnostics)
        return DequeueAccess(tables, context: MappingContext(), channel: "tcp_x", includeRetries: includeRetries)
    }

    private func job() -> DeliveryJob {
        .sample(7, attempt: 2) {
            $0.arrival = 1_000_000
            $0.submission.user = "anna"
        }
    }

    @Test(arguments: [
        ("*|*|60|a@s.example||anna|normal|d.example  $Nnot$ now", 0, "not now", nil),
        ("*|*|60|*|*|*|*|*  $N$S300|later", 0, "later", Int64(300)),
        ("*|*|60|*|*|*|*|*|2  $N$S300", 2, "", Int64(300)),
        ("*|*|60|*|*|*|*|*  $N$Sx", 0, "x", nil),
        ("*|*|60|*|*|*|*|*  $N$S99999999999|", 0, "", Int64(365 * 86_400)),
        ("tcp_x|*|*|*|*|*|*|*  $Ygo", 0, nil, nil), ("tcp_y|*  $N", 0, nil, nil),
    ])
    func results(_ entry: String, _ retries: Int, _ text: String?, _ seconds: Int64?) throws {
        let table = try #require(access("DEQUEUE_ACCESS\n\n  \(entry)\n", includeRetries: retries))
        let expected = text.map { DequeueAccess.Postponement(text: $0, seconds: seconds) }
        #expect(table.postponement(job(), now: 1060) == expected)
    }

    @Test func noTable() {
        #expect(access("OTHER\n\n  *  $N\n") == nil)
    }

    /// The attempt is not made, and not counted; others go on.
    @Test func postponed() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.dequeueAccess = access("DEQUEUE_ACCESS\n\n  *|*|*|late@*|*|*|*|*  $N$S90|wait\n")
        let late = DeliveryJob.sample(1) { $0.sender = "late@s.example" }
        let bench = Bench([late, .sample(2)])
        let run = await bench.run(settings)
        #expect(words(run.outcomes[1]) == ["temporary 4.7.1"])
        #expect(run.outcomes[1]?.first?.text == "DEQUEUE_ACCESS: wait")
        #expect(run.postponed == [1: 90_000])
        #expect(words(run.outcomes[2]) == ["delivered 2.5.0"])
        #expect(peer.record.messages.count == 1)
        #expect(run.log.count == 1)
    }
}
