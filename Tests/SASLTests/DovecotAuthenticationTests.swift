import Testing

@testable import SASL

@Suite struct DovecotAuthenticationTests {
    private static let greeting =
        "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tscram-sha-256\tmutual-auth\nMECH\tAPOP\tprivate\n"
        + "SPID\t17\nCUID\t1\nCOOKIE\tabc\nDONE\n"

    private func ready() -> DovecotAuthentication {
        var protocolState = DovecotAuthentication()
        _ = protocolState.receive(Self.greeting.utf8)
        return protocolState
    }

    @Test func handshakeHoweverSplit() {
        for size in [1, 7, 1000] {
            var state = DovecotAuthentication()
            var events: [DovecotAuthentication.Event] = []
            var rest = Array(Self.greeting.utf8)[...]
            while !rest.isEmpty {
                events += state.receive(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(events == [.ready])
            #expect(state.mechanisms == ["PLAIN", "SCRAM-SHA-256"])
            #expect(state.isReady)
        }
    }

    @Test(arguments: [
        ("OK\t1\tuser=anna@example.com\n", DovecotAuthentication.Answer.accepted(user: "anna@example.com", last: nil)),
        ("OK\t1\tuser=anna\tresp=dj1h\tx\n", .accepted(user: "anna", last: "dj1h")),
        ("OK\t1\tuser=a\u{1}tb\n", .unavailable), ("OK\t1\n", .unavailable),
        ("CONT\t1\tVXNlcm5hbWU6\n", .challenge("VXNlcm5hbWU6")), ("CONT\t1\t\n", .challenge("")),
        ("CONT\t1\t***\n", .unavailable), ("FAIL\t1\tuser=anna\n", .refused), ("FAIL\t1\ttemp\n", .unavailable),
        ("FAIL\t1\tcode=temp_fail\n", .unavailable), ("FAIL\t1\tuser_disabled\tcode=user_disabled\n", .refused),
    ])
    func answers(_ line: String, _ answer: DovecotAuthentication.Answer) {
        var state = ready()
        #expect(state.receive(line.utf8) == [.answer(id: 1, answer)])
    }

    @Test(arguments: ["VERSION\t2\t0\n", "OK\tx\tuser=a\n", "FAIL\n", String(repeating: "x", count: 20_000)])
    func broken(_ text: String) {
        var state = ready()
        let events = state.receive(text.utf8)
        guard case .broken = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(events.count == 1)
        #expect(state.receive("OK\t1\tuser=anna\n".utf8).isEmpty)
    }

    @Test func requests() {
        var request = DovecotAuthentication.Request(
            id: 7, mechanism: "PLAIN", initialResponse: "AGEAYg==", usesTLS: true, localAddress: "192.0.2.1",
            remoteAddress: "198.51.100.7")
        #expect(
            String(decoding: DovecotAuthentication.bytes(request), as: UTF8.self)
                == "AUTH\t7\tPLAIN\tservice=smtp\tsecured=tls\tlip=192.0.2.1\trip=198.51.100.7\tresp=AGEAYg==\n")
        request.initialResponse = nil
        request.usesTLS = false
        request.mechanism = "X\tY\n"
        #expect(
            String(decoding: DovecotAuthentication.bytes(request), as: UTF8.self)
                == "AUTH\t7\tX\u{1}tY\u{1}n\tservice=smtp\tlip=192.0.2.1\trip=198.51.100.7\n")
        #expect(DovecotAuthentication.bytes(continuing: 7, "YQ==") == Array("CONT\t7\tYQ==\n".utf8))
    }
}
