import Envelope
import NIOCore
import SMTP
import SystemCalls

/// One delivery thread in the family's sense: it asks for work, keeps at most one connection, and delivers one entry
/// after the other (SMTP specification, 12.4). With PIPELINING the next entry begins while the reply to the last dot is
/// awaited. All of it runs on the event loop.
final class DeliveryThread {
    /// An entry in hand. A class: a copy would count references to everything in the message.
    final class Item {
        let work: any PendingWork
        let job: DeliveryJob
        /// It has been on a connection that was lost.
        let isRepeated: Bool

        init(work: any PendingWork, job: DeliveryJob, isRepeated: Bool = false) {
            self.work = work
            self.job = job
            self.isRepeated = isRepeated
        }
    }

    /// Entries whose notification is being enqueued; more hold the thread up.
    private static let mostSettling = 16

    let context: ClientContext
    private let number: Int
    private let source: any WorkSource
    /// Called whenever work has come.
    private let onWork: () -> Void
    private let onEnd: () -> Void
    private var backlog: ArraySlice<any PendingWork> = []
    /// Read, but not begun: first in line. One, or a few more after a connection was lost.
    private var opened: [Item] = []
    private var connection: ClientConnection?
    private var route: HostRoute?
    /// The entry host that ``lastRoute`` was made for; most entries in a row have the same.
    private var lastHost: String?
    private var lastRoute: HostRoute?
    private var inFlight = 0
    private var settling = 0
    private var isConnecting = false
    private var isAsking = false
    private var isPumping = false
    /// The source has no more work, or we were told to stop.
    private var isEnding = false
    private var hasEnded = false
    private var idleTimer: Scheduled<Void>?

    init(
        _ context: ClientContext, number: Int, source: any WorkSource, onWork: @escaping () -> Void,
        onEnd: @escaping () -> Void
    ) {
        self.context = context
        self.number = number
        self.source = source
        self.onWork = onWork
        self.onEnd = onEnd
    }

    /// Begins to ask for work.
    func start() { pump() }

    /// Gives back what has not been begun, finishes what has, and ends.
    func stop() {
        isEnding = true
        _ = giveBack()
        pump()
    }

    private func giveBack() -> Bool {
        for item in opened { item.work.release() }
        opened = []
        for work in backlog { work.release() }
        backlog = []
        return false
    }

    // MARK: Work

    /// Does whatever can be done now. Called after every change; calls from inside are taken up by the outer one.
    private func pump() {
        guard !isPumping, !hasEnded else { return }
        isPumping = true
        while step() {}
        isPumping = false
        if backlog.isEmpty, opened.isEmpty { askOrEnd() }
        watchIdling()
    }

    /// Begins one entry; false when nothing can be begun now.
    private func step() -> Bool {
        guard !isConnecting, settling < Self.mostSettling else { return false }
        if source.isStopping { return giveBack() }
        if opened.isEmpty {
            guard let work = backlog.popFirst() else { return false }
            guard let job = work.open() else { return true }
            if postpone(work, job) { return true }
            opened = SharedEntry.parts(work, job, context.settings.selection).map { Item(work: $0.work, job: $0.job) }
        }
        let item = opened[0]
        switch item.job.notice {
        case .timedOut:
            opened.removeFirst()
            settle(item, .all(item.job, .failedPermanently, "4.4.7", "delivery time expired"))
            return true
        case .returned(let reason):
            opened.removeFirst()
            settle(item, .all(item.job, .failedPermanently, "5.0.0", reason))
            return true
        case .none, .delayWarning:
            return begin(item)
        }
    }

    /// DEQUEUE_ACCESS; a copy that goes back to its sender is not asked about.
    private func postpone(_ work: any PendingWork, _ job: DeliveryJob) -> Bool {
        guard let access = context.settings.dequeueAccess, !job.notice.isReturn,
            let postponement = access.postponement(job, now: SystemClock.wallSeconds)
        else { return false }
        let text = "DEQUEUE_ACCESS: \(postponement.text)"
        let result = TransactionResult.all(job, .failedTemporarily, "4.7.1", text)
        work.postpone(result.outcomes, retryAfter: postponement.seconds.map { $0 * 1000 })
        return true
    }

    private func begin(_ item: Item) -> Bool {
        let wanted = route(to: item.job.entry.host)
        if let connection, connection.isReady, wanted == route, mayReuse(connection) {
            opened.removeFirst()
            transact(connection, item)
            return true
        }
        // What is under way on the old connection ends first.
        guard inFlight == 0 else { return false }
        opened.removeFirst()
        connect(wanted, item)
        // It may have failed at once, and then the next entry can begin.
        return !isConnecting
    }

    private func route(to host: String) -> HostRoute {
        if let lastRoute, host == lastHost { return lastRoute }
        let settings = context.settings
        let route = HostRoute(settings.selection, entryHost: settings.canonicalHost?(host) ?? host)
        lastHost = host
        lastRoute = route
        return route
    }

    private func mayReuse(_ connection: ClientConnection) -> Bool {
        let limits = [context.settings.mostTransactions, connection.session.extensions.transactionLimit]
        guard let most = limits.compactMap({ $0 }).min() else { return true }
        return connection.transactions < most
    }

    private func connect(_ wanted: HostRoute, _ item: Item) {
        if let connection, let route {
            if wanted != route, mayReuse(connection) { context.keep(connection, route) } else { connection.quit() }
        }
        connection = nil
        route = wanted
        if let kept = context.takeSpare(wanted), mayReuse(kept) {
            connection = kept
            kept.onReadyForNext = { [weak self] in self?.pump() }
            return transact(kept, item)
        }
        isConnecting = true
        HostConnector(context, wanted) { result in
            self.isConnecting = false
            switch result {
            case .success(let connection):
                self.connection = connection
                connection.onReadyForNext = { [weak self] in self?.pump() }
                self.transact(connection, item)
            case .failure(let failure):
                self.settle(item, .connectionFailed(item.job, failure))
            }
            self.pump()
        }.start()
    }

    private func transact(_ connection: ClientConnection, _ item: Item) {
        inFlight += 1
        connection.deliver(item.job) { result in
            self.inFlight -= 1
            if result.mayBeRepeated, !item.isRepeated, !self.isEnding {
                self.opened.insert(Item(work: item.work, job: item.job, isRepeated: true), at: 0)
            } else {
                self.settle(item, result)
            }
            self.pump()
        }
    }

    private func settle(_ item: Item, _ result: TransactionResult) {
        settling += 1
        Settlement(context, item.work, item.job).run(result) {
            self.settling -= 1
            self.pump()
        }
    }

    // MARK: Asking and ending

    private func askOrEnd() {
        guard isEnding else {
            if !isAsking { ask() }
            return
        }
        guard inFlight == 0, settling == 0, !isConnecting, !isAsking else { return }
        hasEnded = true
        idleTimer?.cancel()
        connection?.quit()
        connection = nil
        onEnd()
    }

    private func ask() {
        isAsking = true
        let bound = NIOLoopBound(self, eventLoop: context.loop)
        let loop = context.loop
        source.next(thread: number, count: context.settings.entriesPerRequest) { work in
            loop.execute { bound.value.take(work) }
        }
    }

    private func take(_ work: [any PendingWork]) {
        isAsking = false
        if work.isEmpty {
            isEnding = true
        } else if isEnding {
            for item in work { item.release() }
        } else {
            backlog += work
            onWork()
        }
        pump()
    }

    /// A connection without work says QUIT after a short while; work may still come for another host.
    private func watchIdling() {
        let isIdle = connection != nil && inFlight == 0 && opened.isEmpty && backlog.isEmpty
        guard isIdle else {
            idleTimer?.cancel()
            idleTimer = nil
            return
        }
        guard idleTimer == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: context.loop)
        idleTimer = context.loop.scheduleTask(in: TimeAmount(seconds: context.settings.timeouts.idle)) {
            bound.value.idled()
        }
    }

    private func idled() {
        idleTimer = nil
        guard inFlight == 0, opened.isEmpty, backlog.isEmpty else { return }
        connection?.quit()
        connection = nil
    }
}
