package import Spool

/// Starting and ending jobs (job-controller specification, 6.2 and 6.3).
extension DeliverySchedule {
    /// Applies the rules to a channel: entries go to waiting threads, and jobs are started as far as the limits allow.
    /// Called after every change, not on arrival alone, so that a backlog drains whatever happens.
    mutating func evaluate(_ channel: Int, _ now: Int64) {
        guard !isDraining, !isPaused, !channels[channel].isStopped else { return }
        while let thread = channels[channel].parked.last, let host = hostForNewThread(channel) {
            channels[channel].parked.removeLast()
            if !hand(channel, host, thread, now) { channels[channel].parked.append(thread) }
        }
        startJobs(channel, now)
    }

    /// A host that no thread serves, else one whose backlog has grown past a further multiple of `threaddepth`.
    private mutating func hostForNewThread(_ channel: Int) -> Int32? {
        guard channels[channel].wanted > 0 else { return nil }
        return channels[channel].nextUnserved()
            ?? channels[channel].mostLoaded(wantedOnly: true, threadRule(channel))
    }

    /// Threads for which a process may be started: of hosts that nobody serves. A host that is served gets more threads
    /// where there are free ones, and further processes only where a process is a single thread, or the channel is not
    /// sorted by host (job-controller specification, 6.3).
    private func wantedOfProcesses(_ channel: Int) -> Int {
        let isEachThreadAProcess = channels[channel].settings.clientThreads <= 1
        return channels[channel].settings.isHostSorted && !isEachThreadAProcess
            ? channels[channel].wantedByUnserved : channels[channel].wanted
    }

    private mutating func startJobs(_ channel: Int, _ now: Int64) {
        while true {
            let coming = channels[channel].starting * max(1, channels[channel].settings.clientThreads)
            guard wantedOfProcesses(channel) > coming, channels[channel].parked.isEmpty, isRunnable(channel),
                let pool = channels[channel].pool, channels[channel].jobs.count < maximumJobs(channel),
                channels[channel].starts.allows(now: now), hasWorkForFurtherJob(channel)
            else { return }
            guard pools[pool].running < pools[pool].limit else { return makeRoom(pool, for: channel, now) }
            let job = newJobID()
            jobs[job] = JobState(channel: channel, started: now, idleSince: now, pool: pool)
            pools[pool].running += 1
            channels[channel].jobs.insert(job)
            channels[channel].starting += 1
            actions.append(.startJob(job, channel: channels[channel].name))
        }
    }

    /// `filesperjob`: so many entries belong to each job that runs before another one is started.
    private func hasWorkForFurtherJob(_ channel: Int) -> Bool {
        let entries = channels[channel].settings.entriesPerJob
        guard entries > 0, !channels[channel].jobs.isEmpty else { return true }
        let (covered, overflow) = channels[channel].jobs.count.multipliedReportingOverflow(by: entries)
        return !overflow && channels[channel].counts.ready + channels[channel].counts.active > covered
    }

    /// False, with one line in the log, when the channel has no program or its pool is not known.
    private mutating func isRunnable(_ channel: Int) -> Bool {
        let hasProgram = channels[channel].settings.masterCommand != nil
        if channels[channel].pool != nil && hasProgram { return true }
        if !channels[channel].isComplaintMade {
            channels[channel].isComplaintMade = true
            let cause =
                hasProgram
                ? "its pool is not defined" : "it is marked slave, or its channel class names no master_command"
            actions.append(
                .report("channel \(channels[channel].name) is not run: \(cause); its entries stay in the queue"))
        }
        return false
    }

    /// A pool is full and a channel without any job waits: one job of the others makes room. An idle one first;
    /// otherwise, so that a channel with an endless backlog cannot keep the others out, one of the channel with most
    /// jobs, after it has run a while.
    private mutating func makeRoom(_ pool: Int, for channel: Int, _ now: Int64) {
        guard channels[channel].jobs.isEmpty else { return }
        let inPool = jobs.filter { $0.value.pool == pool }
        if inPool.contains(where: { $0.value.phase == .retiring || $0.value.phase == .told }) { return }
        let running = inPool.filter { $0.value.phase == .running }
        if let idle = running.filter({ $0.value.threads.isEmpty }).min(by: { $0.key < $1.key }) {
            retire(idle.key)
            return
        }
        let old = running.filter { now - $0.value.started >= 30_000 }
        let choice = old.max { left, right in
            let (mine, other) = (channels[left.value.channel].jobs.count, channels[right.value.channel].jobs.count)
            return (mine, right.key) < (other, left.key)
        }
        guard let choice else { return }
        retire(choice.key)
        // Other jobs of its channel may take up the hosts that it leaves.
        evaluate(choice.value.channel, now)
    }

    /// More jobs run than the channel may have now: idle ones first, then the oldest, get no more work.
    mutating func retireSurplus(_ channel: Int) {
        let present = channels[channel].jobs.filter { jobs[$0]?.phase == .starting || jobs[$0]?.phase == .running }
        let surplus = present.count - maximumJobs(channel)
        guard surplus > 0 else { return }
        let order = present.sorted { left, right in
            let (mine, other) = (jobs[left]?.threads.isEmpty ?? true, jobs[right]?.threads.isEmpty ?? true)
            return mine == other ? left < right : mine
        }
        for job in order.prefix(surplus) {
            if jobs[job]?.threads.isEmpty ?? true {
                retire(job)
            } else {
                jobs[job]?.phase = .retiring
                channels[channel].parked.removeAll { $0.job == job }
            }
        }
    }

    /// The job gets no more work. One that has nothing in hand is told at once, others when they ask again.
    mutating func retire(_ job: JobID) {
        guard let state = jobs[job], state.phase != .told else { return }
        if state.phase == .starting { channels[state.channel].starting -= 1 }
        jobs[job]?.phase = .retiring
        tell(job)
    }

    /// Every job makes room for one that is started anew, with the configuration as it is then.
    package mutating func retireAll(now: Int64) {
        for job in jobs.keys.sorted() {
            guard let state = jobs[job] else { continue }
            switch state.phase {
            case .starting: jobs[job]?.isOutdated = true
            case .running where state.threads.isEmpty: retire(job)
            case .running:
                jobs[job]?.phase = .retiring
                // Its idle threads get nothing more either.
                channels[state.channel].parked.removeAll { $0.job == job }
            case .retiring, .told: break
            }
        }
    }

    mutating func tell(_ job: JobID) {
        guard let state = jobs[job] else { return }
        jobs[job]?.phase = .told
        channels[state.channel].parked.removeAll { $0.job == job }
        actions.append(.tellExit(job))
        unbindEnded(job)
    }

    /// `max_life_time` and `max_life_askwork`.
    mutating func retireAtEndOfLife(_ job: JobID, _ now: Int64) {
        guard let state = jobs[job], state.phase == .running else { return }
        let limits = channels[state.channel].settings
        if state.handed >= limits.maximumLifeConnections || now - state.started >= limits.maximumLifeAge * 1000 {
            jobs[job]?.phase = .retiring
        }
    }

    /// The program could not be started.
    package mutating func spawnFailed(_ job: JobID, now: Int64) {
        guard let state = jobs[job] else { return }
        channels[state.channel].starts.failed(now: now)
        forget(job, now)
    }

    /// The process has ended. What it had in hand is ready again; what three jobs have died over is held.
    /// `isConfigurationError`: it exited with code 78 and is not started again.
    package mutating func jobExited(_ job: JobID, isConfigurationError: Bool = false, now: Int64) {
        guard let state = jobs[job] else { return }
        if isConfigurationError {
            channels[state.channel].starts.giveUp()
            actions.append(
                .report(
                    "the master program of channel \(channels[state.channel].name) says that its configuration is "
                        + "wrong (exit code 78); it is not started again before the next reload or restart"))
        } else if state.phase == .starting {
            channels[state.channel].starts.failed(now: now)
        }
        let begun = begun(state)
        // A process of a former Job Controller may have been taken for one of another channel.
        let others = Set(state.active.map { Int(entries[$0].channel) }).subtracting([state.channel])
        for slot in state.active.sorted() {
            if begun.contains(slot), entries[slot].deaths < .max { entries[slot].deaths += 1 }
            leave(slot)
            if entries[slot].holdsAfterAttempt || entries[slot].deaths >= 3 {
                let reason =
                    entries[slot].holdsAfterAttempt ? "held by an operator" : "3 jobs ended with this entry in hand"
                holdNow(slot, reason, from: nil)
            } else {
                enter(slot, .ready)
            }
        }
        forget(job, now)
        for channel in others.sorted() { evaluate(channel, now) }
    }

    /// Of what the job has, the entry that each thread got first: the thread was working on that one, the others waited
    /// behind it. The end of a process of a former Job Controller says nothing about what it had.
    private func begun(_ state: JobState) -> Set<Int32> {
        guard state.pool != nil else { return [] }
        var first: [UInt32: Int32] = [:]
        for slot in state.active {
            let thread = entries[slot].thread
            if let known = first[thread], entries[known].turn < entries[slot].turn { continue }
            first[thread] = slot
        }
        return Set(first.values)
    }

    /// Takes the job out of every count and lets the channels of its pool have the slot: best priority first, then
    /// who has fewest jobs.
    private mutating func forget(_ job: JobID, _ now: Int64) {
        guard let state = jobs[job] else { return }
        for thread in state.threads.keys { unbind(job, thread, now) }
        jobs[job] = nil
        channels[state.channel].jobs.remove(job)
        channels[state.channel].parked.removeAll { $0.job == job }
        if state.phase == .starting { channels[state.channel].starting -= 1 }
        guard let pool = state.pool else { return evaluate(state.channel, now) }
        pools[pool].running -= 1
        evaluatePool(pool, now)
        // The channel may have gone to another pool meanwhile.
        if channels[state.channel].pool != pool { evaluate(state.channel, now) }
    }

    mutating func evaluatePool(_ pool: Int, _ now: Int64) {
        var order: [(rank: UInt8, jobs: Int, channel: Int)] = []
        for channel in pools[pool].channels where channels[channel].counts.ready > 0 {
            let rank = channels[channel].bestWaitingRank(entries)
            order.append((rank, channels[channel].jobs.count, channel))
        }
        for item in order.sorted(by: { $0 < $1 }) { evaluate(item.channel, now) }
    }

    /// A process that an earlier Job Controller started has connected and says what it still has in hand, perhaps in
    /// several messages. It gets no work; its entries are not handed out until it reports them or goes away.
    package mutating func adopt(_ known: JobID? = nil, holding keys: [QueueEntryKey], now: Int64) -> JobID {
        let slots = keys.compactMap { entries.slot(of: $0) }
        let job = known ?? newJobID()
        if jobs[job] == nil {
            let channel =
                slots.first.map { Int(entries[$0].channel) } ?? self.channel(settings.channels.keys.min() ?? "")
            jobs[job] = JobState(channel: channel, started: now, phase: .told, idleSince: now)
        }
        for slot in slots where entries[slot].state != .active {
            // It was held after the process had got it, or is being returned.
            if entries[slot].state == .held { entries[slot].holdsAfterAttempt = true }
            leave(slot)
            entries[slot].job = job
            jobs[job]?.active.insert(slot)
            enter(slot, .active)
        }
        return job
    }

    /// The entries a job has in hand.
    package func keysInHand(of job: JobID) -> [QueueEntryKey] {
        (jobs[job]?.active ?? []).map { entries[$0].key }
    }
}
