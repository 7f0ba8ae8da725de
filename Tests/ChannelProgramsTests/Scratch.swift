import Configuration
import Enqueue
import Envelope
import Glibc
import OptionSyntax
import Spool
import Synchronization
import SystemCalls
import Testing

@testable import ChannelPrograms

/// A directory that goes away with the last reference.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-programs-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        path = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        if unlink(path) == 0 { return }
        for name in (try? Files.list(path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }

    func names(_ directory: String) -> [String] { (try? Files.list("\(path)/\(directory)")) ?? [] }

    func text(_ file: String) -> String? {
        (try? Files.read("\(path)/\(file)")).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// An instance with the default configuration, a directory of users, and a queue.
final class Instance: Sendable {
    let scratch: Scratch
    let configuration: MTAConfiguration
    let submitter: MessageSubmitter
    private let heard = Heard()

    private final class Heard: Sendable {
        let committed = Mutex<[CommittedMessage]>([])
    }

    /// `users`: uids, each with further lines of its paragraph; nil: there is no directory file. `added`: text behind
    /// martlet.conf; `others`: further files of the configuration directory.
    init(
        users: [(uid: String, lines: String)]? = [("anna", "")], added: String = "", others: [String: String] = [:],
        storeKeywords: String = ""
    ) throws {
        scratch = try Scratch()
        let text = DefaultConfiguration(
            hostname: "mail.example.com", defaultDomain: "example.com", ownAddresses: []
        ).unified.replacing("[channel:ims-ms]\n", with: "[channel:ims-ms]\n\(storeKeywords)\n")
        for name in ["config", "data/queue", "data/log"] { try Files.createDirectory("\(scratch.path)/\(name)") }
        try Files.replace("\(scratch.path)/config/martlet.conf", with: Array("\(text)\n\(added)\n".utf8))
        for (name, text) in others { try Files.replace("\(scratch.path)/config/\(name)", with: Array(text.utf8)) }
        if let users {
            let entries = users.map {
                "\nuid: \($0.uid)\ndomain: example.com\nmail: \($0.uid)@example.com\n\($0.lines)\n"
            }
            let directory = "domain: example.com\n" + entries.joined()
            try Files.replace("\(scratch.path)/config/directory", with: Array(directory.utf8))
        }
        let load = MTAConfiguration.load(instanceRoot: scratch.path)
        configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        let heard = heard
        submitter = try MessageSubmitter(
            configuration: configuration, report: { Issue.record("\($0)") },
            notify: { messages in heard.committed.withLock { $0 += messages } })
    }

    deinit { submitter.spool.close() }

    /// A copy as the Job Controller gives it to a program, read from the queue.
    func copy(
        _ addresses: [String], on channel: String, from source: String, sender: String = "bob@remote.example",
        held: String? = nil, content: [[UInt8]] = [Array("Subject: x\r\n\r\nbody\r\n".utf8)]
    ) async throws -> ChannelProgram.Copy {
        let recipients = addresses.map {
            QueueRecipient(address: $0, given: "given-\($0)", originalRecipient: "rfc822;orig-\($0)", notify: .failure)
        }
        let message = QueuedMessage(
            id: submitter.newIdentity().id, arrival: 1_700_000_000_000, sourceChannel: source, sender: sender,
            envelopeID: "0JDJ00D02IBWDX00", clientEnvelopeID: "client", returnContent: .headers, body: .eightBitMIME,
            messageIDHeader: "<1@remote.example>",
            entries: [
                QueueEntry(
                    channel: channel, host: "\(channel)-daemon", recipients: recipients, priority: .urgent,
                    heldReason: held)
            ])
        let put = try submit(message, content)
        let result = await withCheckedContinuation { continuation in
            put { continuation.resume(returning: $0) }
        }
        let stored = try SpoolReader(queue: configuration.paths.queue).read(try result.get())
        return ChannelProgram.Copy(stored: stored, number: 0, attempts: 0, pending: Array(recipients.indices))
    }

    private func submit(
        _ message: QueuedMessage, _ content: [[UInt8]]
    ) throws -> (@escaping @Sendable (Result<SpoolLocation, SpoolError>) -> Void) -> Void {
        var spooled = SpoolContent.inline(content)
        if spooled.size > submitter.spool.options.largeThreshold {
            let writer = try submitter.spool.beginLargeContent(message.id)
            for piece in content { try writer.append(piece) }
            spooled = .large(try writer.finish())
        }
        return { [submitter] completion in
            submitter.submit(message, content: spooled, modifiers: nil, completion: completion)
        }
    }

    /// What has been put into the queue since the first `count` messages; nothing may be enqueued after this.
    func finish(after count: Int = 1) throws -> [(message: QueuedMessage, text: String)] {
        submitter.spool.close()
        let reader = SpoolReader(queue: configuration.paths.queue)
        return try heard.committed.withLock { $0 }.dropFirst(count).map { committed in
            let stored = try reader.read(committed.location)
            return (stored.message, String(decoding: try stored.content.bytes(), as: UTF8.self))
        }
    }

    var log: [String] {
        (scratch.text("data/log/mail.log_current") ?? "").split(separator: "\n").map(String.init)
    }
}

extension QueuedMessage {
    /// `channel | host | recipients`, with the reason of a held entry.
    var places: [String] {
        entries.map { entry in
            let recipients = entry.recipients.map(\.address).joined(separator: ", ")
            return "\(entry.channel) | \(entry.host) | \(recipients)" + (entry.heldReason.map { " | \($0)" } ?? "")
        }
    }
}
