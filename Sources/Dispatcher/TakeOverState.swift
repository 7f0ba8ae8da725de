import SystemCalls

/// What a Dispatcher leaves to the program that takes its place in the same process: numbers of open descriptors, and
/// the records of workers and of connections, wherever these are on their way. Times are monotonic nanoseconds, which
/// both programs share, unless they are said to be seconds since 1970.
struct TakeOverState: Hashable {
    /// The form of the text. A program that knows another one does not take over.
    static let version = 2

    /// A listening socket, and the address of the configuration that it was opened for.
    struct Listener: Hashable {
        var descriptor: Int32
        var configured: SocketAddress
        /// A socket unit of systemd has it too.
        var isActivated = false
    }

    struct Worker: Hashable {
        var record: PoolWorker
        var processID: Int32
        var control: Int32
        /// Seconds since 1970.
        var birth: Int64
        /// What `HELO` said; nil when it has not come.
        var greeting: String?
        /// Messages that the control socket had no room for.
        var unsent: [Message] = []
    }

    struct Message: Hashable {
        var bytes: [UInt8]
        var descriptor: Int32?
    }

    /// A connection, in admission or at any later station.
    struct Connection: Hashable {
        /// Without the listener's number and the client: these follow from the addresses.
        var place: PoolConnection
        var record: ConnectionRecord
        /// The Dispatcher's own copy; nil once a worker has confirmed.
        var held: Held?
    }

    struct Held: Hashable {
        var socket: Int32
        var isImplicitTLS = false
        var accessText = ""
        var logText = ""
        /// DNS lists are to be asked.
        var asksLists = false
    }

    /// A service that was stopped by name comes back with a restart only (dispatcher specification, section 8 rule 1).
    struct Stop: Hashable {
        var since: Int64
        var escalation: ServicePool.Escalation
    }

    struct Service: Hashable {
        var name: String
        var lastWorker = 0
        var lastConnection = 0
        /// In the order of ``counters``.
        var counts: [Int] = []
        /// What its workers were started with: ``ServiceRunner/launchSettings``.
        var generation = ""
        var stop: Stop?
        var isHeldDown = false
        var workers: [Worker] = []
        /// Those that wait for a worker are in the order in which they get one.
        var connections: [Connection] = []
    }

    var pidFile: Int32 = -1
    var commands: Int32 = -1
    /// The client that asked for it, and hears how it went.
    var client: Int32 = -1
    /// The program that was before, to go back to.
    var image: Int32 = -1
    var listeners: [Listener] = []
    var throttle: [ThrottleTable.Entry] = []
    var services: [Service] = []

    /// Counts that go on; summaries begin anew.
    static var counters: [WritableKeyPath<ServiceStatistics, Int>] {
        [
            \.accepted, \.denied, \.turnedAway, \.handedOff, \.moved, \.completed, \.lost, \.dropped,
            \.workersStarted, \.failedStarts, \.crashes, \.acceptFailures,
        ] + AdmissionRefusal.allCases.map { \.[refusals: $0] }
    }

    /// Every descriptor that has to stay open.
    var descriptors: [Int32] {
        [pidFile, commands, client, image].filter { $0 >= 0 } + listeners.map(\.descriptor)
            + services.flatMap { service in
                service.workers.flatMap { [$0.control] + $0.unsent.compactMap(\.descriptor) }
                    + service.connections.compactMap { $0.held?.socket }
            }
    }
}
