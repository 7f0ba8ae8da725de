import Envelope
package import Mappings

/// DEQUEUE_ACCESS, asked when a copy is taken from the queue (access-and-filtering specification, 7).
package struct DequeueAccess: Sendable {
    /// `$N`: nothing is tried now, and this is no attempt.
    package struct Postponement: Hashable, Sendable {
        package var text: String
        /// `$S`: seconds until the next attempt; nil: what the channel's backoff says.
        package var seconds: Int64?
    }

    private let tables: MappingTables
    private let context: MappingContext
    private let channel: String
    /// Bit 1 of `include_retries`: the number of attempts so far is the last field.
    private let showsRetries: Bool

    /// Nil when there is no such table.
    package init?(_ tables: MappingTables, context: MappingContext, channel: String, includeRetries: Int) {
        guard tables.contains("DEQUEUE_ACCESS") else { return nil }
        self.tables = tables
        self.context = context
        self.channel = channel
        showsRetries = includeRetries & 2 != 0
    }

    /// `now`: seconds since 1970.
    package func postponement(_ job: DeliveryJob, now: Int64) -> Postponement? {
        guard let result = tables.probe("DEQUEUE_ACCESS", probe(job, now: now), context: context),
            result.flags.has("N")
        else { return nil }
        var fields = result.output.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        var seconds: Int64?
        if result.flags.has("S"), let first = fields.first.flatMap({ Int64($0) }) {
            seconds = min(max(first, 1), 365 * 86_400)
            fields.removeFirst()
        }
        return Postponement(text: fields.joined(separator: "|"), seconds: seconds)
    }

    /// `channel|filename|queue-time|envelope-from|auth-parameter|auth-sender|priority|domain`. The AUTH parameter of
    /// MAIL FROM is not kept; a copy has no file of its own, its name is that of the queue commands.
    private func probe(_ job: DeliveryJob, now: Int64) -> String {
        let message = job.message
        let name = EntryName(message: message.id, entry: job.entryIndex, attempts: job.attempt)
        let queued = message.arrival > 0 ? max(0, now - message.arrival / 1000) : -1
        let fields = [
            channel, "\(name)", "\(queued)", message.sender, "", message.submission.user, "\(job.entry.priority)",
            job.entry.host,
        ]
        return fields.joined(separator: "|") + (showsRetries ? "|\(job.attempt)" : "")
    }
}
