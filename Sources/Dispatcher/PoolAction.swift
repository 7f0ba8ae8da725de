/// What the shell has to do, in this order. ``ServicePool``.
package enum PoolAction: Hashable, Sendable {
    /// Start a worker. It is counted from this moment; report ``ServicePool/spawnFailed(_:at:)`` when it cannot be.
    case spawn(WorkerID)
    /// Send `CONN` with the descriptor and keep the own copy. The worker must not take it after `expires`; that is
    /// somewhat before the pool takes it back.
    case handOff(ConnectionID, to: WorkerID, expires: Int64)
    /// Send `DRAN`.
    case drain(WorkerID)
    /// Send `PING`.
    case ping(WorkerID)
    case signal(WorkerID, WorkerSignal)
    /// Close the own copy of a connection that no worker gets.
    case close(ConnectionID)
    /// A line for the log.
    case report(PoolFact)
}

package enum WorkerSignal: Hashable, Sendable {
    /// SIGTERM: drain.
    case terminate
    /// SIGINT: close every session now.
    case abort
    /// SIGKILL.
    case kill
}

/// Something that happened in a pool and belongs into the log.
package enum PoolFact: Hashable, Sendable {
    case ready(WorkerID)
    case draining(WorkerID, DrainReason)
    case cutOff(WorkerID, String)
    case ended(WorkerID, wasDraining: Bool, total: Int, lost: Int)
    /// The next start is tried after the pause, in nanoseconds.
    case backingOff(failures: Int, pause: Int64)
    /// Exit code 78: nothing is started until a restart.
    case heldDown(WorkerID)
    case connectionMoved(ConnectionID, from: WorkerID)
    case connectionDropped(ConnectionID, String)
    case capacityReached(Int)
    case capacityLeft
}

package enum DrainReason: String, Hashable, Sendable {
    case lifeTime = "MAX_LIFE_TIME reached"
    case lifeConnections = "MAX_LIFE_CONNS reached"
    case idle = "idle for MAX_IDLE_TIME"
    case restart = "service restarted"
    case stalled = "it does not answer"
    case own = "by its own decision"
    case stop = "service stops"
}
