import NIOCore

/// The delivery threads of one process: as many as work is found for, up to MAX_CLIENT_THREADS. Lives on one event
/// loop.
final class DeliveryEngine {
    private let context: ClientContext
    private let source: any WorkSource
    private let onEnd: () -> Void
    private var threads: [Int: DeliveryThread] = [:]
    private var started = 0
    private var isStopping = false

    init(_ context: ClientContext, _ source: any WorkSource, onEnd: @escaping () -> Void) {
        self.context = context
        self.source = source
        self.onEnd = onEnd
    }

    /// The first thread asks for work; each thread that finds some starts the next.
    func start() { startThread() }

    /// Finishes what is under way.
    func stop() {
        isStopping = true
        for thread in threads.values { thread.stop() }
    }

    private func startThread() {
        guard !isStopping, started < context.settings.mostThreads else { return }
        let number = started
        started += 1
        var hasStartedNext = false
        let thread = DeliveryThread(
            context, number: number, source: source,
            onWork: { [weak self] in
                if !hasStartedNext { self?.startThread() }
                hasStartedNext = true
            },
            onEnd: { [weak self] in self?.ended(number) })
        threads[number] = thread
        thread.start()
    }

    private func ended(_ number: Int) {
        threads[number] = nil
        guard threads.isEmpty else { return }
        context.closeSpare()
        onEnd()
    }
}
