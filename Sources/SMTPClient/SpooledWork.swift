import Envelope
package import MasterKit
import Spool
import Synchronization

/// Work of the Job Controller, as the client takes it.
package struct SessionWorkSource: WorkSource {
    private let session: WorkSession
    private let reportsStress: Bool

    /// `reportsStress`: the channel leads to a store, so that a refusal of everything is worth a report.
    package init(_ session: WorkSession, reportsStress: Bool = false) {
        self.session = session
        self.reportsStress = reportsStress
    }

    package var isStopping: Bool { session.isStopping }

    package func next(thread: Int, count: Int, _ completion: @escaping @Sendable ([any PendingWork]) -> Void) {
        session.ask(thread: UInt32(clamping: thread), count: count) { [reportsStress] items in
            completion(items.map { SpooledWork($0, reportsStress: reportsStress) })
        }
    }
}

/// One entry of the Job Controller.
final class SpooledWork: PendingWork {
    /// Content up to this many bytes is read at once.
    private static let mostInMemory = 512 << 10

    private let item: WorkItem
    private let reportsStress: Bool
    /// The content has turned out to be damaged while it was read.
    private let damage = Mutex<String?>(nil)

    init(_ item: WorkItem, reportsStress: Bool) {
        self.item = item
        self.reportsStress = reportsStress
    }

    func open() -> DeliveryJob? {
        do throws(SpoolError) {
            let stored = try item.read()
            let number = Int(item.key.entry)
            guard stored.message.entries.indices.contains(number) else {
                item.reportUnreadable("the record has no entry \(number)")
                return nil
            }
            return DeliveryJob(
                message: stored.message, entryIndex: number, entry: stored.message.entries[number],
                attempt: item.attempts, notice: notice, content: try content(stored.content),
                pending: item.pending, history: item.history)
        } catch {
            unreadable(error)
            return nil
        }
    }

    /// A damaged record is set aside; what cannot be read now is tried again by `backoff`, not in a circle.
    private func unreadable(_ error: SpoolError) {
        guard error.code != .corrupt else { return item.reportUnreadable(error.description) }
        let text = "the message cannot be read: \(error)"
        item.finish(
            item.pending.map {
                RecipientOutcome(recipient: $0, result: .failedTemporarily, status: "4.3.0", text: text)
            })
    }

    private func content(_ stored: StoredContent) throws(SpoolError) -> OutgoingContent {
        guard stored.size > Self.mostInMemory else {
            var stored = stored
            return .bytes(try stored.next(max(1, stored.size)))
        }
        let reader = SequentialReader(stored)
        return .stream(size: stored.size) { offset, maximum throws in
            do throws(SpoolError) {
                return try reader.read(offset, maximum)
            } catch {
                if error.code == .corrupt { self.damage.withLock { $0 = error.description } }
                throw error
            }
        }
    }

    private var notice: DeliveryJob.Notice {
        switch item.notice {
        case .none: .none
        case .delayWarning(let number): .delayWarning(number)
        case .timedOut: .timedOut
        case .returned: .returned(item.returnedText)
        }
    }

    func report(_ outcomes: [RecipientOutcome], retryAfter: Int64?) {
        if let damage = damage.withLock({ $0 }) { return item.reportUnreadable(damage) }
        item.finish(
            outcomes, isStressed: reportsStress && outcomes.contains { $0.isOverload }, retryAfter: retryAfter)
    }

    func postpone(_ outcomes: [RecipientOutcome], retryAfter: Int64?) {
        item.finish(outcomes, isCounted: false, retryAfter: retryAfter)
    }

    func release() { item.giveBack() }
}

/// Content that is read from front to back, by offset.
private final class SequentialReader: Sendable {
    private let content: Mutex<StoredContent>

    init(_ content: StoredContent) { self.content = Mutex(content) }

    func read(_ offset: Int, _ maximum: Int) throws(SpoolError) -> [UInt8] {
        let result = content.withLock { content in
            Result { () throws(SpoolError) in
                if offset < content.position { content.rewind() }
                while content.position < offset {
                    if try content.next(min(maximum, offset - content.position)).isEmpty { break }
                }
                return Array(try content.next(maximum))
            }
        }
        return try result.get()
    }
}
