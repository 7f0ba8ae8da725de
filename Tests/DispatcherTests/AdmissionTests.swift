import Mappings
import OptionSyntax
import SystemCalls
import Testing

@testable import Dispatcher

/// The decisions of access control, without sockets.
@Suite struct AdmissionTests {
    static func rules(_ change: (inout ServiceSettings) -> Void = { _ in }) -> AdmissionRules {
        var settings = ServiceSettings(name: "SMTP", image: "/lib/tcp_smtp_server", logFile: "smtp.log")
        change(&settings)
        return AdmissionRules(settings)
    }

    static func access(_ text: String, throttle: ThrottleCallout = ThrottleCallout()) throws -> PortAccess {
        var diagnostics = Diagnostics()
        let sources = parseMappings(text, file: "mappings", diagnostics: &diagnostics)
        let tables = MappingTables(compiling: sources, diagnostics: &diagnostics)
        return try #require(PortAccess(tables, context: MappingContext(callout: { throttle.answer($0) })))
    }

    // MARK: PORT_ACCESS

    static let lmtp = """
        PORT_ACCESS

          TCP|*|225|1.2.3.4|*  $Y
          TCP|*|226|1.2.3.4|*  $Y
          TCP|*|225|1.2.3.5|*  $Y
          TCP|*|226|1.2.3.5|*  $Y
          TCP|*|*|*|*          $N500$ Do$ not$ connect$ to$ this$ machine
        """
    static let standard = """
        INTERNAL_IP

          $(10.0.0.0/8)  $Y
          127.0.0.1      $Y
          *              $N

        PORT_ACCESS

          *|*|*|*|*   $C$|INTERNAL_IP;$3|$Y$E
          *           $YEXTERNAL
        """
    static let throttled = """
        PORT_ACCESS

          TCP|*|25|*|*  \
        $C$[IMTA_LIB:conn_throttle.so,throttle,$1,10]$N421$ Connection$ not$ accepted$ at$ this$ time$E
        """

    static func table(_ entry: String) -> String { "PORT_ACCESS\n\n  \(entry)\n" }

    private static func refusal(_ text: String, notes: [String] = []) -> ConnectionAdmission.Decision {
        let lines = text.split(separator: "~").map { $0 + "\r\n" }
        return .refuse(bytes: Array(lines.joined().utf8), reason: text, notes: notes)
    }

    /// Dispatcher specification, sections 9.3 and 15.
    static let decisions: [(id: String, table: String, probe: String, decision: ConnectionAdmission.Decision)] = [
        ("A2", lmtp, "TCP|10.0.0.1|226|1.2.3.5|4001", .admit(text: "", logText: "")),
        ("A2 other", lmtp, "TCP|10.0.0.1|226|1.2.3.6|4001", refusal("500 Do not connect to this machine")),
        ("A3", table("TCP|*|25|192.0.2.9|*  $N"), "TCP|10.0.0.1|25|192.0.2.9|4001", refusal("")),
        (
            "A4", table("TCP|*|25|192.0.2.9|*  $N550-See$ our$ page~550$ Go$ away"),
            "TCP|10.0.0.1|25|192.0.2.9|4001", refusal("550-See our page~550 Go away")
        ),
        ("A5", table("TCP|*|25|10.*|*  $Y"), "TCP|10.0.0.1|25|203.0.113.5|4001", .notMentioned),
        ("A6a", throttled, "TCP|10.0.0.1|25|203.0.113.5|4001", .notMentioned),
        ("A7", throttled, "TCP|10.0.0.1|587|203.0.113.5|4001", .notMentioned),
        ("A8", standard, "TCP|10.0.0.1|25|10.2.3.4|4001", .admit(text: "", logText: "")),
        ("A9", standard, "TCP|10.0.0.1|25|203.0.113.5|4001", .admit(text: "EXTERNAL", logText: "")),
        ("F", table("*  $F421$ later"), "TCP|10.0.0.1|25|203.0.113.5|4001", refusal("421 later")),
        (
            "admitted, noted", table("*  $Y$<seen|EXTERNAL||site$ text"), "TCP|10.0.0.1|25|203.0.113.5|4001",
            .admit(text: "EXTERNAL", logText: "site text", notes: ["seen"])
        ),
        (
            "admitted: $> is silent", table("*  $Y$>gone|EXTERNAL"), "TCP|10.0.0.1|25|203.0.113.5|4001",
            .admit(text: "EXTERNAL", logText: "")
        ),
        (
            "refused, noted twice", table("*  $<seen|$>gone|$N550$ No"), "TCP|10.0.0.1|25|203.0.113.5|4001",
            refusal("550 No", notes: ["seen", "gone"])
        ),
    ]

    @Test(arguments: decisions)
    func portAccess(id: String, table: String, probe: String, decision: ConnectionAdmission.Decision) throws {
        #expect(try Self.access(table).decide(probe) == decision)
    }

    @Test func a1NoTable() {
        #expect(PortAccess(MappingTables()) == nil)
        #expect(ConnectionAdmission.everybody.decide("TCP|::1|25|::1|4001") == .notMentioned)
    }

    @Test func a6TheEleventhOfAMinuteIsRefused() throws {
        let access = try Self.access(Self.throttled, throttle: ThrottleCallout(clock: { 5 }))
        for _ in 0..<10 { #expect(access.decide("TCP|10.0.0.1|25|203.0.113.5|4001") == .notMentioned) }
        // A7: not counted. Somebody else: counted apart.
        #expect(access.decide("TCP|10.0.0.1|587|203.0.113.5|4001") == .notMentioned)
        #expect(access.decide("TCP|10.0.0.1|25|203.0.113.6|4001") == .notMentioned)
        #expect(
            access.decide("TCP|10.0.0.1|25|203.0.113.5|4001")
                == Self.refusal("421 Connection not accepted at this time"))
    }

    // MARK: After PORT_ACCESS

    enum Event { case listed(String), notListed(String), unknown(String), speaks, silent, at(Int) }

    /// Lists a and b, three seconds before the banner; what happens, and the last step.
    static let courses: [(events: [Event], step: Admission.Step)] = [
        ([], .wait(until: seconds(105))),
        ([.listed("b")], .refuse(.onDNSList)),
        ([.notListed("a"), .listed("b")], .refuse(.onDNSList)),
        ([.notListed("a"), .at(1)], .wait(until: seconds(105))),
        ([.notListed("a"), .notListed("b")], .wait(until: seconds(103))),
        ([.notListed("a"), .unknown("b"), .at(3)], .listen),
        ([.notListed("a"), .unknown("b"), .at(3), .silent], .admit),
        ([.notListed("a"), .unknown("b"), .at(3), .speaks], .refuse(.spokeFirst)),
        ([.notListed("c"), .at(4)], .wait(until: seconds(105))),
        // The lists are silent: nobody is listed.
        ([.at(5), .silent], .admit),
        ([.at(5), .listed("a")], .refuse(.onDNSList)),
    ]

    @Test(arguments: courses)
    func course(events: [Event], step: Admission.Step) {
        let rules = Self.rules {
            $0.dnsVerifyDomains = ["a", "b."]
            $0.pregreetDelay = 3000
        }
        var admission = Admission(rules, asksLists: true, isImplicitTLS: false, at: seconds(100))
        var now = 100
        for event in events {
            switch event {
            case .listed(let list): admission.heard(.listed(text: ""), from: list)
            case .notListed(let list): admission.heard(.notListed, from: list)
            case .unknown(let list): admission.heard(.unknown("time-out"), from: list)
            case .speaks: admission.heard(speech: true)
            case .silent: admission.heard(speech: false)
            case .at(let second): now = 100 + second
            }
        }
        #expect(admission.step(at: seconds(now)) == step)
    }

    @Test func withoutChecksNobodyWaits() {
        let plain = Self.rules()
        #expect(!plain.mayWait)
        #expect(Admission(plain, asksLists: true, isImplicitTLS: false, at: 0).step(at: 0) == .admit)
        // A PORT_ACCESS entry was applied: no lists. Implicit TLS: the client talks first.
        let rules = Self.rules {
            $0.dnsVerifyDomains = ["a"]
            $0.pregreetDelay = 100
        }
        #expect(Admission(rules, asksLists: false, isImplicitTLS: true, at: 0).step(at: 0) == .admit)
    }

    static let texts: [(refusal: AdmissionRefusal, port: UInt16, isMail: Bool, text: String)] = [
        (.onDNSList, 25, false, "500 5.7.1 access_control: host found on DNS list and rejected\r\n"),
        (.onDNSList, 110, false, "-ERR access_control: host found on DNS list and rejected\r\n"),
        (.onDNSList, 143, false, "* BYE access_control: host found on DNS list and rejected\r\n"),
        (.onDNSList, 587, true, "500 5.7.1 access_control: host found on DNS list and rejected\r\n"),
        (.onDNSList, 7633, false, ""),
        (.tooManyOfClient, 25, true, "421 4.7.0 Too many connections from your address, try again later\r\n"),
        (.spokeFirst, 25, true, "554 5.5.1 You spoke before the greeting\r\n"),
    ]

    @Test(arguments: texts)
    func standardTexts(refusal: AdmissionRefusal, port: UInt16, isMail: Bool, text: String) {
        let rules = Self.rules { $0.image = isMail ? "/lib/tcp_lmtp_server" : "/lib/http_admin" }
        #expect(String(decoding: refusal.bytes(port: port, rules), as: UTF8.self) == text)
        #expect(refusal.bytes(port: port, rules, isImplicitTLS: true).isEmpty)
    }

    @Test func clientsOfIPv6AreNetworks() {
        func client(_ host: String) -> AdmissionClient? { AdmissionClient(SocketAddress(host: host, port: 9)) }
        #expect(client("2001:db8::1") == client("2001:db8::ffff:1:2:3"))
        #expect(client("2001:db8::1") != client("2001:db8:0:1::1"))
        #expect(client("192.0.2.1") != client("192.0.2.2"))
        #expect(client("0.0.0.1") != client("::"))
        #expect(client("") == nil)
    }

    // MARK: In the pool

    @Test func connectionsOfAClientAreCountedToTheirEnd() throws {
        var pool = ServicePool(limits: PoolLimits(), listeners: 1)
        _ = pool.start(at: 0)
        _ = pool.ready(WorkerID(1), at: 0)
        let client = try #require(AdmissionClient(SocketAddress(host: "192.0.2.1", port: 1)))
        let served = pool.accepted(listener: 0, client: client, at: 0)
        let refused = pool.accepted(listener: 0, client: client, at: 0)
        #expect(pool.connectionCount(of: client) == 2)
        _ = pool.refused(refused, .onDNSList, at: 0)
        #expect(pool.statistics.refusals == [.onDNSList: 1])
        _ = pool.admitted(served, at: 0)
        _ = pool.confirmed(served, by: WorkerID(1), at: 0)
        #expect(pool.connectionCount(of: client) == 1)
        _ = pool.done(served, by: WorkerID(1), at: 0)
        #expect(pool.clients.isEmpty)
    }

    @Test func atCapacityClientsAreToldAfterAWhile() {
        var limits = PoolLimits()
        limits.maxProcs = 1
        limits.maxConns = 1
        var pool = ServicePool(limits: limits, listeners: 1)
        _ = pool.start(at: 0)
        _ = pool.ready(WorkerID(1), at: 0)
        #expect(!pool.turnsAway(at: seconds(9), busyAfter: 0))
        let id = pool.accepted(listener: 0, at: seconds(10))
        #expect(!pool.mayAccept(0, at: seconds(10)))
        #expect(!pool.turnsAway(at: seconds(99), busyAfter: nil))
        #expect(!pool.turnsAway(at: seconds(11), busyAfter: seconds(2)))
        #expect(pool.turnsAway(at: seconds(12), busyAfter: seconds(2)))
        _ = pool.refused(id, at: seconds(13))
        #expect(!pool.turnsAway(at: seconds(14), busyAfter: 0))
    }
}
