import Envelope
import ProcessPool
package import Spool
import Synchronization
package import SystemCalls

/// The side of a master program towards the Job Controller (job-controller specification, section 7): its threads ask
/// for work and report outcomes here, on any thread; the control thread, in ``run()``, does the talking. What the
/// threads say while it is busy goes out in one datagram.
package final class WorkSession: Sendable {
    package struct Options: Sendable {
        /// The end of the control socket; 3 by contract. The session takes it over.
        package var control: Int32 = 3
        /// Path of the Job Controller's socket, for outcomes when the one that started us is gone.
        package var jobControllerSocket: String
        /// Path of the queue directory.
        package var queue: String
        /// Seconds to wait for another Job Controller before exiting without having reported.
        package var orphanLimit: Int64 = 600
        /// Milliseconds between attempts to reach it.
        package var reconnectInterval: Int32 = 250
        /// False in tests: signals are the business of the process.
        package var takesSignals = true

        package init(jobControllerSocket: String, queue: String) {
            self.jobControllerSocket = jobControllerSocket
            self.queue = queue
        }
    }

    package let reader: SpoolReader
    let options: Options
    let state = Mutex(WorkState())
    let wakeup: Wakeup
    let signals: SignalDescriptor?

    /// To be called early in `main`: from here on SIGTERM and SIGINT are taken by ``run()``.
    package init(_ options: Options) throws(SystemCallError) {
        self.options = options
        reader = SpoolReader(queue: options.queue)
        wakeup = try Wakeup()
        signals = options.takesSignals ? try SignalDescriptor([15, 2, 1]) : nil
    }

    /// True when no more work will come: what has not been begun may be given back.
    package var isStopping: Bool { state.withLock { $0.isStopping } }

    /// A thread asks for up to `count` entries of one host, its former host first. `completion` is called once, on the
    /// control thread or the caller's: with work, perhaps much later, or with none, after which the thread ends.
    /// `onNothing` may come before: there is no work now, so that a connection kept for the next entry may be closed.
    package func ask(
        thread: UInt32, count: Int = 1, onNothing: @escaping @Sendable () -> Void = {},
        _ completion: @escaping @Sendable ([WorkItem]) -> Void
    ) {
        let (isRefused, mustRing) = state.withLock { state in
            if state.isStopping || state.asks[thread] != nil { return (true, false) }
            let wasEmpty = state.outgoing.isEmpty
            state.asks[thread] = WorkState.Ask(onNothing: onNothing, completion: completion)
            state.outgoing.requests.append(WorkRequest(thread: thread, count: count))
            return (false, wasEmpty)
        }
        if isRefused { completion([]) }
        if mustRing { wakeup.ring() }
    }

    /// No more work is wanted; what is in hand is finished, then ``run()`` ends.
    package func stop() {
        let asks = state.withLock { state in
            state.isStopping = true
            state.outgoing.requests.removeAll()
            let asks = state.asks.values.map(\.completion)
            state.asks.removeAll()
            return asks
        }
        for completion in asks { completion([]) }
        wakeup.ring()
    }

    func report(_ report: OutcomeReport) {
        let mustRing = state.withLock { state in
            guard state.inHand.remove(report.key) != nil else { return false }
            let wasEmpty = state.outgoing.isEmpty
            state.outgoing.reports.append(report)
            return wasEmpty
        }
        if mustRing { wakeup.ring() }
    }

    func giveBack(_ key: QueueEntryKey) {
        let mustRing = state.withLock { state in
            guard state.inHand.remove(key) != nil else { return false }
            let wasEmpty = state.outgoing.isEmpty
            state.outgoing.releases.append(key)
            return wasEmpty
        }
        if mustRing { wakeup.ring() }
    }

    /// Gives received items to the thread that asked; what nobody waits for goes back.
    func deliver(_ messages: [ItemMessage]) {
        var order: [UInt32] = []
        var byThread: [UInt32: [WorkItem]] = [:]
        state.withLock { state in
            for message in messages {
                state.inHand.insert(message.key)
                if byThread[message.thread] == nil { order.append(message.thread) }
                byThread[message.thread, default: []].append(WorkItem(message, session: self))
            }
        }
        for thread in order {
            let ask = state.withLock { $0.asks.removeValue(forKey: thread) }
            // Items that are not passed on give themselves back when they go away.
            if let ask, let items = byThread[thread] { ask.completion(items) }
        }
    }

    func nothing(for threads: [UInt32]) {
        let asks = state.withLock { state in threads.compactMap { state.asks[$0]?.onNothing } }
        for onNothing in asks { onNothing() }
    }

    /// Talks to the Job Controller until there is nothing left to do. Returns the exit code of the process.
    package func run() -> Int32 {
        do throws(SystemCallError) {
            let link = try ControlLink(session: self)
            return try link.run()
        } catch {
            stop()
            return 75
        }
    }
}
