import SystemCalls

/// A master program whose threads block while they deliver: each asks for work, handles the entries it gets, and asks
/// again until there is none.
package enum MasterProgram {
    /// Runs `threads` threads until the Job Controller has no more work for them, and returns the exit code. `count`:
    /// most entries that a thread takes at once. An item that `handler` leaves unfinished is given back.
    package static func run(
        _ session: WorkSession, threads: Int, count: Int = 1, handler: @escaping @Sendable (WorkItem) -> Void
    ) -> Int32 {
        for number in 1...UInt32(max(1, min(threads, 1000))) {
            SystemThread.start("work-\(number)") {
                let answer = Answer<[WorkItem]>()
                while true {
                    session.ask(thread: number, count: count) { answer.put($0) }
                    let items = answer.take()
                    if items.isEmpty { return }
                    for item in items {
                        if session.isStopping { item.giveBack() } else { handler(item) }
                    }
                }
            }
        }
        return session.run()
    }
}
