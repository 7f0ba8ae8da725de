import Envelope
import MasterKit
import ProcessPool
import Spool
import SystemCalls

/// Executing what the schedule decides.
extension JobControllerLoop {
    /// Until there is nothing more to do, then sends what has collected for each job.
    func execute() {
        while true {
            let actions = schedule.takeActions()
            if actions.isEmpty { break }
            for action in actions {
                log.debug(.states, "\(action)")
                execute(action)
            }
            if log.debugs.contains(.dumps) { _ = walk() }
        }
        let waiting = dirty
        dirty.removeAll()
        for job in waiting { sendWaiting(job) }
    }

    private func execute(_ action: DeliverySchedule.Action) {
        switch action {
        case .startJob(let job, let channel): startJob(job, channel)
        case .assign(let job, let thread, let list): assign(job, thread, list)
        case .noWork(let job, let thread):
            parties[job]?.idleThreads.append(thread)
            dirty.insert(job)
        case .tellExit(let job):
            parties[job]?.mustExit = true
            dirty.insert(job)
        case .kill(let job): parties[job]?.process?.signal(9)
        case .record(let key, let change, let job): record(key, change, from: job)
        case .quarantine(let key, let reason, let job):
            log.write("error: \(key) is set aside: \(reason)")
            // The whole message goes.
            for ended in [key] + schedule.keys(of: EntryName(message: key.message, entry: -1)) {
                countEnd(ended)
                returnReasons[ended] = nil
            }
            store.quarantine(key, reason: reason)
            finished(key, by: job)
            if let job { acknowledge(key, to: job) }
        case .acknowledge(let key, let job):
            finished(key, by: job)
            acknowledge(key, to: job)
        case .report(let line): log.write(line)
        }
    }

    private func acknowledge(_ key: QueueEntryKey, to job: JobID) {
        parties[job]?.durable.append(key)
        dirty.insert(job)
    }

    /// The job is through with the entry.
    private func finished(_ key: QueueEntryKey, by job: JobID?) {
        guard let job, parties[job]?.inHand.remove(key) != nil else { return }
        store.unpin(key)
    }

    private func assign(_ job: JobID, _ thread: UInt32, _ list: [DeliverySchedule.Assignment]) {
        var count = 0
        for assignment in list {
            guard let entry = store.entry(assignment.key), let location = store.pin(assignment.key) else {
                schedule.vanished(assignment.key, now: now)
                returnReasons[assignment.key] = nil
                continue
            }
            parties[job]?.inHand.insert(assignment.key)
            parties[job]?.items.append(
                ItemMessage(
                    thread: thread, key: assignment.key, location: location, attempts: assignment.attempts,
                    host: assignment.host, pending: entry.pending, notice: assignment.notice,
                    reason: assignment.notice == .returned ? returnReasons[assignment.key] ?? "" : "",
                    history: entry.lastAttempt > 0 ? store.history(assignment.key) : []))
            count += 1
        }
        // Nothing is left of what was meant for the thread: it gets something else.
        if count == 0 {
            schedule.workAsked(job, [WorkRequest(thread: thread, count: list.count)], now: now)
        }
        dirty.insert(job)
    }

    /// Writes a change to the ledger; the job hears of it when it is durable.
    private func record(_ key: QueueEntryKey, _ change: DeliverySchedule.LedgerChange, from job: JobID?) {
        let record: LedgerRecord
        if let job { parties[job]?.count(change) }
        count(key, change)
        switch change {
        case .done:
            returnReasons[key] = nil
            record = .done(key, time: now / 1000)
        case .attempt(let outcomes, let attempts, let next, let warned):
            if let known = store.entry(key), warned > known.warned {
                store.record(.warned(key, threshold: warned)) { _ in }
            }
            let nextTime = next > now ? (next + 999) / 1000 : 0
            record = .attempt(
                key, AttemptRecord(time: now / 1000, outcomes: outcomes, attempts: attempts, nextTime: nextTime))
        case .hold(let reason): record = .hold(key, reason: reason)
        case .release: record = .release(key)
        case .delete(let login):
            returnReasons[key] = nil
            record = .delete(key, by: login)
        case .requeue(let id):
            returnReasons[key] = nil
            record = .requeue(key, as: id)
        }
        let acknowledgements = self.acknowledgements
        store.record(record) { result in
            // After a failure the job keeps its report and gives it to the next Job Controller.
            if let job, case .success = result { acknowledgements.add(job, key) }
        }
        finished(key, by: job)
    }

    func takeAcknowledgements() {
        for (job, key) in acknowledgements.take() { acknowledge(key, to: job) }
    }

    /// Sends what has collected for a job in this round.
    private func sendWaiting(_ job: JobID) {
        guard let party = parties[job], !party.isBroken else { return }
        for message in party.takeMessages() {
            log.debug(.traffic, "to job \(job) of \(party.channel): \(message)")
            do throws(ControlSocket.Failure) {
                if let process = party.process {
                    try process.control.send(message)
                } else if let peer = party.peer {
                    try peers[peer]?.control.send(message)
                }
            } catch {
                // Its outcomes came before its end: they count, or what it delivered would be delivered again.
                if error == .closed { while receive(fromJob: job) {} }
                broken(party, error)
                return
            }
        }
        watchForWriting(party)
    }

    func watchForWriting(_ party: WorkParty) {
        guard let process = party.process, process.control.wantsToWrite != party.isWatchedForWriting else { return }
        party.isWatchedForWriting = process.control.wantsToWrite
        let interest: Poller.Interest = party.isWatchedForWriting ? [.readable, .writable] : .readable
        try? poller.change(process.control.descriptor, interest, token: Self.token(.job, party.job))
    }
}
