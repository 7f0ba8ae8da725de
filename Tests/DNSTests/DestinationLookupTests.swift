import Testing

@testable import DNS

/// A generator whose sequence is known.
private struct Counting: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}

/// Runs a lookup against a table; what is not in it does not exist.
private func look(
    _ name: String, _ table: [DNSQuestion: DNSAnswer], policy: DestinationLookup.Policy = .init(),
    own: OwnHost = OwnHost(), seed: UInt64 = 1
) -> DestinationLookup.Step {
    var generator = Counting(state: seed)
    var lookup = DestinationLookup(name: name, policy: policy, own: own)
    var questions: [DNSQuestion] = []
    var step = lookup.begin()
    while true {
        guard case .ask(let more) = step else { return step }
        questions += more
        guard let question = questions.popLast() else { return step }
        step = lookup.receive(table[question] ?? DNSAnswer(question, .noSuchName), using: &generator)
    }
}

private func table(_ rows: [(String, DNSRecordType, [DNSRecord])]) -> [DNSQuestion: DNSAnswer] {
    var table: [DNSQuestion: DNSAnswer] = [:]
    for (name, type, records) in rows {
        for other in [DNSRecordType.mx, .a, .aaaa] where table[DNSQuestion(name, other)] == nil {
            table[DNSQuestion(name, other)] = DNSAnswer(DNSQuestion(name, other), .noData)
        }
        table[DNSQuestion(name, type)] = DNSAnswer(DNSQuestion(name, type), .answered, records: records)
    }
    return table
}

private func targets(_ step: DestinationLookup.Step) -> [String] {
    guard case .found(let targets) = step else { return [] }
    return targets.map { "\($0.host) \($0.address)" }
}

private func failure(_ step: DestinationLookup.Step) -> String {
    guard case .failed(let failure) = step else { return "" }
    return (failure.isPermanent ? "permanent " : "temporary ") + failure.status
}

@Suite struct DestinationLookupTests {
    private static let zone = table([
        (
            "d.example", .mx,
            [
                .mailExchange(preference: 20, host: "far.example"), .mailExchange(preference: 10, host: "near.example"),
            ]
        ),
        ("near.example", .a, [.address("192.0.2.1")]), ("near.example", .aaaa, [.address("2001:db8::1")]),
        ("far.example", .a, [.address("192.0.2.2")]),
        ("null.example", .mx, [.mailExchange(preference: 0, host: "")]),
        ("null.example", .a, [.address("192.0.2.3")]),
        ("bare.example", .a, [.address("192.0.2.4")]),
        ("empty.example", .txt, [.text([])]),
        ("literal.example", .mx, [.mailExchange(preference: 1, host: "192.0.2.9")]),
        ("odd.example", .mx, [.mailExchange(preference: 1, host: "a\\.b")]),
        ("local.example", .mx, [.mailExchange(preference: 1, host: "loop.example")]),
        ("loop.example", .a, [.address("127.0.0.1")]),
    ])

    @Test(arguments: [
        ("d.example", ["near.example 2001:db8::1", "near.example 192.0.2.1", "far.example 192.0.2.2"]),
        ("bare.example", ["bare.example 192.0.2.4"]),
    ])
    func found(name: String, expected: [String]) {
        #expect(targets(look(name, Self.zone)) == expected)
    }

    @Test(arguments: [
        ("absent.example", "permanent 5.1.2"), ("null.example", "permanent 5.1.10"),
        ("empty.example", "permanent 5.1.2"), ("literal.example", "permanent 5.4.4"),
        ("odd.example", "permanent 5.4.4"), ("local.example", "permanent 5.4.6"), ("a..b", "permanent 5.1.2"),
        ("", "permanent 5.1.2"), (String(repeating: "a.", count: 200), "permanent 5.1.2"),
    ])
    func failed(name: String, expected: String) {
        #expect(failure(look(name, Self.zone)) == expected)
    }

    @Test(arguments: [DNSAnswer.Status.failed(code: 2), .failed(code: 5), .timedOut])
    func temporary(status: DNSAnswer.Status) {
        var zone = Self.zone
        zone[DNSQuestion("d.example", .mx)]?.status = status
        zone[DNSQuestion("bare.example", .a)]?.status = status
        zone[DNSQuestion("bare.example", .a)]?.records = []
        #expect(failure(look("d.example", zone)) == "temporary 4.4.3")
        #expect(failure(look("bare.example", zone)) == "temporary 4.4.3")
        // One exchanger of two is enough.
        zone = Self.zone
        for type in [DNSRecordType.a, .aaaa] {
            zone[DNSQuestion("near.example", type)] = DNSAnswer(DNSQuestion("near.example", type), status)
        }
        #expect(targets(look("d.example", zone)) == ["far.example 192.0.2.2"])
    }

    @Test func ourselvesAndBeyondAreNotTried() {
        let byName = OwnHost(names: ["FAR.example"])
        let near = ["near.example 2001:db8::1", "near.example 192.0.2.1"]
        #expect(targets(look("d.example", Self.zone, own: byName)) == near)
        #expect(targets(look("d.example", Self.zone, own: OwnHost(addresses: ["192.0.2.2"]))) == near)
        #expect(failure(look("d.example", Self.zone, own: OwnHost(names: ["near.example"]))) == "permanent 5.4.6")
        #expect(failure(look("bare.example", Self.zone, own: OwnHost(addresses: ["192.0.2.4"]))) == "permanent 5.4.6")
        // Equal preference counts as ours (RFC 5321 section 5.1).
        var zone = Self.zone
        zone[DNSQuestion("d.example", .mx)]?.records = [
            .mailExchange(preference: 10, host: "far.example"), .mailExchange(preference: 10, host: "near.example"),
        ]
        #expect(failure(look("d.example", zone, own: byName)) == "permanent 5.4.6")
        // What the administrator names without MX is taken as it is.
        let direct = DestinationLookup.Policy(usesMX: false)
        #expect(targets(look("loop.example", Self.zone, policy: direct)) == ["loop.example 127.0.0.1"])
        // Nobody listens there: another port of this host is another server.
        let elsewhere = DestinationLookup.Policy(port: 2525)
        #expect(targets(look("local.example", Self.zone, policy: elsewhere)) == ["loop.example 127.0.0.1"])
    }

    @Test func withoutMXOnlyAddressesAreAsked() {
        var lookup = DestinationLookup(name: "null.example", policy: .init(usesMX: false), own: OwnHost())
        #expect(lookup.begin() == .ask([DNSQuestion("null.example", .aaaa), DNSQuestion("null.example", .a)]))
    }

    @Test func nullAmongOthersIsIgnored() {
        var zone = Self.zone
        zone[DNSQuestion("d.example", .mx)]?.records.append(.mailExchange(preference: 0, host: ""))
        #expect(targets(look("d.example", zone)).count == 3)
    }

    @Test func equalPreferencesAreShuffledOrNot() {
        let hosts = (0..<6).map { "h\($0).example" }
        let zone = table(
            [("many.example", .mx, hosts.map { .mailExchange(preference: 5, host: $0) })]
                + hosts.map { ($0, .a, [.address("192.0.2.7")]) })
        let received = hosts.map { "\($0) 192.0.2.7" }
        #expect(targets(look("many.example", zone, policy: .init(shuffles: false))) == received)
        let orders = (0..<20).map { targets(look("many.example", zone, seed: $0)) }
        #expect(Set(orders).count > 5)
        #expect(orders.allSatisfy { Set($0) == Set(received) })
    }

    @Test func thousandRecordsAreCut() {
        let hosts = (0..<1000).map { "h\($0).example" }
        let zone = table(
            [("huge.example", .mx, hosts.map { .mailExchange(preference: 5, host: $0) })]
                + hosts.map { ($0, .a, (0..<100).map { .address("192.0.2.\($0)") }) })
        let policy = DestinationLookup.Policy(mostExchangers: 20, mostAddresses: 50)
        let found = targets(look("huge.example", zone, policy: policy))
        #expect(found.count == 50)
        #expect(found.first?.hasPrefix("h") == true)
    }

    @Test func unaskedAnswersChangeNothing() {
        var generator = Counting(state: 1)
        var lookup = DestinationLookup(name: "d.example", policy: .init(), own: OwnHost())
        _ = lookup.begin()
        let stranger = DNSAnswer(DNSQuestion("x.example", .mx), .noSuchName)
        #expect(lookup.receive(stranger, using: &generator) == .ask([]))
    }
}
