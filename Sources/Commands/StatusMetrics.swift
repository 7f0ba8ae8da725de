import ProcessPool

/// What `martlet status --prometheus` adds to the dispatcher's own metrics.
enum StatusMetrics {
    /// Which daemon answered.
    static func components(_ components: [(name: String, isUp: Bool)]) -> String {
        var text = MetricsText()
        text.family("martlet_up", .gauge, "1 when the component answered.")
        for component in components { text.sample([("component", component.name)], component.isUp ? 1 : 0) }
        return text.text
    }

    static func queues(_ status: QueueStatus) -> String {
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
}
