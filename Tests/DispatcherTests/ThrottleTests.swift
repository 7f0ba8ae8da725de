import Mappings
import Testing

@testable import Dispatcher

/// `conn_throttle`: dispatcher specification, section 9.5.
@Suite struct ThrottleTests {
    /// Seconds of connections of one client at rate 2, and which of them are over it.
    static let courses: [(form: ThrottleTable.Form, times: [Int], over: [Bool])] = [
        (.simple, [0, 1, 2, 59, 60, 61, 62], [false, false, true, true, false, false, true]),
        (.simple, [0, 50, 70, 71, 72], [false, false, false, false, true]),
        (.simple, [0, 1, 2, 500], [false, false, true, false]),
        // Four in the first minute: two remain after it, and the next one is over the rate.
        (.penalising, [0, 1, 2, 3, 60, 121, 180], [false, false, true, true, true, false, false]),
        (.penalising, [0, 1, 500], [false, false, false]),
    ]

    @Test(arguments: courses)
    func course(form: ThrottleTable.Form, times: [Int], over: [Bool]) {
        var table = ThrottleTable()
        let found = times.map { table.exceeds(form, client: "192.0.2.1", rate: 2, at: seconds($0)) }
        #expect(found == over)
    }

    @Test func memoryIsBounded() {
        var table = ThrottleTable(mostClients: 100)
        for number in 0..<1000 { _ = table.exceeds(.simple, client: "\(number)", rate: 0, at: 0) }
        #expect(table.clientCount == 100)
        // Known clients stay throttled, new ones are not counted until there is room.
        let found = [("7", 1), ("new", 1), ("new", 61)].map { client, second in
            table.exceeds(.simple, client: client, rate: 0, at: seconds(second))
        }
        #expect(found == [true, false, true])
        #expect(table.clientCount < 100)
    }

    /// Arguments of the routine with rate 0 and what it answers.
    static let calls: [(image: String, routine: String, argument: String, flags: MappingFlags, answer: String?)] = [
        ("IMTA_LIB:conn_throttle.so", "throttle", "192.0.2.1,0", "A", ""),
        ("/opt/old/lib/conn_throttle.so", "throttle_p", "192.0.2.1, 0 ", "A", ""),
        ("conn_throttle", "THROTTLE", "2001:db8::1,0", "A", ""),
        ("IMTA_LIB:conn_throttle.so", "throttle", "192.0.2.1,1", "A", nil),
        ("IMTA_LIB:conn_throttle.so", "throttle", "192.0.2.1,0", "", nil),
        ("IMTA_LIB:conn_throttle.so", "other", "192.0.2.1,0", "A", nil),
        ("IMTA_LIB:dns_verify.so", "throttle", "192.0.2.1,0", "A", nil),
        ("IMTA_LIB:conn_throttle.so", "throttle", "192.0.2.1", "A", nil),
        ("IMTA_LIB:conn_throttle.so", "throttle", ",0", "A", nil),
        ("IMTA_LIB:conn_throttle.so", "throttle", "192.0.2.1,-1", "A", nil),
        ("IMTA_LIB:conn_throttle.so", "throttle", "192.0.2.1,99999999999999999999", "A", nil),
    ]

    @Test(arguments: calls)
    func call(image: String, routine: String, argument: String, flags: MappingFlags, answer: String?) {
        let call = MappingCallout(image: image, routine: routine, argument: argument, flags: flags)
        #expect(ThrottleCallout(clock: { 0 }).answer(call) == answer)
    }
}
