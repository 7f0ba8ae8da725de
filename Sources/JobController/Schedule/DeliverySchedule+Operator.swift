package import Envelope
import MasterKit
package import Spool

/// What operators ask for (job-controller specification, 6.9 and 8).
extension DeliverySchedule {
    package enum OperatorAnswer: String, Sendable {
        case done
        case notFound = "no such entry"
        case inDelivery = "a job has the entry in hand; try again when it is done"
        case alreadyHeld = "the entry is held already"
        case notHeld = "the entry is not held"
    }

    /// The channel gets no new jobs and its jobs no work, until ``start(channel:now:)``.
    package mutating func stop(channel name: String) {
        channels[channel(name)].isStopped = true
    }

    package mutating func start(channel name: String, now: Int64) {
        let channel = self.channel(name)
        channels[channel].isStopped = false
        evaluate(channel, now)
    }

    /// No thread takes entries of this host any more, until ``start(channel:host:now:)``; what is in hand is finished.
    /// Without effect while the channel is not sorted by host.
    package mutating func stop(channel name: String, host: String) {
        let channel = self.channel(name)
        for changed in channels[channel].setStopped(host: host, true) { hostChanged(channel, changed) }
    }

    package func isSortedByHost(channel name: String) -> Bool {
        channelIndex[name].map { channels[$0].settings.isHostSorted } ?? false
    }

    package mutating func start(channel name: String, host: String, now: Int64) {
        let channel = self.channel(name)
        for changed in channels[channel].setStopped(host: host, false) { hostChanged(channel, changed) }
        evaluate(channel, now)
    }

    /// Delayed entries of the channel are tried now. Returns how many.
    package mutating func run(channel name: String, now: Int64) -> Int {
        guard let channel = channelIndex[name] else { return 0 }
        return wake(channel, now) { _ in true }
    }

    /// Delayed entries of the channel for one host are tried now: what ETRN asks for. Returns how many.
    package mutating func run(channel name: String, host: String, now: Int64) -> Int {
        guard let channel = channelIndex[name] else { return 0 }
        guard channels[channel].settings.isHostSorted else { return run(channel: name, now: now) }
        let wanted = host.lowercased()
        let names = channels[channel].hosts.map { $0.name.lowercased() == wanted }
        return wake(channel, now) { names[Int($0.host)] }
    }

    /// Mail whose sender wants it held for a time stays where it is (RFC 4865 section 4).
    private mutating func wake(_ channel: Int, _ now: Int64, _ isWanted: (ScheduledEntry) -> Bool) -> Int {
        var count = 0
        for slot in entries.slots.indices.lazy.map({ Int32($0) }) {
            let entry = entries[slot]
            guard entry.state == .delayed, Int(entry.channel) == channel, entry.arrival <= now, isWanted(entry)
            else { continue }
            leave(slot)
            enter(slot, .ready)
            count += 1
        }
        // A process that could not reach the host lately would not try it again; a new one does.
        for job in channels[channel].jobs.sorted() where jobs[job]?.phase == .running {
            if count > 0, jobs[job]?.threads.isEmpty == true { retire(job) }
        }
        channels[channel].starts.succeeded()
        evaluate(channel, now)
        return count
    }

    /// The keys that a name means: one, or all entries of the message when the name has no number.
    package func keys(of name: EntryName) -> [QueueEntryKey] {
        if name.entry >= 0 {
            guard let number = UInt32(exactly: name.entry) else { return [] }
            let key = QueueEntryKey(message: name.message, entry: number)
            return entries.slot(of: key) == nil ? [] : [key]
        }
        return entries.slots.filter { $0.state != .unused && $0.key.message == name.message }.map(\.key).sorted()
    }

    package mutating func hold(_ key: QueueEntryKey, reason: String) -> OperatorAnswer {
        guard let slot = entries.slot(of: key) else { return .notFound }
        switch entries[slot].state {
        case .held: return .alreadyHeld
        case .active: entries[slot].holdsAfterAttempt = true
        case .ready, .delayed, .unused:
            leave(slot)
            holdNow(slot, reason, from: nil)
        }
        return .done
    }

    /// A held entry becomes ready, first in its host's order.
    package mutating func release(_ key: QueueEntryKey, now: Int64) -> OperatorAnswer {
        guard let slot = entries.slot(of: key) else { return .notFound }
        guard entries[slot].state == .held else { return .notHeld }
        leave(slot)
        entries[slot].isFirst = true
        enter(slot, .ready)
        actions.append(.record(key, .release, from: nil))
        evaluate(Int(entries[slot].channel), now)
        return .done
    }

    /// The entry ends without a notification.
    package mutating func delete(_ key: QueueEntryKey, by login: String = "operator") -> OperatorAnswer {
        guard let slot = entries.slot(of: key) else { return .notFound }
        if entries[slot].state == .active { return .inDelivery }
        end(slot)
        actions.append(.record(key, .delete(by: login), from: nil))
        return .done
    }

    /// Before an entry gets a copy in another channel: no job may have it, and none gets it while the copy is written.
    package mutating func prepareRequeue(_ key: QueueEntryKey, by login: String) -> OperatorAnswer {
        guard let slot = entries.slot(of: key) else { return .notFound }
        // A process of a former Job Controller may have it.
        if isPaused { return .inDelivery }
        switch entries[slot].state {
        case .active: return .inDelivery
        case .held: return .done
        case .ready, .delayed, .unused: return hold(key, reason: "by \(login): requeue")
        }
    }

    /// The copy is durable: the entry ends. It must still be held, or it may have been delivered too.
    package mutating func requeue(_ key: QueueEntryKey, as copy: MessageID) -> OperatorAnswer {
        guard let slot = entries.slot(of: key) else { return .notFound }
        guard entries[slot].state == .held else { return .notHeld }
        end(slot)
        actions.append(.record(key, .requeue(as: copy), from: nil))
        return .done
    }

    /// The message goes back to its sender: the next job that gets the entry returns it instead of trying it. An entry that
    /// was held stays so in the ledger: after a restart, which forgets what the operator wanted, it must not be delivered.
    package mutating func returnToSender(_ key: QueueEntryKey, now: Int64) -> OperatorAnswer {
        guard let slot = entries.slot(of: key) else { return .notFound }
        if entries[slot].state == .active { return .inDelivery }
        leave(slot)
        entries[slot].notice = .returned
        entries[slot].isFirst = true
        enter(slot, .ready)
        evaluate(Int(entries[slot].channel), now)
        return .done
    }
}
