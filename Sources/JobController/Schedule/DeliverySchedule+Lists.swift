package import Envelope
package import Spool
import TransactionLog

/// Lists for the commands on queues (commands specification, section 6.4).
extension DeliverySchedule {
    /// Part of the index, so that a long list can be had in pieces while mail flows.
    package struct EntryPage: Equatable, Sendable {
        package var entries: [EntryStatus]
        /// Where the next piece begins; nil at the end.
        package var next: Int?
    }

    /// Entries of the channels that `isWanted` takes, in no order, from `cursor` on: as many as come to `limit`, or fewer
    /// when that takes looking at too many.
    package func page(from cursor: Int, limit: Int, channel isWanted: (String) -> Bool) -> EntryPage {
        let wanted = channels.map { isWanted($0.name) }
        var list: [EntryStatus] = []
        var position = min(max(0, cursor), entries.slots.count)
        let end = min(entries.slots.count, position + Self.mostLookedAt)
        while position < end, list.count < max(1, limit) {
            let entry = entries.slots[position]
            if entry.state != .unused, wanted[Int(entry.channel)] { list.append(status(of: entry)) }
            position += 1
        }
        return EntryPage(entries: list, next: position < entries.slots.count ? position : nil)
    }

    private static var mostLookedAt: Int { 100_000 }

    /// One entry; nil when there is none.
    package func status(of key: QueueEntryKey) -> EntryStatus? {
        entries.slot(of: key).map { status(of: entries[$0]) }
    }

    func status(of entry: ScheduledEntry) -> EntryStatus {
        EntryStatus(
            name: EntryName(
                message: entry.key.message, entry: Int(entry.key.entry), attempts: Int(entry.attempts),
                isHeld: entry.state == .held),
            host: channels[Int(entry.channel)].hosts[Int(entry.host)].name, state: "\(entry.state)",
            priority: entry.priority, arrival: entry.arrival,
            nextAttempt: entry.state == .delayed ? entry.nextAttempt : nil, pending: Int(entry.pending))
    }

    /// Ready or running and waiting entries of each host of a channel, most first (`qm messages`). Nil: no such channel.
    package func hostCounts(channel name: String) -> [HostCount]? {
        guard let channel = channelIndex[name] else { return nil }
        var counts: [Int32: HostCount] = [:]
        for entry in entries.slots where entry.state != .unused && Int(entry.channel) == channel {
            let host = channels[channel].hosts[Int(entry.host)].name
            var count = counts[entry.host] ?? HostCount(host: host, active: 0, delayed: 0)
            switch entry.state {
            case .ready, .active: count.active += 1
            case .delayed: count.delayed += 1
            case .held, .unused: continue
            }
            counts[entry.host] = count
        }
        return counts.values.sorted { (-$0.active - $0.delayed, $0.host) < (-$1.active - $1.delayed, $1.host) }
    }

    package struct HostCount: Equatable, Sendable {
        package var host: String
        package var active: Int
        package var delayed: Int
    }

    /// What a job works on: the hosts of its busy threads, and its entries.
    package func work(of job: JobID) -> (hosts: [String], entries: [EntryName]) {
        guard let state = jobs[job] else { return ([], []) }
        let hosts = Set(state.threads.values.map { channels[state.channel].hosts[Int($0.host)].name })
        let names = state.active.map { status(of: entries[$0]).name }
        return (hosts.sorted(), names.sorted { ($0.message, $0.entry) < ($1.message, $1.entry) })
    }

    /// Live change of a channel's limits, until the next reload (`cache -change`, job-controller specification,
    /// section 8). False: there is no such channel.
    package mutating func change(
        channel name: String, maximumJobs: Int?, threadDepth: Int?, masterCommand: [String]?, now: Int64
    ) -> Bool {
        guard let channel = channelIndex[name] else { return false }
        var settings = channels[channel].settings
        if let maximumJobs { settings.maximumJobs = maximumJobs }
        if let threadDepth { settings.threadDepth = threadDepth }
        if let masterCommand {
            settings.masterCommand = masterCommand.first
            settings.masterArguments = Array(masterCommand.dropFirst())
            // The former program may have been given up.
            channels[channel].configure(settings, pool: channels[channel].pool)
        }
        channels[channel].settings = settings.bounded
        hostsChanged(channel)
        retireSurplus(channel)
        evaluate(channel, now)
        return true
    }

    /// What counts for a channel now, with live changes.
    package func settings(of channel: String) -> ChannelSettings? {
        channelIndex[channel].map { channels[$0].settings }
    }

    /// Ready entries of the channel get a job now if the limits allow one (`submit`). How many are ready; nil: no such
    /// channel.
    package mutating func submit(channel name: String, now: Int64) -> Int? {
        guard let channel = channelIndex[name] else { return nil }
        channels[channel].starts.succeeded()
        evaluate(channel, now)
        return channels[channel].counts.ready
    }

    /// What a channel holds, for its counters.
    package struct Stored: Equatable, Sendable {
        package var messages = 0
        /// Those that are pending.
        package var recipients = 0
        /// 1024 bytes each, rounded up for each message.
        package var blocks = 0
        package var bytes = 0
    }

    /// By channel, for those that hold something.
    package func stored(size: (QueueEntryKey) -> Int?) -> [String: Stored] {
        var result: [String: Stored] = [:]
        for entry in entries.slots where entry.state != .unused {
            let bytes = size(entry.key) ?? 0
            var sum = result[channels[Int(entry.channel)].name] ?? Stored()
            sum.messages += 1
            sum.recipients += Int(entry.pending)
            sum.blocks += blockCount(ofBytes: bytes)
            sum.bytes += bytes
            result[channels[Int(entry.channel)].name] = sum
        }
        return result
    }

    /// What a channel holds, for `summarize`.
    package struct ChannelSum: Equatable, Sendable {
        package var channel: String
        package var messages = 0
        package var bytes = 0
        package var held = 0
        package var heldBytes = 0
        /// Milliseconds since 1970; nil without any.
        package var oldest: Int64?
        package var oldestHeld: Int64?
    }

    /// Sums of a part of the index, by channel; the next part begins at `next`.
    package func sums(
        from cursor: Int, size: (QueueEntryKey) -> Int?
    ) -> (sums: [ChannelSum], next: Int?) {
        var sums = channels.map { ChannelSum(channel: $0.name) }
        let start = min(max(0, cursor), entries.slots.count)
        let end = min(entries.slots.count, start + Self.mostLookedAt)
        for entry in entries.slots[start..<end] where entry.state != .unused {
            let index = Int(entry.channel)
            let bytes = size(entry.key) ?? 0
            if entry.state == .held {
                sums[index].held += 1
                sums[index].heldBytes += bytes
                sums[index].oldestHeld = min(sums[index].oldestHeld ?? .max, entry.arrival)
            } else {
                sums[index].messages += 1
                sums[index].bytes += bytes
                sums[index].oldest = min(sums[index].oldest ?? .max, entry.arrival)
            }
        }
        return (sums.sorted { $0.channel < $1.channel }, end < entries.slots.count ? end : nil)
    }
}
