import HeapModule

/// Moves of entries between the states. Each keeps the counts of the channel and the order of its hosts.
extension DeliverySchedule {
    /// Puts an entry that is in no state now into `ready`, `active` or `held`.
    mutating func enter(_ slot: Int32, _ state: ScheduledEntry.State) {
        let (channel, host) = place(slot)
        entries[slot].state = state
        switch state {
        case .ready:
            channels[channel].counts.ready += 1
            channels[channel].hosts[Int(host)].add(slot, entries)
            hostChanged(channel, host)
        case .active: channels[channel].counts.active += 1
        case .held: channels[channel].counts.held += 1
        case .delayed, .unused: break
        }
    }

    mutating func delay(_ slot: Int32, until time: Int64) {
        let (channel, _) = place(slot)
        entries[slot].state = .delayed
        entries[slot].nextAttempt = time
        channels[channel].counts.delayed += 1
        channels[channel].delayed.insert(
            DelayedItem(time: time, generation: entries[slot].generation, slot: slot))
        channels[channel].compactDelayed(entries)
    }

    /// Takes an entry out of its state; the caller puts it into another one or removes it.
    mutating func leave(_ slot: Int32) {
        let (channel, host) = place(slot)
        switch entries[slot].state {
        case .ready:
            channels[channel].counts.ready -= 1
            channels[channel].hosts[Int(host)].forget(slot, &entries)
            hostChanged(channel, host)
        case .delayed:
            entries[slot].generation &+= 1
            channels[channel].counts.delayed -= 1
        case .active:
            channels[channel].counts.active -= 1
            jobs[entries[slot].job]?.active.remove(slot)
            unbindEnded(entries[slot].job)
        case .held: channels[channel].counts.held -= 1
        case .unused: break
        }
        entries[slot].state = .unused
    }

    /// The entry has ended: it leaves its state and the index.
    mutating func end(_ slot: Int32) {
        let (channel, host) = place(slot)
        leave(slot)
        entries.remove(slot)
        channels[channel].hosts[Int(host)].entries -= 1
        hostChanged(channel, host)
    }

    func place(_ slot: Int32) -> (channel: Int, host: Int32) {
        (Int(entries[slot].channel), entries[slot].host)
    }

    mutating func hostChanged(_ channel: Int, _ host: Int32) {
        channels[channel].hostChanged(host, entries, threadRule(channel))
    }

    /// To be called when what ``threadRule(_:)`` says may have changed.
    mutating func hostsChanged(_ channel: Int) {
        for host in channels[channel].hosts.indices where channels[channel].hosts[host].entries > 0 {
            hostChanged(channel, Int32(host))
        }
    }

    func threadRule(_ channel: Int) -> ThreadRule {
        let stress = channels[channel].stress
        let threads = channels[channel].settings.clientThreads
        // With one thread in each process, a further one is a further process (job-controller specification, 6.3).
        let limit = threads > 1 ? threads : max(1, unstressedJobs(channel))
        return ThreadRule(
            depth: stress.threadDepth(channels[channel].settings.threadDepth),
            limit: channels[channel].settings.isHostSorted ? limit : nil, isStressed: stress.isStressed)
    }

    /// min(`maxjobs`, pool limit), as stress leaves it.
    func maximumJobs(_ channel: Int) -> Int { channels[channel].stress.maximumJobs(unstressedJobs(channel)) }

    func unstressedJobs(_ channel: Int) -> Int {
        guard let pool = channels[channel].pool else { return 0 }
        return min(channels[channel].settings.maximumJobs, pools[pool].limit)
    }

    /// Delayed entries of the channel whose time has come become ready.
    mutating func wakeDelayed(_ channel: Int, _ now: Int64) {
        while let item = channels[channel].delayed.min {
            let isCurrent = entries.isCurrent(item.slot, item.generation)
            guard !isCurrent || item.time <= now else { return }
            channels[channel].delayed.removeMin()
            guard isCurrent else { continue }
            leave(item.slot)
            enter(item.slot, .ready)
        }
    }
}
