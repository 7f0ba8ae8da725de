/// Sizes and thresholds of the store.
package struct QueueStoreOptions: Sendable {
    /// Bytes of one ledger log.
    package var logSize = 16 << 20
    /// Bytes of ledger records after which a snapshot is due.
    package var snapshotBytes = 32 << 20
    /// Bytes of segments read after which a snapshot is due, so that start-up has little to read.
    package var snapshotReadBytes = 512 << 20
    /// Seconds after which a snapshot is due when anything changed.
    package var snapshotSeconds: Int64 = 900
    /// Bytes of the file `reserve`, given up when the disk is full so that outcomes can still be written; at least
    /// what a ledger log takes, or the next one could not be begun.
    package var reserve = 24 << 20
    /// Segment files kept for use again.
    package var recycled = 4
    /// Seconds after start before anything is compacted: jobs of an earlier Job Controller may still read.
    package var compactionGrace: Int64 = 900
    /// Bytes of the segments that compaction writes.
    package var segmentSize = 64 << 20
    /// Live entries up to which the index keeps what the last attempt was answered (`max_cache_messages`). With more of them
    /// an entry has a fixed size: its place, channel, host, times and attempts.
    package var mostDetailed = Int.max
    /// How commits are run; `.manual` is for simulation.
    /// Nanoseconds between two commits of the ledger, at least: nobody waits for an outcome, and each commit takes the disk
    /// from the messages that come in. It bounds what may be delivered again after a power cut.
    package var ledgerPace: Int64 = 5_000_000
    package var scheduling = CommitScheduling.thread

    package init() {}
}

/// Numbers of the queue.
package struct QueueSummary: Equatable, Sendable {
    package var messages = 0
    package var entries = 0
    package var segments = 0
    /// Bytes of live records in segments.
    package var liveBytes = 0
    /// Bytes of segments that are taken by records, live or not.
    package var usedBytes = 0

    package init() {}
}

extension QueueIndex {
    var summary: QueueSummary {
        var summary = QueueSummary()
        summary.messages = messageCount
        summary.entries = entryCount
        for state in segments.states.values {
            summary.segments += 1
            summary.liveBytes += state.liveBytes
            summary.usedBytes += state.readTo
        }
        return summary
    }
}
