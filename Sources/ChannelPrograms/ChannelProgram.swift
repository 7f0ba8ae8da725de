package import Channels
package import Configuration
import Enqueue
import Envelope
import Glibc
package import Logging
package import MasterKit
import Notifications
import OptionSyntax
import Spool
import Synchronization
import SystemCalls
import TransactionLog

/// What master programs with blocking threads have in common: work from the Job Controller, records from the spool,
/// notifications, the log, outcomes back.
package final class ChannelProgram: Sendable {
    let configuration: MTAConfiguration
    /// The channel this job serves.
    let channel: Channels.Channel
    let submitter: MessageSubmitter
    let logger: Logger
    private let notifier: Notifier
    private let session: WorkSession

    /// Delivers one copy: an outcome for each recipient in `pending`.
    typealias Deliver = @Sendable (_ copy: Copy) -> [RecipientOutcome]

    /// A copy in hand.
    struct Copy: Sendable {
        var stored: StoredMessage
        /// Index of the entry in the message.
        var number: Int
        var attempts: Int
        /// Indexes of the recipients to be tried.
        var pending: [Int]
        /// What the attempts so far did.
        var history: [EarlierAttempts] = []

        var entry: QueueEntry { stored.message.entries[number] }

        /// The same outcome for all of them.
        func all(_ result: RecipientOutcome.Result, _ status: String, _ text: String) -> [RecipientOutcome] {
            pending.map { RecipientOutcome(recipient: $0, result: result, status: status, text: text) }
        }
    }

    /// Delivers for a channel in another way; returns the exit code.
    package typealias Elsewhere =
        (MTAConfiguration, Channels.Channel, MasterEnvironment, Logger) throws -> Int32

    private static func load(_ environment: MasterEnvironment) throws -> (MTAConfiguration, Channels.Channel) {
        let load = MTAConfiguration.load(instanceRoot: environment.root)
        guard let configuration = load.configuration,
            let channel = configuration.channels.channel(named: environment.channel)
        else {
            throw StartFailure(
                description: load.diagnostics.all.first { $0.severity == .error }?.description
                    ?? "there is no channel \(environment.channel)")
        }
        return (configuration, channel)
    }

    private init(
        _ environment: MasterEnvironment, _ configuration: MTAConfiguration, _ channel: Channels.Channel,
        logger: Logger
    ) throws {
        self.configuration = configuration
        self.channel = channel
        self.logger = logger
        session = try WorkSession(environment.sessionOptions)
        let notices = try NoticeSender(path: environment.jobControllerSocket)
        submitter = try MessageSubmitter(
            configuration: configuration, isDelivering: true, report: { logger.error("\($0)") },
            notify: { notices.send($0) })
        notifier = Notifier(configuration: configuration, submitter: submitter) { logger.error("\($0)") }
    }

    private struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a channel program until the Job Controller has no more work; returns the exit code. Root and channel come from
    /// the environment the Job Controller made.
    /// `isFinal`: a delivered message has arrived, so that a receipt may be due (RFC 3461 section 4.1).
    /// `relayReceipt`: what was done with messages that count as relayed. `elsewhere`: who delivers in place of `deliver`;
    /// nil: nobody.
    static func run(
        _ name: String, threads: (Channels.Channel) -> Int, isFinal: Bool = false,
        relayReceipt: NotificationKind = .relayed,
        elsewhere: (Channels.Channel) -> Elsewhere? = { _ in nil }, deliver: (ChannelProgram) -> Deliver
    ) -> Int32 {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let logger = Logger(label: name)
        guard let environment = MasterEnvironment() else {
            logger.critical("no channel to deliver: this program is started by the job_controller")
            return 78
        }
        do {
            let (configuration, channel) = try load(environment)
            if let elsewhere = elsewhere(channel) {
                return try elsewhere(configuration, channel, environment, logger)
            }
            let program = try ChannelProgram(environment, configuration, channel, logger: logger)
            let deliver = deliver(program)
            let code = MasterProgram.run(program.session, threads: threads(program.channel), count: 4) { item in
                program.handle(item, isFinal: isFinal, relayReceipt, deliver)
            }
            program.submitter.spool.close()
            return code
        } catch {
            logger.critical("\(error)")
            return error is StartFailure ? 78 : 75
        }
    }

    private func handle(
        _ item: WorkItem, isFinal: Bool, _ relayReceipt: NotificationKind, _ deliver: Deliver
    ) {
        let stored: StoredMessage
        do throws(SpoolError) {
            stored = try item.read()
        } catch {
            logger.error("\(item.name): \(error)")
            if error.code == .corrupt || error.code == .notFound { return item.reportUnreadable(error.description) }
            // What cannot be read now is tried again by `backoff`; given back, it would come again at once.
            return item.finish(
                item.pending.map {
                    RecipientOutcome(
                        recipient: $0, result: .failedTemporarily, status: "4.3.0",
                        text: "the message cannot be read: \(error)")
                })
        }
        let number = Int(item.key.entry)
        let recipients = stored.message.entries[number].recipients.indices
        let copy = Copy(
            stored: stored, number: number, attempts: item.attempts, pending: item.pending.filter(recipients.contains),
            history: item.history)
        var kind = NotificationKind.failed
        var outcomes: [RecipientOutcome]
        switch item.notice {
        case .timedOut:
            kind = .timedOut
            outcomes = copy.all(.failedPermanently, "4.4.7", "message timed out in the queue")
        case .returned:
            kind = .bounced
            outcomes = copy.all(.failedPermanently, "5.0.0", item.returnedText)
        case .none, .delayWarning: outcomes = deliver(copy)
        }
        if let problem = notify(kind, copy, outcomes.filter { $0.result == .failedPermanently }) {
            outcomes = outcomes.map { outcome in
                guard outcome.result == .failedPermanently else { return outcome }
                return RecipientOutcome(
                    recipient: outcome.recipient, result: .failedTemporarily, status: "4.3.0",
                    text: "notification could not be enqueued: \(problem)")
            }
        }
        if isFinal {
            // A receipt holds nothing up: the message has arrived.
            _ = notify(.delivered, copy, outcomes.filter { $0.result == .delivered })
        }
        _ = notify(relayReceipt, copy, outcomes.filter { $0.result == .relayed })
        if case .delayWarning = item.notice {
            // A warning holds nothing up: when it cannot be enqueued, the next age is warned of.
            let kind = NotificationKind(warningAbout: copy.entry, now: SystemClock.wallSeconds)
            _ = notify(kind, copy, outcomes.filter { $0.result == .failedTemporarily })
        }
        log(copy, outcomes)
        DeliveryTrace(copy, outcomes, channel, configuration.channels)?.write { logger.info("\($0)") }
        item.finish(outcomes, isStressed: outcomes.contains { $0.isOverload })
    }

    /// Waits until the notification is durable; gives what went wrong.
    private func notify(_ kind: NotificationKind, _ copy: Copy, _ outcomes: [RecipientOutcome]) -> String? {
        guard !outcomes.isEmpty else { return nil }
        let occasion = Notifier.Occasion(
            kind: kind, message: copy.stored.message, entry: copy.number, attempt: copy.attempts, outcomes: outcomes,
            history: copy.history)
        let answer = Answer<String?>()
        notifier.notify(occasion, content: ReturnedContent(copy.stored.content)) { answer.put($0) }
        return answer.take()
    }

    private func log(_ copy: Copy, _ outcomes: [RecipientOutcome]) {
        guard channel.isLogging else { return }
        let isSettled = outcomes.contains { $0.result != .failedTemporarily }
        let now = SystemClock.wallNanoseconds / 1_000_000
        var entries = outcomes.compactMap { outcome in
            MessageLogEntry.dequeue(
                copy.stored.message, entry: copy.number, attempts: copy.attempts, outcome: outcome,
                othersSettled: isSettled && outcome.result == .failedTemporarily, size: copy.stored.content.size,
                now: now)
        }
        if let last = entries.indices.last,
            let header = submitter.log.header(at: .dequeue, keyword: channel.loggedHeader)
        {
            entries[last].headerLines = header.lines(of: Self.start(of: copy.stored.content))
        }
        submitter.log.write(entries)
    }

    /// The beginning of the message with its header; what cannot be read is not logged.
    private static func start(of content: StoredContent) -> [UInt8] {
        var content = content
        content.rewind()
        return (try? content.next(512 << 10)).map { Array($0) } ?? []
    }
}

extension ReturnedContent {
    /// Content from the spool; reads that follow each other do not begin again at the start.
    init(_ stored: StoredContent) {
        let cursor = Mutex(stored)
        self.init(size: stored.size) { offset, maximum in
            try cursor.withLock { content in
                if offset < content.position { content.rewind() }
                while content.position < offset {
                    if try content.next(min(64 << 10, offset - content.position)).isEmpty { return [] }
                }
                return Array(try content.next(maximum))
            }
        }
    }
}
