import Configuration
import Enqueue
import Envelope
import Glibc
import Notifications
import OptionSyntax
import Spool
import Synchronization
import SystemCalls
import Testing
import TransactionLog

/// The default configuration with some text changed, a queue, and what was put into it.
final class Bench: Sendable {
    let root: String
    let configuration: MTAConfiguration
    let submitter: MessageSubmitter
    let notifier: Notifier
    private let heard: Heard

    private final class Heard: Sendable {
        let committed = Mutex<[CommittedMessage]>([])
        let lines = Mutex<[String]>([])
    }

    /// What the notifier reported of the files of texts.
    var reports: [String] { heard.lines.withLock { $0 } }

    /// A file below the configuration directory.
    func write(_ name: String, _ content: String) throws {
        try Files.createDirectory(Files.parent(of: "\(root)/config/\(name)"))
        try Files.replace("\(root)/config/\(name)", with: Array(content.utf8))
    }

    init(replacing changes: [(old: String, new: String)] = []) throws {
        var template = Array("/tmp/martlet-notify-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        root = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        var text = DefaultConfiguration(
            hostname: "mail.example.com", defaultDomain: "example.com", ownAddresses: ["192.0.2.25"]
        ).unified
        for change in changes { text = text.replacing(change.old, with: change.new) }
        for name in ["config", "data/queue", "data/log"] { try Files.createDirectory("\(root)/\(name)") }
        try Files.replace("\(root)/config/martlet.conf", with: Array(text.utf8))
        try Files.replace("\(root)/config/directory", with: [])
        let load = MTAConfiguration.load(instanceRoot: root)
        configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        let heard = Heard()
        self.heard = heard
        submitter = try MessageSubmitter(
            configuration: configuration, report: { Issue.record("\($0)") },
            notify: { messages in heard.committed.withLock { $0 += messages } })
        notifier = Notifier(
            configuration: configuration, submitter: submitter,
            report: { line in heard.lines.withLock { $0.append(line) } })
    }

    deinit {
        submitter.spool.close()
        Self.remove(root)
    }

    private static func remove(_ path: String) {
        for name in (try? Files.list(path)) ?? [] { remove("\(path)/\(name)") }
        if rmdir(path) < 0 { unlink(path) }
    }

    /// MTA options added to the configuration.
    static func options(_ lines: String) -> (old: String, new: String) {
        (old: "role.mta.enable = 1\n", new: "role.mta.enable = 1\n" + lines + "\n")
    }

    /// Reports an occasion; gives the problem.
    func notify(
        _ kind: NotificationKind, _ message: QueuedMessage, attempt: Int = 0, outcomes: [RecipientOutcome]? = nil,
        history: [EarlierAttempts] = [],
        content: ReturnedContent = ReturnedContent(Array("Subject: original\r\n\r\nthe body\r\n".utf8))
    ) async -> String? {
        let all = message.entries[0].recipients.indices.map {
            RecipientOutcome(recipient: $0, result: .failedPermanently, status: "5.1.1", text: "no such user")
        }
        let occasion = Notifier.Occasion(
            kind: kind, message: message, entry: 0, attempt: attempt, outcomes: outcomes ?? all, history: history)
        return await withCheckedContinuation { continuation in
            notifier.notify(occasion, content: content) { continuation.resume(returning: $0) }
        }
    }

    /// What is in the queue, after everything has been committed; nothing may be enqueued after this.
    func finish() throws -> [(message: QueuedMessage, text: String)] {
        submitter.spool.close()
        let reader = SpoolReader(queue: configuration.paths.queue)
        return try heard.committed.withLock { $0 }.map { committed in
            let stored = try reader.read(committed.location)
            return (stored.message, String(decoding: try stored.content.bytes(), as: UTF8.self))
        }
    }

    var log: [Substring] {
        String(decoding: (try? Files.read("\(configuration.paths.log)/mail.log_current")) ?? [], as: UTF8.self)
            .split(separator: "\n")
    }
}

func queued(
    sender: String = "adam@sesta.com", notify: [NotifyConditions] = [[]], channel: String = "tcp_local",
    returnContent: ReturnContent = .unspecified, body: BodyType = .sevenBit
) -> QueuedMessage {
    QueuedMessage(
        id: MessageID(rawValue: 77), arrival: 1_700_000_000_000, sourceChannel: "tcp_intranet", sender: sender,
        envelopeID: "0JDJ00D02IBWDX00", returnContent: returnContent, body: body, messageIDHeader: "<1@sesta.com>",
        entries: [
            QueueEntry(
                channel: channel, host: "final.example",
                recipients: notify.enumerated().map { number, notify in
                    QueueRecipient(
                        address: "r\(number)@final.example", given: "r\(number)@final.example", notify: notify)
                })
        ])
}
