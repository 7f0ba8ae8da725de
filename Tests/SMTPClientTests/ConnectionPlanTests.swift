import DNS
import Testing

@testable import SMTPClient

@Suite struct ConnectionPlanTests {
    private static let targets = ["192.0.2.1", "192.0.2.2"].map {
        ConnectionTarget(host: "mx.example", address: $0, port: 25)
    }
    private static let relay = ConnectionTarget(host: "relay.example", address: "192.0.2.9", port: 25)

    private static func failure(_ kind: ConnectionFailure.Kind) -> ConnectionFailure {
        ConnectionFailure(kind, status: kind == .permanent ? "5.0.0" : "4.0.0", text: "\(kind)")
    }

    /// Runs a plan in which each connection in turn fails as told; the words for what was done.
    private func run(_ kinds: [ConnectionFailure.Kind], lastResort: Bool = true) -> [String] {
        var plan = ConnectionPlan(
            targets: Self.targets, lastResort: lastResort ? .name("relay.example", usesMX: false) : nil)
        var kinds = kinds[...]
        var done: [String] = []
        while true {
            switch plan.next() {
            case .connect(let target, let manner):
                done.append(target.address + (manner.usesHELO ? " HELO" : "") + (manner.avoidsTLS ? " plain" : ""))
                guard let kind = kinds.popFirst() else { return done }
                plan.note(Self.failure(kind))
            case .lookUpLastResort:
                plan.add(lastResort: [Self.relay])
            case .failed(let failure):
                return done + [failure.text]
            }
        }
    }

    /// SMTP specification, 12.2, 12.5, 12.7 and example S-24.
    @Test(
        arguments: [
            ([], ["192.0.2.1"]),
            ([.unreachable], ["192.0.2.1", "192.0.2.2"]),
            ([.temporary], ["192.0.2.1", "192.0.2.2"]),
            ([.unreachable, .temporary], ["192.0.2.1", "192.0.2.2", "192.0.2.9"]),
            ([.unreachable, .temporary, .unreachable], ["192.0.2.1", "192.0.2.2", "192.0.2.9", "temporary"]),
            ([.permanent], ["192.0.2.1", "permanent"]),
            ([.unreachable, .permanent], ["192.0.2.1", "192.0.2.2", "permanent"]),
            ([.loop], ["192.0.2.1", "loop"]),
            ([.bannerTimedOut, .unreachable], ["192.0.2.1", "192.0.2.2", "bannerTimedOut"]),
            ([.droppedAtEHLO], ["192.0.2.1", "192.0.2.1 HELO"]),
            ([.handshakeFailed], ["192.0.2.1", "192.0.2.1 plain"]),
            (
                [.handshakeFailed, .droppedAtEHLO, .temporary],
                ["192.0.2.1", "192.0.2.1 plain", "192.0.2.1 HELO plain", "192.0.2.2"]
            ),
            ([.droppedAtEHLO, .droppedAtEHLO], ["192.0.2.1", "192.0.2.1 HELO", "192.0.2.2"]),
        ] as [([ConnectionFailure.Kind], [String])])
    func order(kinds: [ConnectionFailure.Kind], expected: [String]) {
        #expect(run(kinds) == expected)
    }

    @Test func withoutLastResort() {
        #expect(
            run([.unreachable, .unreachable], lastResort: false) == ["192.0.2.1", "192.0.2.2", "unreachable"])
    }
}
