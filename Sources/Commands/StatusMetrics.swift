import ProcessPool
import TransactionLog

/// What `martlet status --prometheus` adds to the dispatcher's own metrics.
enum StatusMetrics {
    /// Which daemon answered.
    static func components(_ components: [(name: String, isUp: Bool)]) -> String {
        var text = MetricsText()
        text.family("martlet_up", .gauge, "1 when the component answered.")
        for component in components { text.sample([("component", component.name)], component.isUp ? 1 : 0) }
        return text.text
    }

    /// `now`: seconds since 1970.
    static func queues(_ status: QueueStatus, now: Int) -> String {
        var text = MetricsText()
        text.family("martlet_channel_messages", .gauge, "Queue entries by state.")
        for channel in status.channels {
            let states = [
                ("ready", channel.ready), ("delayed", channel.delayed), ("active", channel.active),
                ("held", channel.held),
            ]
            for (state, count) in states { text.sample([("channel", channel.name), ("state", state)], count) }
        }
        text.family("martlet_channel_jobs", .gauge, "Jobs at work.")
        for channel in status.channels { text.sample([("channel", channel.name)], channel.jobs) }
        text.family("martlet_channel_stopped", .gauge, "1 when an administrator stopped the channel.")
        for channel in status.channels { text.sample([("channel", channel.name)], channel.stopped == true ? 1 : 0) }
        text.family(
            "martlet_channel_oldest_arrival_timestamp_seconds", .gauge,
            "Arrival of the oldest entry that is not held, seconds since 1970; no sample without one.")
        for channel in status.channels {
            if let oldest = channel.oldest { text.sample([("channel", channel.name)], oldest) }
        }
        text.family(
            "martlet_channel_oldest_age_seconds", .gauge, "Age of the oldest entry that is not held; 0 without one.")
        for channel in status.channels {
            text.sample([("channel", channel.name)], channel.oldest.map { max(0, now - $0) } ?? 0)
        }
        pools(status.pools ?? [], to: &text)
        if let queue = status.queue { spool(queue, to: &text) }
        return text.text
    }

    private static func pools(_ pools: [QueueStatus.Pool], to text: inout MetricsText) {
        text.family("martlet_pool_jobs", .gauge, "Jobs at work in the pool.")
        for pool in pools { text.sample([("pool", pool.name)], pool.jobs) }
        text.family("martlet_pool_job_limit", .gauge, "JOB_LIMIT of the pool.")
        for pool in pools { text.sample([("pool", pool.name)], pool.limit) }
    }

    private static func spool(_ queue: QueueStatus.Queue, to text: inout MetricsText) {
        let values = [
            ("messages", "Messages in the queues.", queue.messages),
            ("entries", "Entries of messages in the queues.", queue.entries),
            ("segments", "Files of the spool.", queue.segments),
            ("live_bytes", "Bytes of the spool that belong to messages.", queue.liveBytes),
            ("used_bytes", "Bytes of the spool on the disk.", queue.usedBytes),
        ]
        for (name, help, value) in values {
            text.family("martlet_queue_\(name)", .gauge, help)
            text.sample([], value)
        }
    }

    /// Of the file system of the queue: what the alarm `diskavail` watches (commands specification, section 8.2).
    static func disk(freeBytes: Int, freeInodes: Int) -> String {
        var text = MetricsText()
        text.family("martlet_queue_free_bytes", .gauge, "Free bytes of the file system of the queue.")
        text.sample([], freeBytes)
        text.family("martlet_queue_free_inodes", .gauge, "Free inodes of the file system of the queue.")
        text.sample([], freeInodes)
        return text.text
    }

    // MARK: Traffic

    private static let counters: [(name: String, help: String, counter: TrafficCounter)] = [
        ("received_messages", "Messages enqueued to the channel.", .receivedMessages),
        ("received_recipients", "Recipients of messages enqueued to the channel.", .receivedRecipients),
        ("received_bytes", "Bytes of messages enqueued to the channel.", .receivedBytes),
        ("submitted_messages", "Messages enqueued by the channel, one for each destination.", .submittedMessages),
        ("submitted_recipients", "Recipients of messages enqueued by the channel.", .submittedRecipients),
        (
            "rejected_recipients", "Recipients that were refused while a client of the channel waited.",
            .rejectedRecipients
        ),
        ("dequeued_messages", "Messages that left the queue: delivered or returned.", .deliveredMessages),
        ("dequeued_bytes", "Bytes of messages that left the queue.", .deliveredBytes),
        ("dequeued_first_attempt", "Messages that left the queue after one attempt.", .deliveredFirst),
    ]

    /// What the channels have counted since the instance was started. Labels are names of configured channels, and words
    /// of a fixed list: their number is bounded.
    static func traffic(_ rows: [TrafficRow]) -> String {
        var text = MetricsText()
        for (name, help, counter) in counters {
            text.family("martlet_channel_\(name)_total", .counter, help)
            for row in rows { text.sample([("channel", row.channel)], row[counter]) }
        }
        text.family(
            "martlet_channel_delivered_recipients_total", .counter, "Recipients that a mailbox or another host took.")
        for row in rows {
            text.sample([("channel", row.channel)], max(0, row[.deliveredRecipients] - row[.failedRecipients]))
        }
        reasons("deferred", "Attempts that failed for now", rows, { $0.deferred($1) }, to: &text)
        reasons("bounced", "Recipients that failed for good", rows, { $0.bounced($1) }, to: &text)
        text.family("martlet_channel_stored_bytes", .gauge, "Bytes of messages in the queue, held ones too.")
        for row in rows { text.sample([("channel", row.channel)], row[.storedBytes]) }
        connections(rows, to: &text)
        text.family("martlet_channel_queue_seconds", .histogram, "Time in the queue of messages that have left it.")
        for row in rows { queueTimes(row, to: &text) }
        return text.text
    }

    private static func reasons(
        _ name: String, _ help: String, _ rows: [TrafficRow], _ count: (TrafficRow, FailureReason) -> Int,
        to text: inout MetricsText
    ) {
        text.family(
            "martlet_channel_\(name)_recipients_total", .counter,
            "\(help), by the subject of the status code (RFC 3463): x.4.x is network.")
        for row in rows {
            for reason in FailureReason.allCases {
                text.sample([("channel", row.channel), ("reason", "\(reason)")], count(row, reason))
            }
        }
    }

    private static func connections(_ rows: [TrafficRow], to text: inout MetricsText) {
        let kinds: [(String, MetricsText.Kind, String, TrafficCounter, TrafficCounter)] = [
            (
                "connections_total", .counter, "Connections of clients (in) and to other hosts (out).",
                .totalInAssociations, .totalOutAssociations
            ),
            (
                "connections_failed_total", .counter,
                "Clients turned away (in) and hosts that could not be reached (out).",
                .rejectedInAssociations, .rejectedOutAssociations
            ),
            (
                "connections", .gauge, "Open connections; those of a process that was killed stay counted.",
                .currentInAssociations, .currentOutAssociations
            ),
        ]
        for (name, kind, help, inbound, outbound) in kinds {
            text.family("martlet_channel_\(name)", kind, help)
            for row in rows where row.hasAssociations {
                text.sample([("channel", row.channel), ("direction", "in")], row[inbound])
                text.sample([("channel", row.channel), ("direction", "out")], row[outbound])
            }
        }
    }

    private static func queueTimes(_ row: TrafficRow, to text: inout MetricsText) {
        var sum = 0
        let buckets = zip(TrafficRow.queueBounds, row.queueTimes).map { bound, count in
            sum += count
            return (microseconds: Int64(bound) * 1_000_000, count: sum)
        }
        text.distribution(
            [("channel", row.channel)], buckets: buckets, count: row.queueTimes.reduce(0, +),
            sumNanoseconds: Double(row[.queueMilliseconds]) * 1e6)
    }
}
