package import Envelope
import Spool

/// What administrators see of the index.
extension DeliverySchedule {
    package struct ChannelStatus: Equatable, Sendable {
        package var name: String
        package var pool: String
        package var jobs: Int
        package var ready: Int
        package var delayed: Int
        package var active: Int
        package var held: Int
        package var isStopped: Bool
        /// Arrival of the oldest entry that is not held, milliseconds since 1970; nil when there is none.
        package var oldest: Int64?
    }

    package struct JobStatus: Equatable, Sendable {
        package var job: JobID
        package var channel: String
        package var state: String
        package var active: Int
        package var total: Int
        package var started: Int64
    }

    package struct PoolStatus: Equatable, Sendable {
        package var name: String
        package var limit: Int
        package var running: Int
    }

    package struct EntryStatus: Equatable, Sendable {
        package var name: EntryName
        package var host: String
        package var state: String
        package var priority: Priority
        package var arrival: Int64
        /// Nil unless the entry is delayed.
        package var nextAttempt: Int64?
        package var pending: Int
    }

    package func channelStatus() -> [ChannelStatus] {
        var oldest = [Int64?](repeating: nil, count: channels.count)
        for entry in entries.slots where entry.state != .unused && entry.state != .held {
            oldest[Int(entry.channel)] = min(oldest[Int(entry.channel)] ?? .max, entry.arrival)
        }
        return channels.indices.map { index in
            let channel = channels[index]
            return ChannelStatus(
                name: channel.name, pool: channel.pool.map { pools[$0].name } ?? "", jobs: channel.jobs.count,
                ready: channel.counts.ready, delayed: channel.counts.delayed, active: channel.counts.active,
                held: channel.counts.held, isStopped: channel.isStopped, oldest: oldest[index])
        }.sorted { $0.name < $1.name }
    }

    package func jobStatus() -> [JobStatus] {
        jobs.sorted { $0.key < $1.key }.map { job, state in
            let phase =
                switch state.phase {
                case .starting: "starting"
                case .running: state.threads.isEmpty ? "idle" : "busy"
                case .retiring, .told: "exiting"
                }
            return JobStatus(
                job: job, channel: channels[state.channel].name, state: phase, active: state.active.count,
                total: state.handed, started: state.started)
        }
    }

    package func poolStatus() -> [PoolStatus] {
        pools.filter { $0.isDefined || $0.running > 0 }.map {
            PoolStatus(name: $0.name, limit: $0.limit, running: $0.running)
        }
    }

    /// The entries of a channel, oldest first, at most `limit`.
    package func entryStatus(channel name: String, limit: Int) -> [EntryStatus] {
        guard let channel = channelIndex[name] else { return [] }
        let mine = entries.slots.filter { $0.state != .unused && Int($0.channel) == channel }
        return mine.sorted { ($0.arrival, $0.key) < ($1.arrival, $1.key) }.prefix(max(0, limit)).map(status)
    }
}
