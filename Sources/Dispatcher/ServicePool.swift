package import ProcessPool

/// The pool of one service: which workers there are, which gets a connection, when one is started or drained.
///
/// A value without sockets, clocks and processes: each event takes the time (monotonic nanoseconds) and returns what
/// to do. All counting happens here, so MAX_PROCS and MAX_CONNS hold at every instant.
/// Dispatcher specification, section 6.
package struct ServicePool: Sendable {
    package enum Phase: Hashable, Sendable {
        case serving
        /// No new connections; sessions end, then workers.
        case stopping(since: Int64, escalation: Escalation)
    }

    /// How far a stop has gone.
    package enum Escalation: Int, Hashable, Sendable, Comparable {
        case drained, terminated, aborted, killed
        package static func < (left: Escalation, right: Escalation) -> Bool { left.rawValue < right.rawValue }
    }

    package let limits: PoolLimits
    /// In order of creation, so the oldest is first.
    package internal(set) var workers: [PoolWorker] = []
    package internal(set) var connections: [ConnectionID: PoolConnection] = [:]
    /// Admitted connections without a worker, first come first.
    package internal(set) var waiting: [ConnectionID] = []
    /// Handoffs in progress for each listening port: not yet confirmed, or not yet begun.
    package internal(set) var handoffs: [Int]
    /// Those of `handoffs` that are with a worker; never more than MAX_HANDOFFS.
    package internal(set) var unconfirmed: [Int]
    package internal(set) var phase = Phase.serving
    /// True after exit code 78 of a worker, until a restart.
    package internal(set) var isHeldDown = false
    package internal(set) var budget = RestartBudget()
    package internal(set) var statistics = ServiceStatistics()
    /// Connections of each client, from accept to end.
    var clients: [AdmissionClient: Int] = [:]
    /// Since when the service has been at capacity, pauses below ``fullnessPause`` included.
    private var fullSince: Int64?
    /// Since when a place has been free while `fullSince` is still set.
    private var roomSince: Int64?
    /// When the last restart began; old workers are still there.
    var restartBegan: Int64?

    var actions: [PoolAction] = []
    var lastWorker = 0
    var lastConnection = 0
    private var isCapacityReported = false
    private var lastCapacityReport: Int64?

    /// `listeners` is the number of listening ports of the service.
    package init(limits: PoolLimits, listeners: Int) {
        self.limits = limits.normalized()
        handoffs = [Int](repeating: 0, count: max(0, listeners))
        unconfirmed = handoffs
    }

    // MARK: What is asked

    /// Workers in any state whose process exists or is being started.
    package var liveCount: Int { workers.count }

    package var usableCount: Int { workers.count { $0.isUsable } }

    /// True when the accept loop may take a connection from this listening port now.
    package func mayAccept(_ listener: Int, at now: Int64) -> Bool {
        guard phase == .serving, handoffs.indices.contains(listener), handoffs[listener] < limits.maxHandoffs,
            connections.count < limits.capacity
        else { return false }
        return workers.contains { $0.state == .starting || isAvailable($0) } || maySpawn(at: now)
    }

    /// True when the service has been at capacity for `busyAfter`, so that clients are told instead of left waiting.
    package func turnsAway(at now: Int64, busyAfter: Int64?) -> Bool {
        guard phase == .serving, let busyAfter, let fullSince, isFull else { return false }
        return now - fullSince >= busyAfter
    }

    /// Connections of a client, the one in admission included.
    package func connectionCount(of client: AdmissionClient) -> Int { clients[client] ?? 0 }

    /// True when a stopped service has no worker left.
    package var isFinished: Bool { phase != .serving && workers.isEmpty }

    package func worker(_ id: WorkerID) -> PoolWorker? { index(of: id).map { workers[$0] } }

    // MARK: Events: start and time

    /// The service begins.
    package mutating func start(at now: Int64) -> [PoolAction] {
        settle(at: now)
    }

    /// To be called every second.
    package mutating func tick(at now: Int64) -> [PoolAction] {
        statistics.sample(connections: connections.count, at: now)
        watchWorkers(at: now)
        watchConnections(at: now)
        if case .stopping(let since, let escalation) = phase { escalate(since, escalation, at: now) }
        return settle(at: now)
    }

    /// Brings the pool to rest after an event and returns what is to be done.
    mutating func settle(at now: Int64) -> [PoolAction] {
        if phase == .serving {
            dispatchWaiting(at: now)
            housekeep(at: now)
            dropHopeless(at: now)
        } else {
            dropWaiting("the service stops")
        }
        noteFullness(at: now)
        reportCapacity(at: now)
        noteLimits(at: now)
        defer { actions.removeAll() }
        return actions
    }

    // MARK: Parts

    func index(of id: WorkerID) -> Int? {
        var low = 0
        var high = workers.count
        while low < high {
            let middle = (low + high) / 2
            if workers[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < workers.count && workers[low].id == id ? low : nil
    }

    func maySpawn(at now: Int64) -> Bool {
        phase == .serving && !isHeldDown && workers.count < limits.maxProcs && budget.allowsStart(at: now)
    }

    /// A worker that may get a connection; worn ones too.
    func isAvailable(_ worker: PoolWorker) -> Bool {
        worker.state == .running && worker.load < limits.maxConns
    }

    mutating func spawn(at now: Int64) {
        lastWorker += 1
        let id = WorkerID(lastWorker)
        workers.append(PoolWorker(id: id, at: now, firstPing: now + limits.deadlines.ping))
        statistics.workersStarted += 1
        actions.append(.spawn(id))
    }

    mutating func nextConnection() -> ConnectionID {
        lastConnection += 1
        return ConnectionID(lastConnection)
    }

    /// For the statistics, without the pauses of the log.
    mutating func noteLimits(at now: Int64) {
        statistics.noteLimits(
            isSaturated: phase == .serving && connections.count >= limits.capacity,
            isHandoffLimited: phase == .serving && handoffs.contains { $0 >= limits.maxHandoffs }, at: now)
    }

    /// A place that stays free for this long is one that nobody waits for.
    private static let fullnessPause = seconds(1)

    /// No place is free, and none can be made: every worker that MAX_PROCS allows is full or finishes its sessions.
    private var isFull: Bool {
        if connections.count >= limits.capacity { return true }
        return workers.count >= limits.maxProcs
            && !workers.contains { $0.state == .starting || $0.state == .dying || isAvailable($0) }
    }

    /// With turnover a full service has a free place for moments, until the next client takes it: the clock of
    /// `busy_reply` goes on through them. Dispatcher specification, section 13.
    mutating func noteFullness(at now: Int64) {
        if isFull {
            fullSince = fullSince ?? now
            roomSince = nil
        } else if fullSince != nil {
            let since = roomSince ?? now
            roomSince = since
            if now - since >= Self.fullnessPause {
                fullSince = nil
                roomSince = nil
            }
        }
    }

    /// Takes a connection out of the books.
    @discardableResult
    mutating func forget(_ id: ConnectionID) -> PoolConnection? {
        guard let connection = connections.removeValue(forKey: id) else { return nil }
        if let client = connection.client, let count = clients[client] {
            clients[client] = count > 1 ? count - 1 : nil
        }
        return connection
    }

    /// Entering and leaving saturation, at most one pair of lines in ten seconds.
    private mutating func reportCapacity(at now: Int64) {
        let isFull = phase == .serving && connections.count >= limits.capacity
        guard isFull != isCapacityReported else { return }
        if isFull {
            if let lastCapacityReport, now - lastCapacityReport < seconds(10) { return }
            lastCapacityReport = now
            actions.append(.report(.capacityReached(limits.capacity)))
        } else {
            actions.append(.report(.capacityLeft))
        }
        isCapacityReported = isFull
    }
}
