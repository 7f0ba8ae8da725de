/// What is known of one service at one instant: the source of `status` and `metrics`.
package struct ServiceReport: Sendable {
    package struct Listener: Hashable, Sendable {
        package var port: UInt16
        /// The address bound to, with the port.
        package var address: String
        package var isImplicitTLS: Bool
        /// `accepting`, `at-capacity`, `handoff-limit`, `no-worker`, `not-listening` or `closed`.
        package var state: String
        /// Handoffs in progress, of at most MAX_HANDOFFS.
        package var handoffs: Int
    }

    package struct Worker: Hashable, Sendable {
        package var processID: Int32
        package var number: Int
        package var state: PoolWorker.State
        package var active: Int
        package var pending: Int
        package var total: Int
        package var peak: Int
        /// Seconds since 1970.
        package var born: Int64
        package var image: String
        /// The configuration that the worker has; 0: one of a Dispatcher before this one.
        package var generation: Int

        package init(processID: Int32, image: String, born: Int64, generation: Int = 1, _ worker: PoolWorker) {
            self.processID = processID
            self.image = image
            self.born = born
            self.generation = generation
            number = worker.id.number
            state = worker.state
            active = worker.active
            pending = worker.pending
            total = worker.total
            peak = worker.peak
        }
    }

    package var name: String
    package var state: String
    /// Why the service does not run.
    package var reason: String?
    package var listeners: [Listener] = []
    package var workers: [Worker] = []
    /// Open connections, those without a worker included.
    package var current = 0
    package var waiting = 0
    package var limits = PoolLimits()
    package var statistics = ServiceStatistics()
    /// The instant, monotonic nanoseconds.
    package var now: Int64 = 0

    package init(name: String, state: String) {
        self.name = name
        self.state = state
    }
}
