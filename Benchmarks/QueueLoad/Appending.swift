import Envelope
import Glibc
import Spool
import Synchronization
import SystemCalls

/// A message for one host; `size` octets of content go with it.
func sampleMessage(_ number: Int, host: String) -> QueuedMessage {
    QueuedMessage(
        id: MessageID(rawValue: UInt64(number) + 1), arrival: SystemClock.wallNanoseconds / 1_000_000,
        sourceChannel: "tcp_local",
        submission: Submission(clientAddress: "192.0.2.1", helo: "source.example"), sender: "sender@bench.example",
        messageIDHeader: "<\(number)@bench.example>",
        entries: [
            QueueEntry(
                channel: "tcp_local", host: host,
                recipients: [QueueRecipient(address: "recipient@\(host)", given: "recipient@\(host)")])
        ])
}

/// A header and lines of text, `size` octets together.
func sampleContent(_ size: Int) -> [UInt8] {
    var content = Array(
        """
        From: <sender@bench.example>\r\nTo: <recipient@far.example>\r\nSubject: bench\r\n\
        Date: Mon, 02 Nov 2026 10:00:00 +0000\r\nMessage-Id: <1@bench.example>\r\n\r\n
        """.utf8)
    while content.count < size {
        content += [UInt8](repeating: UInt8(ascii: "x"), count: 76) + [13, 10]
    }
    return content
}

/// What the producers and the spool's thread count.
private final class Tally: Sendable {
    let numbers = Atomic<Int>(0)
    let batches = Atomic<Int>(0)
    let failures = Atomic<Int>(0)
}

/// Each producer appends a message, waits until it is durable, and appends the next. The producers are sessions of an event
/// loop, as those of the SMTP server are: a thread of its own for each would measure the scheduler.
func appending(to queue: String, producers: Int, bytes: Int, seconds: Int) throws {
    let tally = Tally()
    let writer = try SpoolWriter(queue: queue, name: SpoolWriter.uniqueName()) { _ in
        tally.batches.add(1, ordering: .relaxed)
    }
    let finished = try FinishedSessions()
    let content = sampleContent(bytes)
    let start = SystemClock.monotonicNanoseconds
    let end = start + Int64(seconds) * 1_000_000_000
    var messages = 0
    func append(_ session: Int) {
        messages += 1
        writer.append(sampleMessage(messages, host: "far.example"), content: .inline([content])) { result in
            if case .failure = result { tally.failures.add(1, ordering: .relaxed) }
            finished.add(session)
        }
    }
    for session in 0..<producers { append(session) }
    var waiting = producers
    while waiting > 0 {
        for session in try finished.wait() {
            if SystemClock.monotonicNanoseconds < end { append(session) } else { waiting -= 1 }
        }
    }
    let elapsed = Double(SystemClock.monotonicNanoseconds - start) / 1e9
    writer.close()
    guard tally.failures.load(ordering: .relaxed) == 0 else { fail("the spool refused messages") }
    print(
        "{\"messages\": \(messages), \"seconds\": \(elapsed), \"batches\": \(tally.batches.load(ordering: .relaxed))}")
}

/// Sessions whose message is durable, on their way from the spool's thread to the loop.
private final class FinishedSessions: Sendable {
    private let sessions = Mutex<[Int]>([])
    private let wakeup: Wakeup
    private let poller: Mutex<Poller>

    init() throws(SystemCallError) {
        wakeup = try Wakeup()
        let poller = try Poller()
        try poller.add(wakeup.descriptor, token: 0)
        self.poller = Mutex(poller)
    }

    func add(_ session: Int) {
        let wasEmpty = sessions.withLock { sessions in
            sessions.append(session)
            return sessions.count == 1
        }
        if wasEmpty { wakeup.ring() }
    }

    /// Waits until there are some.
    func wait() throws -> [Int] {
        try poller.withLock { poller in try poller.wait(milliseconds: -1) { _ in } }
        wakeup.clear()
        return sessions.withLock { sessions in
            defer { sessions.removeAll(keepingCapacity: true) }
            return sessions
        }
    }
}

/// Messages for `hosts` hosts in turn, a thousand to each commit.
func filling(_ queue: String, messages: Int, hosts: Int, bytes: Int) throws {
    var options = SpoolWriterOptions()
    options.minimumFree = 0
    let tally = Tally()
    let writer = try SpoolWriter(queue: queue, name: SpoolWriter.uniqueName(), options: options)
    let content = sampleContent(bytes)
    let start = SystemClock.monotonicNanoseconds
    for number in 0..<messages {
        writer.append(sampleMessage(number, host: "host\(number % hosts).example"), content: .inline([content])) {
            if case .failure = $0 { tally.failures.add(1, ordering: .relaxed) }
            tally.numbers.add(1, ordering: .relaxed)
        }
        // No more in memory than a few batches.
        while number - tally.numbers.load(ordering: .relaxed) > 4000 { usleep(500) }
    }
    writer.close()
    guard tally.failures.load(ordering: .relaxed) == 0 else { fail("the spool refused messages") }
    let elapsed = Double(SystemClock.monotonicNanoseconds - start) / 1e9
    print("{\"messages\": \(messages), \"seconds\": \(elapsed)}")
}
