import DNS
import Testing

@testable import Dispatcher

/// DNS lists without the DNS: dispatcher specification, section 9.4.
@Suite struct DNSListTests {
    @Test func names() {
        #expect(DNSListLookup([203, 0, 113, 5], list: "list.example").name == "5.113.0.203.list.example")
        var address = [UInt8](repeating: 0, count: 16)
        address[0] = 0x20
        address[1] = 0x01
        address[15] = 0xAB
        #expect(
            DNSListLookup(address, list: "l").name
                == "b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.2.l")
    }

    private static let name = "5.113.0.203.list.example"

    static func answer(
        _ type: DNSRecordType, _ status: DNSAnswer.Status, _ records: [DNSRecord] = [], timeToLive: Int = 300
    ) -> DNSAnswer {
        DNSAnswer(DNSQuestion(name, type), status, records: records, timeToLive: timeToLive)
    }

    private static let text = DNSRecord.text(Array("spam".utf8))

    static let steps: [(answer: DNSAnswer, step: DNSListLookup.Step)] = [
        (answer(.a, .answered, [.address("127.0.0.2")]), .verdict(.listed(text: ""), timeToLive: 300)),
        (answer(.a, .answered, [.address("127.255.254.2")]), .verdict(.listed(text: ""), timeToLive: 300)),
        (
            answer(.a, .answered, [.address("127.255.255.254")]),
            .verdict(.unknown("it answered 127.255.255.254"), timeToLive: 60)
        ),
        (
            answer(.a, .answered, [.address("127.255.255.1"), .address("127.0.0.4")], timeToLive: 0),
            .verdict(.listed(text: ""), timeToLive: 1)
        ),
        (answer(.a, .answered, [.address("192.0.2.1")]), .verdict(.unknown("it answered 192.0.2.1"), timeToLive: 60)),
        (answer(.a, .noData), .ask(DNSQuestion(name, .txt))),
        (answer(.a, .noSuchName), .verdict(.notListed, timeToLive: 300)),
        (answer(.a, .failed(code: 2)), .verdict(.unknown("SERVFAIL"), timeToLive: 10)),
        (answer(.a, .timedOut), .verdict(.unknown("time-out"), timeToLive: 10)),
        (answer(.txt, .answered, [text, text]), .verdict(.listed(text: "spam spam"), timeToLive: 300)),
        (answer(.txt, .noData), .verdict(.notListed, timeToLive: 300)),
        (answer(.txt, .timedOut), .verdict(.unknown("time-out"), timeToLive: 10)),
    ]

    @Test(arguments: steps)
    func step(answer: DNSAnswer, step: DNSListLookup.Step) {
        #expect(DNSListLookup.step(after: answer) == step)
    }

    private func waiter(_ number: Int) -> DNSListCache.Waiter {
        .init(connection: AdmissionID(service: 0, connection: ConnectionID(number)), list: "list.example")
    }

    @Test func oneQuestionForManyAndAnAnswerForItsTime() {
        var cache = DNSListCache()
        let question = DNSQuestion(Self.name, .a)
        #expect(cache.look(up: Self.name, for: waiter(1), at: 0) == .ask(question))
        #expect(cache.look(up: Self.name, for: waiter(2), at: 0) == .underWay)
        #expect(cache.heard(Self.answer(.a, .noData), at: 0).next == DNSQuestion(Self.name, .txt))
        #expect(cache.look(up: Self.name, for: waiter(3), at: 0) == .underWay)
        let settled = cache.heard(Self.answer(.txt, .answered, [Self.text]), at: 0)
        #expect(settled.verdict == .listed(text: "spam"))
        #expect(settled.waiters == [waiter(1), waiter(2), waiter(3)])
        #expect(cache.look(up: Self.name, for: waiter(4), at: seconds(299)) == .known(.listed(text: "spam")))
        #expect(cache.look(up: Self.name, for: waiter(5), at: seconds(300)) == .ask(question))
    }

    @Test func theTextOfAListedAddressIsOnlyForTheLog() {
        var cache = DNSListCache(asksWhy: true)
        _ = cache.look(up: Self.name, for: waiter(1), at: 0)
        let settled = cache.heard(Self.answer(.a, .answered, [.address("127.0.0.2")]), at: 0)
        #expect(settled.waiters == [waiter(1)])
        #expect(settled.next == DNSQuestion(Self.name, .txt))
        #expect(cache.heard(Self.answer(.txt, .answered, [Self.text]), at: 0) == .init(explanation: "spam"))
        #expect(cache.look(up: Self.name, for: waiter(2), at: 0) == .known(.listed(text: "")))
    }

    @Test func aListThatFailsRestsForAWhile() {
        var cache = DNSListCache()
        func fail(_ number: Int, at second: Int) -> String? {
            _ = cache.look(up: "\(number).list.example", for: waiter(number), at: seconds(second))
            let question = DNSQuestion("\(number).list.example", .a)
            return cache.heard(DNSAnswer(question, .timedOut), at: seconds(second)).resting
        }
        #expect((0..<5).map { fail($0, at: 0) } == [nil, nil, nil, nil, "list.example"])
        let resting = cache.look(up: "9.list.example", for: waiter(9), at: seconds(29))
        #expect(resting == .known(.unknown("it does not answer")))
        // Then it is tried again; one more failure, and it rests again.
        let again = fail(9, at: 30)
        #expect(again == "list.example")
        let asked = cache.look(up: "10.list.example", for: waiter(10), at: seconds(60))
        #expect(asked == .ask(DNSQuestion("10.list.example", .a)))
    }

    @Test func memoryIsBounded() {
        var cache = DNSListCache(mostEntries: 10)
        for number in 0..<1000 {
            _ = cache.heard(DNSAnswer(DNSQuestion("\(number).l", .a), .noSuchName, timeToLive: 60), at: 0)
            #expect(cache.count <= 10)
        }
    }
}
