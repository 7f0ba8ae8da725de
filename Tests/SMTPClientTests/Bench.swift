import DNS
import Envelope
import Synchronization

@testable import SMTPClient

/// What came of the entries of one run.
struct RunRecord: Sendable {
    var outcomes: [UInt64: [RecipientOutcome]] = [:]
    var retries: [UInt64: Int64] = [:]
    var postponed: [UInt64: Int64] = [:]
    var released: Set<UInt64> = []
    var notifications: [NotificationRequest] = []
    var log: [DeliveryRecord] = []
    var connections: [ConnectionRecord] = []
}

/// Runs the client over a list of jobs and keeps what it says.
final class Bench: Sendable {
    private let content = Mutex(RunRecord())
    private let jobs: Mutex<[DeliveryJob]>
    /// What the notifier answers; nil: success.
    let notifierProblem: String?

    init(_ jobs: [DeliveryJob], notifierProblem: String? = nil) {
        self.jobs = Mutex(jobs)
        self.notifierProblem = notifierProblem
    }

    var record: RunRecord { content.withLock { $0 } }

    fileprivate func change(_ body: (inout RunRecord) -> Void) { content.withLock { body(&$0) } }

    func run(_ settings: ClientSettings, resolver: any DNSResolver = NoNames()) async -> RunRecord {
        let program = SMTPClientProgram(
            settings: settings, source: self, resolver: LazyResolver { () throws(ResolverSetupError) in resolver },
            notifier: { request, completion in
                self.change { $0.notifications.append(request) }
                completion(self.notifierProblem)
            }, log: self)
        await program.run()
        return record
    }

    /// One job, one thread, one outcome list.
    static func deliver(_ job: DeliveryJob, _ settings: ClientSettings) async -> RunRecord {
        await Bench([job]).run(settings)
    }
}

extension Bench: WorkSource {
    var isStopping: Bool { false }

    func next(thread: Int, count: Int, _ completion: @escaping @Sendable ([any PendingWork]) -> Void) {
        let taken = jobs.withLock { jobs in
            let taken = Array(jobs.prefix(count))
            jobs.removeFirst(taken.count)
            return taken
        }
        completion(taken.map { BenchWork(bench: self, job: $0) })
    }
}

extension Bench: DeliveryLog {
    func record(_ records: [DeliveryRecord]) { change { $0.log += records } }
    func record(_ record: ConnectionRecord) { change { $0.connections.append(record) } }
}

private struct BenchWork: PendingWork {
    let bench: Bench
    let job: DeliveryJob

    func open() -> DeliveryJob? { job.attempt == 999 ? nil : job }

    func report(_ outcomes: [RecipientOutcome], retryAfter: Int64?) {
        bench.change {
            $0.outcomes[job.message.id.rawValue, default: []] += outcomes
            $0.retries[job.message.id.rawValue] = retryAfter
        }
    }

    func postpone(_ outcomes: [RecipientOutcome], retryAfter: Int64?) {
        bench.change {
            $0.outcomes[job.message.id.rawValue, default: []] += outcomes
            $0.postponed[job.message.id.rawValue] = retryAfter
        }
    }

    func release() { bench.change { $0.released.insert(job.message.id.rawValue) } }
}

/// A DNS without names.
struct NoNames: DNSResolver {
    func resolve(_ question: DNSQuestion, _ completion: @escaping @Sendable (DNSAnswer) -> Void) {
        completion(DNSAnswer(question, .noSuchName))
    }
}

/// A DNS that is a table.
struct TableResolver: DNSResolver {
    var answers: [DNSQuestion: DNSAnswer] = [:]

    init(_ rows: [(String, DNSRecordType, [DNSRecord])]) {
        for (name, type, records) in rows {
            answers[DNSQuestion(name, type)] = DNSAnswer(DNSQuestion(name, type), .answered, records: records)
        }
    }

    func resolve(_ question: DNSQuestion, _ completion: @escaping @Sendable (DNSAnswer) -> Void) {
        completion(answers[question] ?? DNSAnswer(question, .noData))
    }
}

extension ClientSettings {
    /// One thread, short limits, straight to a port of this host.
    static func direct(_ port: UInt16) -> ClientSettings {
        var settings = ClientSettings(
            channel: "tcp_x", heloName: "client.example",
            selection: HostSelection(officialHost: "tag", daemon: "[127.0.0.1]", port: port))
        settings.mostThreads = 1
        settings.timeouts.idle = 0.05
        settings.timeouts.quit = 1
        return settings
    }
}

extension DeliveryJob {
    static func sample(
        _ number: UInt64 = 1, to recipients: [QueueRecipient] = [QueueRecipient(address: "b@d.example", given: "")],
        content: String = "Subject: x\r\n\r\nhello\r\n", host: String = "d.example", attempt: Int = 0,
        notice: Notice = .none, change: (inout QueuedMessage) -> Void = { _ in }
    ) -> DeliveryJob {
        let entry = QueueEntry(channel: "tcp_x", host: host, recipients: recipients)
        var message = QueuedMessage(
            id: MessageID(rawValue: number), arrival: 0, sourceChannel: "tcp_y", sender: "a@s.example", entries: [entry]
        )
        change(&message)
        return DeliveryJob(
            message: message, entryIndex: 0, entry: entry, attempt: attempt, notice: notice,
            content: .bytes(Array(content.utf8)[...]))
    }
}

/// `delivered 2.5.0` and so on, one word pair for each recipient.
func words(_ outcomes: [RecipientOutcome]?) -> [String] {
    (outcomes ?? []).map { outcome in
        let result =
            switch outcome.result {
            case .delivered: "delivered"
            case .relayed: "relayed"
            case .failedTemporarily: "temporary"
            case .failedPermanently: "permanent"
            }
        return "\(result) \(outcome.status)"
    }
}
