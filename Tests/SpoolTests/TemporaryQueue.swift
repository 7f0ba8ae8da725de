import Envelope
import Glibc
import Synchronization
import SystemCalls
import Testing

@testable import Spool

/// A queue on the real disk, removed when the last reference goes.
final class TemporaryQueue: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-spool-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        path = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } + "/queue"
        try QueueStore.prepare(queue: path)
    }

    deinit { Self.remove(String(path.dropLast("/queue".count))) }

    private static func remove(_ path: String) {
        for name in (try? Files.list(path)) ?? [] { remove("\(path)/\(name)") }
        if rmdir(path) < 0 { unlink(path) }
    }
}

func message(_ id: UInt64, channel: String = "tcp_local", recipients: Int = 1) -> QueuedMessage {
    QueuedMessage(
        id: MessageID(rawValue: id), arrival: Int64(truncatingIfNeeded: id), sourceChannel: "tcp_local",
        sender: "joe@example.org",
        entries: [
            QueueEntry(
                channel: channel, host: "example.net",
                recipients: (0..<recipients).map {
                    QueueRecipient(address: "r\($0)@example.net", given: "r\($0)@example.net")
                })
        ])
}

/// Results of appends, in the order of their completion.
final class Results: Sendable {
    let all = Mutex<[Result<SpoolLocation, SpoolError>]>([])
    let batches = Mutex<[[CommittedMessage]]>([])

    var locations: [SpoolLocation] { all.withLock { $0.compactMap { try? $0.get() } } }
    var errors: [SpoolError] {
        all.withLock { all in
            all.compactMap { result in
                if case .failure(let error) = result { error } else { nil }
            }
        }
    }

    func add(_ result: Result<SpoolLocation, SpoolError>) { all.withLock { $0.append(result) } }
}
