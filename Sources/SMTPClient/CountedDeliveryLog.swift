import TransactionLog

/// Counts the connections of a channel (notifications-logging specification, section 3), and hands everything on.
struct CountedDeliveryLog: DeliveryLog {
    let log: any DeliveryLog
    let counters: TrafficCounters?

    func record(_ records: [DeliveryRecord]) { log.record(records) }

    func record(_ record: ConnectionRecord) {
        counters?.update(record.channel) { counters in
            switch record.action {
            case .opened:
                counters.add(.totalOutAssociations)
                counters.add(.currentOutAssociations)
            case .closed: counters.add(.currentOutAssociations, -1)
            case .failed: counters.add(.rejectedOutAssociations)
            }
        }
        log.record(record)
    }
}
