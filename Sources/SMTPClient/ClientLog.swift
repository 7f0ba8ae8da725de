import Channels
import Envelope
import SystemCalls
import TransactionLog

/// The client's entries in the transaction log of the instance.
struct ClientLog: DeliveryLog {
    private let log: TransactionLog
    private let channel: Channel

    init(_ log: TransactionLog, _ channel: Channel) {
        self.log = log
        self.channel = channel
    }

    func record(_ records: [DeliveryRecord]) {
        let now = SystemClock.wallNanoseconds / 1_000_000
        let header = log.header(at: .dequeue, keyword: channel.loggedHeader)
        log.write(
            records.compactMap { record in
                var modifiers: TransferModifiers = []
                if record.modifiers.contains("E") { modifiers.insert(.esmtp) }
                if record.modifiers.contains("L") { modifiers.insert(.lmtp) }
                if record.modifiers.contains("S") { modifiers.insert(.tls) }
                if record.modifiers.contains("C") { modifiers.insert(.chunking) }
                if record.modifiers.contains("P") { modifiers.insert(.pipelining) }
                var entry = MessageLogEntry.dequeue(
                    record.message, entry: record.entry, attempts: record.attempt, outcome: record.outcome,
                    othersSettled: record.action == .deferredOthersSettled, size: record.size, now: now,
                    banner: record.banner, modifiers: modifiers)
                if let header, let content = record.content { entry?.headerLines = header.lines(of: content.start) }
                return entry
            })
    }

    func record(_ record: ConnectionRecord) {
        let action: ConnectionLogEntry.Action =
            switch record.action {
            case .opened: .opened
            case .closed: .closed
            case .failed: .failed
            }
        var entry = ConnectionLogEntry(
            action, channel: record.channel, isInbound: false, transport: record.transport,
            application: record.application, diagnostic: record.diagnostic)
        entry.tls = record.tls
        entry.seconds = record.seconds
        log.write(entry)
    }
}

extension OutgoingContent {
    /// The beginning, with all of the header; empty when it cannot be read.
    fileprivate var start: [UInt8] {
        let longest = 512 << 10
        return switch self {
        case .bytes(let bytes): Array(bytes.prefix(longest))
        case .stream(_, let read): (try? read(0, longest)) ?? []
        }
    }
}
