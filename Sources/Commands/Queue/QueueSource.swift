import Configuration
import Envelope
import FoundationEssentials
import Glibc
import ProcessPool
import Spool
import SystemCalls

/// Why a command on queues did nothing, in the form of the family's messages, with the exit status (commands
/// specification, section 1.3).
struct QueueFailure: Error, CustomStringConvertible {
    let description: String
    let status: Int32

    init(_ description: String, status: Int32 = 2) {
        self.description = description
        self.status = status
    }

    static func noController(_ facility: String) -> QueueFailure {
        QueueFailure("%\(facility)-E-NOJBC, cannot contact the Job Controller", status: 75)
    }
}

/// Where the commands on queues have their answers from: the Job Controller while it runs, else the queue on the disk,
/// read only (commands specification, section 6.3).
final class QueueSource {
    let paths: InstancePaths
    private var conversation: CommandConversation?
    let reader: SpoolReader
    private let timeoutSeconds: Int

    /// `timeoutSeconds`: how long an answer of the Job Controller is waited for.
    init(paths: InstancePaths, timeoutSeconds: Int = 30) {
        self.paths = paths
        self.timeoutSeconds = timeoutSeconds
        reader = SpoolReader(queue: paths.queue)
    }

    var controllerPath: String { "\(paths.run)/job_controller-admin.sock" }

    /// Asks the Job Controller; nil when none runs.
    func ask(_ line: String) throws -> String? {
        for attempt in 0...1 {
            do throws(SystemCallError) {
                if conversation == nil {
                    conversation = try CommandConversation(controllerPath, timeoutSeconds: timeoutSeconds)
                }
                if let answer = try conversation?.ask(line), !answer.isEmpty { return answer }
                conversation = nil  // it was closed meanwhile
            } catch {
                conversation = nil
                if [EACCES, EPERM].contains(error.code) {
                    throw QueueFailure("martlet: must be root or the MTA user (\(error))", status: 77)
                }
                if [ENOENT, ECONNREFUSED].contains(error.code) { return nil }
                // Who was silent for so long is not asked again.
                if attempt == 1 || error.code == EAGAIN {
                    throw QueueFailure("%QM-E-NOANSWER, the Job Controller: \(error)", status: 75)
                }
            }
        }
        throw QueueFailure("%QM-E-NOANSWER, the Job Controller gives no answer", status: 75)
    }

    /// Asks for a value; nil when no Job Controller runs.
    func ask<Answer: Decodable>(_ type: Answer.Type, _ line: String) throws -> Answer? {
        guard let text = try ask(line) else { return nil }
        if let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(text.utf8)) {
            throw QueueFailure("%QM-E-REFUSED, \(refusal.error)")
        }
        do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch {
            throw QueueFailure("%QM-E-ANSWER, the answer of the Job Controller is not understood: \(error)")
        }
    }

    struct Refusal: Decodable { var error: String }
    struct Done: Decodable {
        var ok: Bool
        var count: Int?
    }
    private struct Page: Decodable {
        var entries: [QueueItem]
        var next: Int?
    }
    private struct Sums: Decodable {
        var channels: [QueueSummaryRow]
        var next: Int?
    }
    private struct Jobs: Decodable { var jobs: [QueueJob] }
    private struct Hosts: Decodable { var hosts: [QueueHost] }

    /// All entries of the channels that match, oldest first in each channel, the channels by name.
    func items(channel: String = "*", progress: (Int) -> Void = { _ in }) throws -> [QueueItem] {
        var items: [QueueItem] = []
        var cursor = 0
        while true {
            // A channel has no blanks in its name.
            guard let page = try ask(Page.self, "list \(cursor) 2000 \(Self.word(channel))") else { break }
            items += page.entries
            progress(items.count)
            guard let next = page.next else { return Self.sorted(items) }
            cursor = next
        }
        return Self.sorted(try offline().filter { fnmatch(channel, $0.channel, 0) == 0 })
    }

    private static func word(_ text: String) -> String { text.contains(where: \.isWhitespace) ? "-" : text }

    /// Entries repeated because the list changed meanwhile count once.
    private static func sorted(_ items: [QueueItem]) -> [QueueItem] {
        var seen: Set<String> = []
        return items.filter { seen.insert($0.fullName).inserted }
            .sorted { ($0.channel, $0.arrival, $0.name) < ($1.channel, $1.arrival, $1.name) }
    }

    /// The queue on the disk.
    func offline() throws -> [QueueItem] { try recovered().entries.map { QueueItem($0, now: SystemClock.wallSeconds) } }

    func recovered() throws -> RecoveredQueue {
        guard Files.exists(paths.queue + "/segments") else { return RecoveredQueue() }
        do throws(SpoolError) { return try QueueInspection.read(queue: paths.queue) } catch {
            throw QueueFailure("%QM-E-NOQUEUE, \(error)")
        }
    }

    /// Entries by name, or all of a message when the name has no number.
    func find(_ names: [String]) throws -> [QueueItem] {
        guard !names.isEmpty else { return [] }
        if let page = try ask(Page.self, "find \(names.map(Self.word).joined(separator: " "))") { return page.entries }
        let wanted = names.compactMap { EntryName($0) }
        return try offline().filter { item in
            guard let own = item.entryName else { return false }
            return wanted.contains { $0.message == own.message && ($0.entry < 0 || $0.entry == own.entry) }
        }
    }

    /// What the channels hold, those with messages and those of which something is stopped.
    func summary() throws -> [QueueSummaryRow] {
        var rows: [String: QueueSummaryRow] = [:]
        var cursor: Int? = 0
        while let position = cursor {
            guard let sums = try ask(Sums.self, "sums \(position)") else {
                rows = [:]
                for item in try offline() { rows[item.channel, default: .init(name: item.channel)].add(item) }
                for target in StoppedChannels(path: "\(paths.queue)/stopped").targets.sorted() {
                    if let host = target.host {
                        rows[target.channel, default: .init(name: target.channel)].stoppedHosts.append(host)
                    } else {
                        rows[target.channel, default: .init(name: target.channel)].stopped = true
                    }
                }
                break
            }
            for row in sums.channels { rows[row.name, default: .init(name: row.name)].add(row) }
            cursor = sums.next
        }
        return rows.values.filter { $0.messages + $0.held > 0 || $0.stopped || !$0.stoppedHosts.isEmpty }
            .sorted { $0.name < $1.name }
    }

    func jobs() throws -> [QueueJob]? { try ask(Jobs.self, "jobs")?.jobs }

    func hosts(_ channel: String) throws -> [QueueHost]? { try ask(Hosts.self, "hosts \(Self.word(channel))")?.hosts }

    /// Envelope and content. Between the listing and this the entry may have ended and its place have other use.
    func message(of item: QueueItem) throws(SpoolError) -> StoredMessage {
        let stored = try reader.read(item.location)
        guard stored.message.id == item.entryName?.message else {
            throw SpoolError(.notFound, "\(item.fullName) has just ended")
        }
        return stored
    }
}
