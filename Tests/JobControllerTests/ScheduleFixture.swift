import Envelope
import MasterKit
import Spool

@testable import JobController

let minute: Int64 = 60_000
let hour: Int64 = 3_600_000
let day: Int64 = 86_400_000

func key(_ number: Int, entry: UInt32 = 0) -> QueueEntryKey {
    QueueEntryKey(message: MessageID(rawValue: UInt64(number)), entry: entry)
}

/// A schedule with simulated jobs: each `startJob` becomes a job whose threads ask for work at once, and the test
/// decides what becomes of the entries in hand.
struct Simulation {
    struct Hand: Equatable {
        var job: JobID
        var thread: UInt32
        var key: QueueEntryKey
        var host: String
        var attempts: Int
        var notice: EntryNotice
    }

    var schedule: DeliverySchedule
    var now: Int64 = 1_700_000_000_000
    var threads = 10
    var prefetch = 1
    var hands: [Hand] = []
    var running: [JobID: String] = [:]
    var started = 0
    var told: Set<JobID> = []
    var reports: [String] = []
    var records: [(QueueEntryKey, DeliverySchedule.LedgerChange)] = []
    var quarantined: [QueueEntryKey] = []

    init(_ settings: JobControllerSettings) { schedule = DeliverySchedule(settings: settings) }

    init(pool: Int = 10, _ channels: [String: (inout ChannelSettings) -> Void]) {
        var settings = JobControllerSettings(pools: ["DEFAULT": pool])
        for (name, change) in channels {
            var channel = ChannelSettings()
            channel.masterCommand = "/bin/master"
            change(&channel)
            settings.channels[name] = channel
        }
        self.init(settings)
    }

    mutating func add(
        _ number: Int, _ channel: String = "tcp_local", host: String = "", _ priority: Priority = .normal,
        pending: Int = 1, held: Bool = false, next: Int64 = 0
    ) {
        schedule.known(
            NewEntry(
                key: key(number), channel: channel, host: host, priority: priority, arrival: now, pending: pending,
                nextAttempt: next, isHeld: held), now: now)
        settle()
    }

    /// Executes the actions until there are none.
    mutating func settle() {
        while true {
            let actions = schedule.takeActions()
            if actions.isEmpty { return }
            for action in actions { execute(action) }
        }
    }

    private mutating func execute(_ action: DeliverySchedule.Action) {
        switch action {
        case .startJob(let job, let channel):
            started += 1
            running[job] = channel
            let requests = (1...UInt32(threads)).map { WorkRequest(thread: $0, count: prefetch) }
            schedule.workAsked(job, requests, now: now)
        case .assign(let job, let thread, let list):
            for item in list {
                hands.append(
                    Hand(
                        job: job, thread: thread, key: item.key, host: item.host, attempts: item.attempts,
                        notice: item.notice))
            }
        case .tellExit(let job): told.insert(job)
        case .record(let key, let change, _): records.append((key, change))
        case .quarantine(let key, _, _): quarantined.append(key)
        case .report(let line): reports.append(line)
        case .noWork, .kill, .acknowledge: break
        }
        exitIdle()
    }

    private mutating func exitIdle() {
        for job in told.sorted() where !hands.contains(where: { $0.job == job }) {
            told.remove(job)
            running[job] = nil
            schedule.jobExited(job, now: now)
        }
    }

    /// Reports the outcome of an entry in hand; the thread asks again when it has none left.
    mutating func finish(_ key: QueueEntryKey, _ results: RecipientOutcome.Result...) {
        let outcomes = results.enumerated().map { RecipientOutcome(recipient: $0.offset, result: $0.element) }
        finish(OutcomeReport(key: key, results: outcomes))
    }

    /// Reports that an entry in hand was not tried.
    mutating func postpone(_ key: QueueEntryKey, by wait: Int64) {
        var report = OutcomeReport(
            key: key, results: [RecipientOutcome(recipient: 0, result: .failedTemporarily)], retryAfter: wait)
        report.isCounted = false
        finish(report)
    }

    private mutating func finish(_ report: OutcomeReport) {
        guard let index = hands.firstIndex(where: { $0.key == report.key }) else { return }
        let hand = hands.remove(at: index)
        schedule.outcome(hand.job, report, now: now)
        settle()
        if running[hand.job] != nil, !told.contains(hand.job),
            !hands.contains(where: { $0.job == hand.job && $0.thread == hand.thread })
        {
            schedule.workAsked(hand.job, [WorkRequest(thread: hand.thread, count: prefetch)], now: now)
        }
        settle()
        exitIdle()
        settle()
    }

    mutating func die(_ job: JobID) {
        hands.removeAll { $0.job == job }
        running[job] = nil
        told.remove(job)
        schedule.jobExited(job, now: now)
        settle()
    }

    /// Moves the clock to the next time something is due, or by `most` if nothing is due before.
    mutating func advance(_ most: Int64) {
        let end = now + most
        while let next = schedule.nextTime(now: now), next <= end {
            now = max(next, now + 1)
            schedule.tick(now: now)
            settle()
            exitIdle()
            settle()
        }
        now = end
        schedule.tick(now: now)
        settle()
    }

    func counts(_ channel: String = "tcp_local") -> ChannelQueue.StateCounts {
        guard let index = schedule.channelIndex[channel] else { return ChannelQueue.StateCounts() }
        return schedule.channels[index].counts
    }
}
