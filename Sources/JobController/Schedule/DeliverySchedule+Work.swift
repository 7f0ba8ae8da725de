import Envelope
package import MasterKit

/// Handing out work (job-controller specification, 6.4).
extension DeliverySchedule {
    /// Threads of a job ask for work. Each gets entries now, or stays on file until there are some.
    package mutating func workAsked(_ job: JobID, _ requests: [WorkRequest], now: Int64) {
        guard let state = jobs[job] else { return }
        let channel = state.channel
        if state.phase == .starting {
            jobs[job]?.phase = state.isOutdated ? .retiring : .running
            channels[channel].starting -= 1
            channels[channel].starts.succeeded()
        }
        retireAtEndOfLife(job, now)
        for request in requests { answer(job, channel, request, now) }
        if jobs[job]?.phase == .retiring { tell(job) }
        evaluate(channel, now)
    }

    private mutating func answer(_ job: JobID, _ channel: Int, _ request: WorkRequest, _ now: Int64) {
        guard let state = jobs[job] else { return }
        let previous = state.threads[request.thread]
        let parked = ParkedThread(job: job, thread: request.thread, count: request.count)
        guard state.phase == .running, !isDraining else { return unbind(job, request.thread, now) }
        if !channels[channel].isStopped, !isPaused {
            while channels[channel].counts.ready > 0 {
                guard let host = nextHost(channel, previous, job, request.thread, now) else { break }
                if hand(channel, host, parked, now) { return }
            }
        }
        unbind(job, request.thread, now)
        channels[channel].parked.removeAll { $0.job == job && $0.thread == request.thread }
        channels[channel].parked.append(parked)
        actions.append(.noWork(job, thread: request.thread))
    }

    /// Same host as before, else an unserved host, else the host with the largest backlog per thread. A thread that has
    /// taken `threaddepth` entries of one host in a row, or whose host fails, lets an unserved host go first. A thread
    /// that served nothing is a new one and starts only where the rules of 6.3 want one.
    private mutating func nextHost(
        _ channel: Int, _ previous: ThreadState?, _ job: JobID, _ thread: UInt32, _ now: Int64
    ) -> Int32? {
        let rule = threadRule(channel)
        if let previous {
            let host = Int(previous.host)
            let isOver = previous.run >= rule.depth || channels[channel].hosts[host].standing == .fails
            if channels[channel].hosts[host].ready > 0, !channels[channel].hosts[host].isStopped,
                !rule.isCrowded(channels[channel].hosts[host]),
                !isOver || channels[channel].nextUnserved() == nil
            {
                return previous.host
            }
            unbind(job, thread, now)
        }
        // Under stress a thread goes no further than the backlog wants it.
        return channels[channel].nextUnserved()
            ?? channels[channel].mostLoaded(wantedOnly: previous == nil || rule.isStressed, rule)
    }

    /// Gives up to `count` entries of a host to a thread. False when there were none to give.
    mutating func hand(_ channel: Int, _ host: Int32, _ thread: ParkedThread, _ now: Int64) -> Bool {
        let isSame = jobs[thread.job]?.threads[thread.thread]?.host == host
        if !isSame { bind(thread.job, thread.thread, channel, host, now) }
        let threads = max(1, channels[channel].hosts[Int(host)].threads)
        let share = (channels[channel].hosts[Int(host)].ready + threads - 1) / threads
        let limit = max(1, min(thread.count, share))
        var list: [Assignment] = []
        while list.count < limit, let next = channels[channel].hosts[Int(host)].first(entries) {
            // What a job has died with is handed out alone, so that it is known whether it was the cause.
            let isSuspect = entries[next.slot].deaths > 0
            if isSuspect, !list.isEmpty { break }
            guard let slot = channels[channel].hosts[Int(host)].takeFirst(&entries) else { break }
            channels[channel].counts.ready -= 1
            judgeAgain(slot, now)
            let wait = windowWait(channel, slot, now)
            if wait > 0 {
                delay(slot, until: now + wait)
            } else {
                list.append(activate(slot, thread, turn: list.count, now))
                if isSuspect { break }
            }
        }
        if list.isEmpty {
            unbind(thread.job, thread.thread, now)
            return false
        }
        jobs[thread.job]?.threads[thread.thread]?.run += list.count
        jobs[thread.job]?.handed += list.count
        hostChanged(channel, host)
        actions.append(.assign(thread.job, thread: thread.thread, list))
        return true
    }

    private mutating func activate(_ slot: Int32, _ to: ParkedThread, turn: Int, _ now: Int64) -> Assignment {
        entries[slot].job = to.job
        entries[slot].thread = to.thread
        entries[slot].turn = UInt32(clamping: (jobs[to.job]?.handed ?? 0) + turn)
        entries[slot].isFirst = false
        jobs[to.job]?.active.insert(slot)
        enter(slot, .active)
        judgeBeforeAttempt(slot, now)
        judgeDeadline(slot, now)
        let entry = entries[slot]
        return Assignment(
            key: entry.key, attempts: Int(entry.attempts), notice: entry.notice,
            host: channels[Int(entry.channel)].hosts[Int(entry.host)].name)
    }

    /// Milliseconds until an entry may be run. What goes back to its sender is not delivered and waits for no window.
    private func windowWait(_ channel: Int, _ slot: Int32, _ now: Int64) -> Int64 {
        let windows = channels[channel].settings.windows
        let entry = entries[slot]
        if windows.isEmpty || entry.notice == .timedOut || entry.notice == .returned { return 0 }
        guard let window = windows[min(entry.priority, .nonurgent)] else { return 0 }
        return window.wait(now: now + localOffset)
    }

    /// The thread serves the host from now on.
    private mutating func bind(_ job: JobID, _ thread: UInt32, _ channel: Int, _ host: Int32, _ now: Int64) {
        unbind(job, thread, now)
        jobs[job]?.threads[thread] = ThreadState(host: host, run: 0)
        channels[channel].hosts[Int(host)].threads += 1
        hostChanged(channel, host)
    }

    /// The thread serves nothing any more.
    mutating func unbind(_ job: JobID, _ thread: UInt32, _ now: Int64) {
        guard unbind(job, thread), jobs[job]?.threads.isEmpty == true else { return }
        jobs[job]?.idleSince = now
    }

    /// False when it served nothing.
    private mutating func unbind(_ job: JobID, _ thread: UInt32) -> Bool {
        guard let channel = jobs[job]?.channel, let old = jobs[job]?.threads.removeValue(forKey: thread) else {
            return false
        }
        channels[channel].hosts[Int(old.host)].threads -= 1
        hostChanged(channel, old.host)
        return true
    }

    /// A job that was told to exit asks no more: a thread of it that has nothing in hand has ended, and its host must not
    /// count as served while others of the process go on.
    mutating func unbindEnded(_ job: JobID) {
        guard let state = jobs[job], state.phase == .told else { return }
        let busy = Set(state.active.map { entries[$0].thread })
        for thread in state.threads.keys.sorted() where !busy.contains(thread) { _ = unbind(job, thread) }
    }
}
