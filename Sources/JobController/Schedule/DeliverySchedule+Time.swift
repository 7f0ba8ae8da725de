import HeapModule
import MasterKit

/// What time alone brings about.
extension DeliverySchedule {
    /// Delayed entries whose time has come, jobs at the end of their life or idle for too long, recovery from stress,
    /// and the rules of 6.3 again for every channel that has work waiting.
    package mutating func tick(now: Int64) {
        for job in jobs.keys.sorted() { check(job, now) }
        for channel in channels.indices {
            if channels[channel].stress.recover(now: now, settings.stress) { hostsChanged(channel) }
            wakeDelayed(channel, now)
        }
        for pool in pools.indices { evaluatePool(pool, now) }
        for channel in channels.indices where channels[channel].pool == nil { evaluate(channel, now) }
    }

    private mutating func check(_ job: JobID, _ now: Int64) {
        guard let state = jobs[job] else { return }
        let limits = channels[state.channel].settings
        if state.pool != nil, now - state.started >= (limits.maximumLifeAge + Self.overdue) * 1000 {
            actions.append(.report("a job of channel \(channels[state.channel].name) does not come to an end"))
            actions.append(.kill(job))
            jobs[job]?.started = now
            return
        }
        switch state.phase {
        case .starting:
            if now - state.started >= Self.startLimit {
                actions.append(
                    .report("a job of channel \(channels[state.channel].name) did not ask for work in 60 seconds"))
                actions.append(.kill(job))
                jobs[job]?.started = now
            }
        case .running:
            retireAtEndOfLife(job, now)
            let isIdle = state.threads.isEmpty
            if isIdle, now - state.idleSince >= limits.maximumIdleTime * 1000 || jobs[job]?.phase == .retiring {
                retire(job)
            }
        case .retiring:
            if state.threads.isEmpty { tell(job) }
        case .told: break
        }
    }

    private static var startLimit: Int64 { 60_000 }
    /// Seconds after `max_life_time` after which a job that is still there is taken to be stuck.
    private static var overdue: Int64 { 3600 }

    /// The next time at which ``tick(now:)`` has something to do; nil when only an event can change anything.
    package mutating func nextTime(now: Int64) -> Int64? {
        var next = Int64.max
        for channel in channels.indices {
            while let item = channels[channel].delayed.min {
                if entries.isCurrent(item.slot, item.generation) {
                    next = min(next, item.time)
                    break
                }
                channels[channel].delayed.removeMin()
            }
            // Work waits for a slot, a pause to end or a window: look again every 10 seconds.
            if channels[channel].counts.ready > 0 {
                let pause = channels[channel].starts.notBefore
                next = min(next, pause > now ? min(pause, now + 10_000) : now + 10_000)
            }
            if channels[channel].stress.isStressed { next = min(next, now + 10_000) }
        }
        for state in jobs.values { next = min(next, deadline(state)) }
        return next == .max ? nil : max(next, now)
    }

    private func deadline(_ state: JobState) -> Int64 {
        let limits = channels[state.channel].settings
        switch state.phase {
        case .starting: return state.started + Self.startLimit
        case .running:
            let life = state.started + limits.maximumLifeAge * 1000
            return state.threads.isEmpty ? min(life, state.idleSince + limits.maximumIdleTime * 1000) : .max
        case .retiring: return state.threads.isEmpty ? state.started : .max
        case .told: return .max
        }
    }

    // MARK: Deliver by (RFC 2852)

    /// The time of the next attempt, or the deadline when that comes first and something is due then.
    func beforeDeadline(_ slot: Int32, _ next: Int64, _ now: Int64) -> Int64 {
        let (deadline, notice) = (entries[slot].deadline, entries[slot].notice)
        // What has been tried to give back, or to warn of, is tried again like everything else.
        let isDue =
            deadline > 0 ? notice != .timedOut && notice != .returned : entries[slot].warned == 0 && notice == .none
        guard deadline != 0, isDue, abs(deadline) < next else { return next }
        return max(abs(deadline), now)
    }

    /// At the deadline the copy goes back, or its sender is warned; a warning that has been given is enough.
    func deadlineNotice(_ slot: Int32, _ now: Int64) -> EntryNotice? {
        let entry = entries[slot]
        guard entry.deadline != 0, abs(entry.deadline) <= now else { return nil }
        if entry.deadline > 0 { return .timedOut }
        return entry.warned == 0 ? .delayWarning(1) : nil
    }

    mutating func judgeDeadline(_ slot: Int32, _ now: Int64) {
        guard let notice = deadlineNotice(slot, now) else { return }
        let known = entries[slot].notice
        if known == .none || (notice == .timedOut && known != .returned) { entries[slot].notice = notice }
    }
}
