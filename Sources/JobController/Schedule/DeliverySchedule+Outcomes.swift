import Envelope
package import MasterKit
package import Spool

/// What becomes of an entry after an attempt (job-controller specification, 11.1, 11.4 and 11.5).
extension DeliverySchedule {
    /// A job reports what an attempt did. `job` is nil when the process that had the entry belongs to a connection
    /// that never said what it holds. `report.results` name pending recipients, each once.
    package mutating func outcome(_ job: JobID?, _ report: OutcomeReport, now: Int64) {
        guard let slot = entries.slot(of: report.key), isFrom(job, slot) else {
            if let job { actions.append(.acknowledge(report.key, to: job)) }
            return
        }
        let (channel, host) = place(slot)
        if entries[slot].state == .held { entries[slot].holdsAfterAttempt = true }
        leave(slot)
        entries[slot].deaths = 0
        if report.isStressed {
            stressReported(channel, now)
        }
        if let reason = report.unreadable {
            end(slot)
            actions.append(.quarantine(report.key, reason: reason, from: job))
        } else {
            apply(report, slot, job, now)
        }
        let isSettled = report.results.contains { $0.result != .failedTemporarily }
        let standing: HostStanding = isSettled ? .answers : .fails
        if report.isCounted, !report.results.isEmpty, !channels[channel].hosts[Int(host)].isGone,
            channels[channel].hosts[Int(host)].standing != standing
        {
            channels[channel].hosts[Int(host)].standing = standing
            hostChanged(channel, host)
        }
        evaluate(channel, now)
    }

    /// The target of the channel is overloaded: one step down (job-controller specification, 6.8).
    private mutating func stressReported(_ channel: Int, _ now: Int64) {
        let limit = unstressedJobs(channel)
        guard channels[channel].stress.reported(now: now, limit: limit, settings.stress) else { return }
        hostsChanged(channel)
        retireSurplus(channel)
        actions.append(
            .report(
                "channel \(channels[channel].name) is under stress: \(maximumJobs(channel)) of \(limit) jobs, "
                    + "threaddepth \(threadRule(channel).depth)"))
    }

    private func isFrom(_ job: JobID?, _ slot: Int32) -> Bool {
        switch entries[slot].state {
        case .active: job == entries[slot].job
        case .ready, .delayed, .held: job == nil
        case .unused: false
        }
    }

    /// Everybody settled: the entry ends. Some: the rest is ready at once and the attempts begin anew (Z). Nobody:
    /// the next attempt comes when the backoff list says (Q).
    private mutating func apply(_ report: OutcomeReport, _ slot: Int32, _ job: JobID?, _ now: Int64) {
        let key = report.key
        let settled = report.results.filter { $0.result != .failedTemporarily }.count
        let remaining = Int(entries[slot].pending) - settled
        if remaining <= 0 {
            end(slot)
            actions.append(.record(key, .done(report.results), from: job))
            return
        }
        if case .delayWarning(let number) = entries[slot].notice, report.isCounted {
            entries[slot].warned = UInt8(clamping: number)
            entries[slot].notice = .none
        }
        var next = now
        if settled > 0 {
            entries[slot].pending = Int32(clamping: remaining)
            entries[slot].attempts = 0
        } else {
            let attempts = min(Int(entries[slot].attempts) + (report.isCounted ? 1 : 0), 1295)
            entries[slot].attempts = UInt16(attempts)
            let backoff = channels[Int(entries[slot].channel)].settings.backoff
            next += report.retryAfter ?? backoff.wait(after: attempts, entries[slot].priority)
        }
        let change = LedgerChange.attempt(
            report.results, attempts: Int(entries[slot].attempts), next: next, warned: Int(entries[slot].warned))
        actions.append(.record(key, change, from: job))
        let wake = isNoticeDueAfterAttempt(slot, now) ? now : wakeTime(slot, next, now)
        if entries[slot].holdsAfterAttempt {
            holdNow(slot, "held by an operator", from: nil)
        } else if wake > now {
            delay(slot, until: wake)
        } else {
            enter(slot, .ready)
        }
    }

    /// Puts an entry that is in no state into `held`, and has that recorded.
    mutating func holdNow(_ slot: Int32, _ reason: String, from job: JobID?) {
        entries[slot].holdsAfterAttempt = false
        entries[slot].deaths = 0
        enter(slot, .held)
        actions.append(.record(entries[slot].key, .hold(reason: reason), from: job))
        let entry = entries[slot]
        let name = EntryName(
            message: entry.key.message, entry: Int(entry.key.entry), attempts: Int(entry.attempts), isHeld: true)
        actions.append(.report("\(channels[Int(entry.channel)].name)/\(name) is held: \(reason)"))
    }

    /// The entry is no more in the store, because its message was set aside: it ends here too.
    package mutating func vanished(_ key: QueueEntryKey, now: Int64) {
        guard let slot = entries.slot(of: key) else { return }
        let (channel, _) = place(slot)
        end(slot)
        evaluate(channel, now)
    }

    /// A job gives an entry back without having tried it.
    package mutating func released(_ job: JobID, _ key: QueueEntryKey, now: Int64) {
        actions.append(.acknowledge(key, to: job))
        guard let slot = entries.slot(of: key), entries[slot].state == .active, entries[slot].job == job else { return }
        let channel = Int(entries[slot].channel)
        leave(slot)
        if entries[slot].holdsAfterAttempt {
            holdNow(slot, "held by an operator", from: nil)
        } else {
            enter(slot, .ready)
        }
        evaluate(channel, now)
    }
}
