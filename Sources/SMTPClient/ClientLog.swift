import Envelope
import SystemCalls
import TransactionLog

/// The client's entries in the transaction log of the instance.
struct ClientLog: DeliveryLog {
    private let log: TransactionLog

    init(_ log: TransactionLog) { self.log = log }

    func record(_ records: [DeliveryRecord]) {
        let now = SystemClock.wallNanoseconds / 1_000_000
        log.write(
            records.compactMap { record in
                var modifiers: TransferModifiers = []
                if record.modifiers.contains("E") { modifiers.insert(.esmtp) }
                if record.modifiers.contains("L") { modifiers.insert(.lmtp) }
                if record.modifiers.contains("S") { modifiers.insert(.tls) }
                if record.modifiers.contains("C") { modifiers.insert(.chunking) }
                return MessageLogEntry.dequeue(
                    record.message, entry: record.entry, attempts: record.attempt, outcome: record.outcome,
                    othersSettled: record.action == .deferredOthersSettled, size: record.size, now: now,
                    banner: record.banner, modifiers: modifiers)
            })
    }

    func record(_ record: ConnectionRecord) {
        let action: ConnectionLogEntry.Action =
            switch record.action {
            case .opened: .opened
            case .closed: .closed
            case .failed: .failed
            }
        log.write(
            ConnectionLogEntry(
                action, channel: record.channel, isInbound: false, transport: record.transport,
                application: record.application, diagnostic: record.diagnostic))
    }
}
