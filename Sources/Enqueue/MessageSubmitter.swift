package import Envelope
import Glibc
import InternetMessage
package import Spool
import Synchronization
import SystemCalls
package import TransactionLog

/// Puts messages into the queue: identity, spool, E records, notices. One for each process that enqueues.
package final class MessageSubmitter: Sendable {
    /// The names a new message gets.
    package struct Identity: Sendable {
        package var id: MessageID
        /// 16 characters, without the host.
        package var envelopeID: String
        /// Milliseconds since 1970.
        package var arrival: Int64
        /// The RFC 5322 date of the moment.
        package var date: [UInt8]
    }

    private struct Generators {
        var messages: MessageIDGenerator
        var envelopes: EnvelopeIDGenerator
        var dates = DateCache()
    }

    package let spool: SpoolWriter
    package let log: TransactionLog
    /// Of the instance; nil: nothing is counted.
    package let counters: TrafficCounters?
    private let generators: Mutex<Generators>
    /// Held for the life of the process: what makes its message ids differ from those of others.
    private let slot: WriterSlot
    private let committedEntries: PendingLog

    /// `queue`: the queue directory. `notify` is told of each batch of committed messages, on the spool's thread.
    package init(
        queue: String, options: SpoolWriterOptions, log: TransactionLog, counters: TrafficCounters? = nil,
        disk: any Disk = RealDisk(),
        notify: @escaping @Sendable ([CommittedMessage]) -> Void
    ) throws(SpoolError) {
        let pending = PendingLog()
        committedEntries = pending
        self.log = log
        self.counters = counters
        try QueueStore.prepare(queue: queue)
        slot = try WriterSlot(queue: queue)
        spool = try SpoolWriter(
            queue: queue, name: SpoolWriter.uniqueName(), options: options, disk: disk
        ) { committed in
            notify(committed)
            log.write(pending.take())
        }
        let now = UInt64(SystemClock.wallNanoseconds / 1_000_000)
        generators = Mutex(
            Generators(
                messages: MessageIDGenerator(slot: slot.number, generation: slot.generation, now: now),
                envelopes: EnvelopeIDGenerator(process: getpid())))
    }

    package func newIdentity() -> Identity {
        let now = SystemClock.wallNanoseconds
        return generators.withLock { generators in
            Identity(
                id: generators.messages.next(now: UInt64(now / 1_000_000)),
                envelopeID: generators.envelopes.next(seconds: now / 1_000_000_000), arrival: now / 1_000_000,
                date: generators.dates.headerDate(now / 1_000_000_000))
        }
    }

    /// The RFC 5322 date of a moment in seconds since 1970.
    package func headerDate(_ seconds: Int64) -> [UInt8] {
        generators.withLock { $0.dates.headerDate(seconds) }
    }

    /// Hands a message over. `completion` runs on the spool's thread when the message is durable, or with the error after
    /// which nothing of it is in the queue. `modifiers`: for the action code of the E records; nil writes none
    /// (`nologging`). `logsFirst`: the records are written before `completion` runs, because what the caller logs then
    /// belongs behind them; a client's session gets its answer first. `headerLines` of the message, and the `connection`
    /// over which it came: for the log.
    package func submit(
        _ message: QueuedMessage, content: SpoolContent, modifiers: TransferModifiers?, headerLines: [String] = [],
        connection: LoggedConnection = LoggedConnection(), logsFirst: Bool = false,
        completion: @escaping @Sendable (Result<SpoolLocation, SpoolError>) -> Void
    ) {
        let pending = committedEntries
        let log = log
        let counters = counters
        spool.append(message, content: content) { result in
            if case .success = result { counters?.countSubmitted(message, size: content.size) }
            if case .success = result, let modifiers {
                var entries = Self.enqueueEntries(message, size: content.size, modifiers, connection)
                if let last = entries.indices.last { entries[last].headerLines = headerLines }
                if logsFirst { log.write(entries) } else { pending.add(entries) }
            }
            if case .success = result, let reason = message.entries.lazy.compactMap(\.heldReason).first,
                reason.hasPrefix("loop:")
            {
                log.noticeHeld("message \(message.id)", reason: reason)
            }
            completion(result)
        }
    }

    static func enqueueEntries(
        _ message: QueuedMessage, size: Int, _ modifiers: TransferModifiers,
        _ connection: LoggedConnection = LoggedConnection()
    ) -> [MessageLogEntry] {
        var base = MessageLogEntry(.enqueued)
        base.modifiers = modifiers
        base.sourceChannel = message.sourceChannel
        base.blocks = blockCount(ofBytes: size)
        base.sender = message.sender
        base.envelopeID = message.envelopeID
        base.messageID = message.messageIDHeader
        base.username = message.submission.user.isEmpty ? "" : "*" + message.submission.user
        base.sourceSystem = message.submission.sourceSystem
        base.connection = connection
        var lines: [MessageLogEntry] = []
        for (number, entry) in message.entries.enumerated() {
            let name = EntryName(message: message.id, entry: number, isHeld: entry.heldReason != nil)
            for recipient in entry.recipients {
                var line = base
                line.destinationChannel = entry.channel
                line.priority = entry.priority
                line.notify = recipient.notify
                line.originalRecipient = recipient.originalRecipient ?? "rfc822;\(recipient.given)"
                line.currentRecipient = recipient.address
                line.initialRecipient = recipient.given
                line.filename = "\(entry.channel)/\(name)"
                // A copy that is held from the start has an H record in place of the E record (section 2.3).
                if let reason = entry.heldReason {
                    line.action = .held
                    line.modifiers = []
                    line.reason = reason
                }
                lines.append(line)
            }
        }
        return lines
    }
}

extension TrafficCounters {
    /// A message has been enqueued by its channel (notifications-logging specification, section 3), a copy for each
    /// destination.
    fileprivate func countSubmitted(_ message: QueuedMessage, size: Int) {
        update(message.sourceChannel) { counters in
            counters.add(.submittedMessages, message.entries.count)
            counters.add(.submittedRecipients, message.entries.reduce(0) { $0 + $1.recipients.count })
            counters.add(.submittedVolume, message.entries.count * blockCount(ofBytes: size))
        }
    }
}

extension Submission {
    /// `helo ([address])`, the source system field of the log.
    package var sourceSystem: String {
        clientAddress.isEmpty ? "" : "\(helo.isEmpty ? "unknown" : helo) ([\(clientAddress)])"
    }
}

/// E records of messages that have been committed and whose batch is not through yet: written together, after the
/// sessions have had their answers.
private final class PendingLog: Sendable {
    private let entries = Mutex<[MessageLogEntry]>([])

    func add(_ added: [MessageLogEntry]) {
        entries.withLock { $0 += added }
    }

    func take() -> [MessageLogEntry] {
        entries.withLock { entries in
            let taken = entries
            entries.removeAll(keepingCapacity: true)
            return taken
        }
    }
}
