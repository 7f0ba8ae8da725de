import Mappings
import SystemCalls
import Testing

@testable import Dispatcher

/// What goes from one program to the next at an upgrade, as text.
@Suite struct TakeOverStateTests {
    private static var worker: TakeOverState.Worker {
        var record = PoolWorker(id: WorkerID(7), at: 1000, firstPing: 2000)
        record.state = .draining
        record.total = 30
        record.peak = 5
        record.isObsolete = true
        record.hasGivenNotice = true
        record.stalledSince = 1500
        return .init(
            record: record, processID: 99, control: 12, birth: 5, greeting: "tcp_smtp_server 1.0 é",
            unsent: [.init(bytes: [0, 10, 255], descriptor: 14), .init(bytes: [])])
    }

    private static func connection(
        _ id: Int, _ state: PoolConnection.State, worker: Int? = nil, held: TakeOverState.Held? = nil
    ) -> TakeOverState.Connection {
        var place = PoolConnection(listener: 0, accepted: 900, since: 950)
        place.state = state
        place.attempts = 2
        place.decliners = [WorkerID(3), WorkerID(4)]
        var record = ConnectionRecord(
            id: ConnectionID(id), worker: worker.map { WorkerID($0) }, local: SocketAddress(host: "::1", port: 25),
            remote: SocketAddress(host: "192.0.2.1", port: 4001), began: 77)
        record.identUser = "j. doe = 50%"
        return TakeOverState.Connection(place: place, record: record, held: held)
    }

    private static var state: TakeOverState {
        var service = TakeOverState.Service(name: "SMTP %1\n", lastWorker: 7, lastConnection: 31)
        service.counts = Array(1...TakeOverState.counters.count)
        service.generation = "/bin/true\nA=1"
        service.stop = .init(since: 4, escalation: .aborted)
        service.isHeldDown = true
        let other = PoolWorker(id: WorkerID(8), at: 1, firstPing: 2)
        service.workers = [worker, .init(record: other, processID: 100, control: 13, birth: 6, greeting: nil)]
        let held = TakeOverState.Held(
            socket: 15, isImplicitTLS: true, accessText: "EXTERNAL x", logText: "", asksLists: true)
        service.connections = [
            connection(28, .inAdmission, held: held), connection(29, .pending(WorkerID(8)), worker: 8, held: held),
            connection(30, .active(WorkerID(7)), worker: 7), connection(31, .waiting, held: held),
        ]
        var state = TakeOverState(pidFile: 4, commands: 5, client: -1, image: 6)
        state.listeners = [
            .init(descriptor: 7, configured: .init(host: "", port: 25)),
            .init(descriptor: 8, configured: .init(host: "2001:db8::1", port: 587), isActivated: true),
        ]
        state.throttle = [.init(form: .penalising, client: "192.0.2.9", rate: 10, total: 11, since: 3)]
        state.services = [service, .init(name: "")]
        return state
    }

    @Test func stateIsReadAsItWasWritten() throws {
        #expect(try TakeOverState(text: Self.state.text) == Self.state)
        #expect(Self.state.descriptors == [4, 5, 6, 7, 8, 12, 14, 13, 15, 15, 15])
    }

    /// So that a later version may add some.
    @Test func fieldsThatAreNotKnownArePassedOver() throws {
        let text = Self.state.text.split(separator: "\n").map { line in
            line.hasPrefix("dispatcher") || line == "end" ? line : line + " new_in_the_next=1"
        }
        #expect(try TakeOverState(text: text.joined(separator: "\n") + "\n") == Self.state)
    }

    @Test func stateOfAnotherVersionOrDamagedIsRefused() {
        let lines = Self.state.text.split(separator: "\n").map(String.init)
        #expect(throws: TakeOverState.Malformed.self) { try TakeOverState(text: "") }
        #expect(throws: TakeOverState.Malformed.self) { try TakeOverState(text: "dispatcher 1\nend\n") }
        #expect(throws: TakeOverState.Malformed.self) {
            try TakeOverState(text: lines.dropLast().joined(separator: "\n"))
        }
        for index in lines.indices.dropFirst().dropLast() {
            for damage in [" x", " x=%4"] {
                var damaged = lines
                damaged[index] += damage
                #expect(throws: TakeOverState.Malformed.self) {
                    try TakeOverState(text: damaged.joined(separator: "\n") + "\n")
                }
            }
        }
    }

    @Test(arguments: [
        ("connection id=1", "a connection before any service"),
        ("listener descriptor=-1 host= port=25", "no descriptor"),
        ("listener descriptor=7 host= port=70000", "no port"), ("service name=A", "a service without counts"),
        ("stranger id=1", "an unknown kind"),
        ("throttle form=none client=a rate=1 total=1 since=1", "an unknown form"),
    ])
    func lineWithoutSenseIsRefused(line: String, what: String) {
        #expect(throws: TakeOverState.Malformed(line: 2), "\(what)") {
            try TakeOverState(text: "dispatcher 2\n\(line)\nend\n")
        }
    }

    // MARK: Taking over

    private static func inherit(_ service: TakeOverState.Service, isOutdated: Bool = false) -> ServicePool {
        var limits = PoolLimits()
        limits.maxProcs = 2
        var pool = ServicePool(limits: limits, listeners: 1)
        pool.inherit(service, isOutdated: isOutdated)
        return pool
    }

    private static func service(_ workers: [PoolWorker.State]) -> TakeOverState.Service {
        var service = TakeOverState.Service(name: "A", lastWorker: workers.count, lastConnection: 9)
        service.workers = workers.enumerated().map { index, state in
            var record = PoolWorker(id: WorkerID(index + 1), at: 0, firstPing: .max)
            record.state = state
            record.readyAt = state == .starting ? nil : 1
            return .init(record: record, processID: 1, control: 3, birth: 0, greeting: "")
        }
        return service
    }

    @Test func connectionsGoOnWhereTheyWere() {
        var service = Self.service([.running, .running])
        let held = TakeOverState.Held(socket: 9)
        service.connections = [
            Self.connection(1, .active(WorkerID(1)), worker: 1),
            Self.connection(2, .pending(WorkerID(1)), worker: 1, held: held),
            Self.connection(3, .inAdmission, held: held),
            Self.connection(4, .pending(WorkerID(5)), worker: 5, held: held), Self.connection(5, .waiting, held: held),
        ]
        var pool = Self.inherit(service)
        #expect(pool.worker(WorkerID(1))?.active == 1)
        #expect(pool.worker(WorkerID(1))?.pending == 1)
        #expect(pool.handoffs == [3])
        #expect(pool.unconfirmed == [1])
        // One whose worker is gone waits for another.
        #expect(pool.waiting == [ConnectionID(4), ConnectionID(5)])
        let actions = pool.start(at: 100)
        #expect(actions.contains { if case .handOff(ConnectionID(4), WorkerID(2), _) = $0 { true } else { false } })
        _ = pool.confirmed(ConnectionID(2), by: WorkerID(1), at: 101)
        #expect(pool.connections[ConnectionID(2)]?.state == .active(WorkerID(1)))
        #expect(pool.admitted(ConnectionID(3), at: 102).count == 1)
    }

    @Test func workersOfOtherSettingsAreObsolete() {
        let service = Self.service([.running, .draining, .starting])
        #expect(Self.inherit(service, isOutdated: true).workers.map(\.isObsolete) == [true, false, true])
        // One more than MAX_PROCS grants now.
        #expect(Self.inherit(service).workers.map(\.isObsolete) == [true, false, false])
    }

    @Test func stoppedStaysStoppedAndHeldDownStaysDown() {
        var service = Self.service([.draining])
        service.stop = .init(since: 5, escalation: .terminated)
        service.isHeldDown = true
        let pool = Self.inherit(service)
        #expect(pool.phase == .stopping(since: 5, escalation: .terminated))
        #expect(!pool.mayAccept(0, at: 6))
        #expect(pool.isHeldDown)
        #expect(!Self.inherit(service, isOutdated: true).isHeldDown)
    }

    @Test func throttleGoesOnCounting() {
        let call = MappingCallout(image: "conn_throttle.so", routine: "throttle", argument: "192.0.2.1,2", flags: "A")
        let first = ThrottleCallout { 0 }
        #expect(first.answer(call) == nil)
        #expect(first.answer(call) == nil)
        let second = ThrottleCallout { 1 }
        second.entries = first.entries
        #expect(second.answer(call) == "")
    }
}
