import DNS
import Envelope
import Testing

@testable import SMTPClient

/// One entry for several hosts: `multiple` on a channel without `daemon` (channels specification, 4.3 and example 16).
@Suite(.timeLimit(.minutes(5))) struct SharedEntryTests {
    private func job(_ addresses: [String], host: String = "tcp-daemon") -> DeliveryJob {
        .sample(to: addresses.map { QueueRecipient(address: $0, given: "") }, host: host)
    }

    private struct NoWork: PendingWork {
        func open() -> DeliveryJob? { nil }
        func report(_ outcomes: [RecipientOutcome], retryAfter: Int64?) {}
        func release() {}
    }

    private func parts(_ job: DeliveryJob, daemon: String? = nil) -> [String] {
        SharedEntry.parts(NoWork(), job, HostSelection(officialHost: "TCP-Daemon", daemon: daemon)).map { part in
            "\(part.job.entry.host): \(part.job.pending.map(String.init).joined(separator: " "))"
        }
    }

    @Test func hostByHost() {
        #expect(parts(job(["a@x.example", "b@X.example", "c@y.example"])) == ["x.example: 0 1", "y.example: 2"])
        #expect(parts(job(["@gate.example:a@x.example", "b@gate.example"])) == ["gate.example: 0 1"])
        #expect(parts(job(["a@[192.0.2.1]"])) == ["[192.0.2.1]: 0"])
        #expect(parts(job(["a@x.example", "c@y.example"]), daemon: "router") == ["tcp-daemon: 0 1"])
        #expect(parts(job(["a@x.example", "c@y.example"], host: "x.example")) == ["x.example: 0 1"])
        var some = job(["a@x.example", "c@y.example"])
        some.pending = [1]
        #expect(parts(some) == ["y.example: 1"])
        some.pending = []
        #expect(parts(some) == ["tcp-daemon: "])
    }

    /// Both hosts get the message, and the entry has one report with an outcome for every recipient.
    @Test func reportedAsOne() async throws {
        let peer = try Peer { event in
            event.stage == .rcpt && event.line.contains("none@") ? .say("550 5.1.1 nobody") : .usual
        }.start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.selection = HostSelection(officialHost: "tcp-daemon", port: peer.port, mx: .none)
        let resolver = TableResolver([
            ("x.example", .a, [.address("127.0.0.1")]), ("y.example", .a, [.address("127.0.0.1")]),
        ])
        let bench = Bench([job(["a@x.example", "none@y.example", "b@x.example"])])
        let run = await bench.run(settings, resolver: resolver)
        #expect(run.outcomes[1]?.map(\.recipient).sorted() == [0, 1, 2])
        #expect(
            run.outcomes[1]?.sorted { $0.recipient < $1.recipient }.map(\.result)
                == [.delivered, .failedPermanently, .delivered])
        #expect(peer.record.commands.filter { $0.hasPrefix("RCPT") }.count == 3)
    }
}
