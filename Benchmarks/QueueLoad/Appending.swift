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

/// Each producer appends a message, waits until it is durable, and appends the next.
func appending(to queue: String, producers: Int, bytes: Int, seconds: Int) throws {
    let tally = Tally()
    let writer = try SpoolWriter(queue: queue, name: SpoolWriter.uniqueName()) { _ in
        tally.batches.add(1, ordering: .relaxed)
    }
    let content = sampleContent(bytes)
    let start = SystemClock.monotonicNanoseconds
    let end = start + Int64(seconds) * 1_000_000_000
    let threads = (0..<producers).map { _ in
        startThread { produce(writer, content, until: end, tally) }
    }
    for thread in threads { pthread_join(thread, nil) }
    let elapsed = Double(SystemClock.monotonicNanoseconds - start) / 1e9
    writer.close()
    let messages = tally.numbers.load(ordering: .relaxed)
    guard tally.failures.load(ordering: .relaxed) == 0 else { fail("the spool refused messages") }
    print(
        "{\"messages\": \(messages), \"seconds\": \(elapsed), \"batches\": \(tally.batches.load(ordering: .relaxed))}")
}

private func produce(_ writer: SpoolWriter, _ content: [UInt8], until end: Int64, _ tally: Tally) {
    var durable = sem_t()
    sem_init(&durable, 0, 0)
    withUnsafeMutablePointer(to: &durable) { durable in
        let signal = Signal(semaphore: durable)
        while SystemClock.monotonicNanoseconds < end {
            let number = tally.numbers.add(1, ordering: .relaxed).newValue
            writer.append(sampleMessage(number, host: "far.example"), content: .inline([content])) { result in
                if case .failure = result { tally.failures.add(1, ordering: .relaxed) }
                sem_post(signal.semaphore)
            }
            while sem_wait(durable) != 0 {}
        }
    }
    sem_destroy(&durable)
}

/// The semaphore outlives the wait for the completion that posts it.
private struct Signal: @unchecked Sendable {
    let semaphore: UnsafeMutablePointer<sem_t>
}

private func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let started = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, Unmanaged.passRetained(Body(body)).toOpaque())
    guard started == 0 else { fail("no thread could be started") }
    return thread
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
