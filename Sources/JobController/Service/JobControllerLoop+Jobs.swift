import Envelope
import Glibc
import MasterKit
import ProcessPool
import Spool
import SystemCalls

/// Jobs: starting them, what they say, and their end.
extension JobControllerLoop {
    func startJob(_ job: JobID, _ channel: String) {
        guard let channelSettings = schedule.settings(of: channel), let command = channelSettings.masterCommand else {
            return schedule.spawnFailed(job, now: now)
        }
        let launch = SupervisedProcess.Launch(
            path: command, arguments: channelSettings.masterArguments,
            environment: environment(channel, channelSettings))
        do throws(SystemCallError) {
            let process = try SupervisedProcess.start(launch, log: log.descriptor)
            let party = WorkParty(job: job, process: process, channel: channel)
            parties[job] = party
            try poller.add(process.control.descriptor, token: Self.token(.job, job))
            try poller.add(process.exitDescriptor, token: Self.token(.jobEnd, job))
        } catch {
            log.write("error: cannot start \(command) for channel \(channel): \(error)")
            // A process that nobody watches must not go on; without watching it is not known when it ended.
            if let process = parties.removeValue(forKey: job)?.process {
                process.signal(SIGKILL)
                waitpid(process.processID, nil, 0)
            }
            schedule.spawnFailed(job, now: now)
        }
    }

    private func environment(_ channel: String, _ channelSettings: ChannelSettings) -> [String] {
        var environment = [
            "IMTA_CHANNEL=\(channel)", "MARTLET_ROOT=\(options.root)",
            "IMTA_JOB_CONTROLLER_SOCKET=\(options.socketPath)", "IMTA_QUEUE=\(options.queueDirectory)",
            "IMTA_MAX_CLIENT_THREADS=\(channelSettings.clientThreads)", "PATH=/usr/local/bin:/usr/bin:/bin",
            "LANG=C",
        ]
        if let zone = getenv("TZ") { environment.append("TZ=\(String(cString: zone))") }
        return environment + options.environment
    }

    /// At most this many messages of one job in a row, so that the others get their turn.
    private static var mostInARow: Int { 64 }

    /// Takes what a job has said. True when there may be more.
    @discardableResult
    func receive(fromJob number: UInt32) -> Bool {
        guard let party = parties[number], let process = party.process, !party.isBroken else { return false }
        do throws(ControlSocket.Failure) {
            // Although nothing can be sent any more, what it said before its end is still there to be read.
            do throws(ControlSocket.Failure) { try process.control.flush() } catch  where error == .closed {}
            for _ in 0..<Self.mostInARow {
                guard let incoming = try process.control.receive() else {
                    watchForWriting(party)
                    return false
                }
                take(incoming.message, from: party)
                if party.isBroken { return false }
            }
            return true
        } catch {
            broken(party, error)
            return false
        }
    }

    func take(_ message: ControlMessage, from party: WorkParty) {
        log.debug(.traffic, "from job \(party.job) of \(party.channel): \(message)")
        switch message.type {
        case .work:
            schedule.workAsked(party.job, message.groups.compactMap { WorkRequest($0) }, now: now)
        case .outcome:
            for group in message.groups { takeOutcome(group, from: party) }
        case .release:
            for key in EntryList.keys(in: message) { schedule.released(party.job, key, now: now) }
        default: break
        }
    }

    private func takeOutcome(_ group: Fields, from party: WorkParty) {
        guard let (read, isPart) = OutcomeReport.read(group) else {
            return broken(party, .malformed(.malformed("an outcome that cannot be read")))
        }
        var report = read
        if let earlier = party.partial, earlier.key == report.key { report.prepend(earlier) }
        // No entry has more recipients than an index can name; a job that goes on for ever is out of its mind.
        party.partial = isPart && report.results.count <= 100_000 ? report : nil
        if isPart { return }
        let pending = store.pending(report.key) ?? []
        report.results = Self.valid(report.results, pending: pending)
        schedule.outcome(party.job, report, now: now)
    }

    /// Results of recipients that were to be tried, the last one of each.
    static func valid(_ results: [RecipientOutcome], pending: [Int]) -> [RecipientOutcome] {
        if results.count == 1, let only = results.first, pending.contains(only.recipient) { return results }
        var last: [Int: RecipientOutcome] = [:]
        for result in results { last[result.recipient] = result }
        return pending.compactMap { last[$0] }
    }

    /// The socket of a job has failed. Its process is ending by itself if the socket was closed, else it is ended.
    func broken(_ party: WorkParty, _ failure: ControlSocket.Failure) {
        guard !party.isBroken else { return }
        party.isBroken = true
        party.brokenAt = now
        if let process = party.process {
            poller.remove(process.control.descriptor)
            if failure != .closed {
                log.write("error: job \(process.processID) of channel \(party.channel): \(failure); it is ended")
                process.signal(SIGKILL)
            }
        } else if let peer = party.peer {
            closePeer(peer)
        }
    }

    /// A job that has closed its socket has a minute to end.
    func killUnreachable() {
        for party in parties.values where party.isBroken && now - party.brokenAt > 60_000 {
            party.process?.signal(SIGKILL)
        }
    }

    func jobEnded(_ number: UInt32) {
        guard let party = parties[number], let process = party.process else { return }
        // What it said before its end counts.
        while receive(fromJob: number) {}
        guard let ending = process.reap() else { return }
        if ending != .orderly {
            log.write("job \(process.processID) of channel \(party.channel) ended: \(ending)")
        }
        if !party.isBroken { poller.remove(process.control.descriptor) }
        poller.remove(process.exitDescriptor)
        forget(party, isConfigurationError: ending == .configurationError)
    }

    func forget(_ party: WorkParty, isConfigurationError: Bool = false) {
        for key in party.inHand { store.unpin(key) }
        parties[party.job] = nil
        schedule.jobExited(party.job, isConfigurationError: isConfigurationError, now: now)
    }
}
