import Envelope
import Glibc
import MasterKit
import Spool
import Testing

@testable import JobController

/// Random histories from a seed, against ``ScheduleModel``: no entry is lost or handed out twice, none too early, none
/// past a stop, the limits hold, the order within a host holds, and everything is delivered in the end.
/// MARTLET_SIMULATION_SEED and MARTLET_SIMULATION_SEEDS choose others and more.
@Suite struct ScheduleModelTests {
    private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

    /// Some seeds in each test, so that the cores share the work.
    @Test(arguments: UInt64(0)..<4)
    func randomHistories(part: UInt64) {
        let first = Self.number("MARTLET_SIMULATION_SEED") ?? 1
        let count = max(1, Self.number("MARTLET_SIMULATION_SEEDS") ?? 1000)
        for seed in stride(from: first &+ part, to: first &+ count, by: 4) {
            var model = ScheduleModel(seed: seed)
            var step = 0
            do throws(ScheduleModel.Violation) {
                while step < 80 {
                    try model.act()
                    try model.settle()
                    if step % 10 == 0 { try model.check() }
                    step += 1
                }
                try model.finish()
            } catch {
                Issue.record("seed \(seed), step \(step): \(error.text)")
                return
            }
        }
    }
}

extension ScheduleModel {
    /// One random event.
    mutating func act() throws(Violation) {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: enqueue()
        case 30..<55: work()
        case 55..<75: try report()
        case 75..<78: if let job = anyJob() { die(job) }
        case 78..<80: adopt()
        case 80..<88: operate()
        case 88..<92: stopOrStart()
        case 92: schedule.configure(Self.settings(&random), now: now)
        default: advance(Int64.random(in: 1...(2 * hour), using: &random))
        }
    }

    private mutating func enqueue() {
        lastKey += 1
        let entry = Entry(
            channel: Self.channels.randomElement(using: &random) ?? "",
            host: "h\(Int.random(in: 0..<5, using: &random))",
            priority: Priority.allCases.randomElement(using: &random) ?? .normal, arrival: now,
            pending: Int.random(in: 1...3, using: &random),
            due: Int.random(in: 0..<8, using: &random) == 0 ? now + hour : now)
        let isHeld = Int.random(in: 0..<15, using: &random) == 0
        entries[key(lastKey)] = entry
        if isHeld { entries[key(lastKey)]?.state = .held }
        schedule.known(
            NewEntry(
                key: key(lastKey), channel: entry.channel, host: entry.host, priority: entry.priority, arrival: now,
                pending: entry.pending, nextAttempt: entry.due > now ? entry.due : 0, isHeld: isHeld), now: now)
    }

    private mutating func anyJob() -> JobID? { jobs.keys.sorted().randomElement(using: &random) }

    private mutating func anyKey() -> QueueEntryKey { key(Int.random(in: 0...(lastKey + 1), using: &random)) }

    /// A job asks for work with the threads that have none, fails to start, or ends as it was told.
    private mutating func work() {
        guard let job = anyJob(), let state = jobs[job], state.pool != nil else { return }
        if state.isTold {
            if state.keys.isEmpty { die(job) }
            return
        }
        if !state.hasAsked, Int.random(in: 0..<8, using: &random) == 0 {
            jobs[job] = nil
            return schedule.spawnFailed(job, now: now)
        }
        let most = schedule.settings.channels[state.channel]?.clientThreads ?? 1
        let free = (1...UInt32(most)).filter { state.hands[$0] == nil && state.waiting[$0] == nil }
        let asking = free.filter { _ in Int.random(in: 0..<4, using: &random) > 0 }
        guard !asking.isEmpty else { return }
        let requests = asking.map { WorkRequest(thread: $0, count: Int.random(in: 1...3, using: &random)) }
        jobs[job]?.hasAsked = true
        for request in requests { jobs[job]?.waiting[request.thread] = request.count }
        schedule.workAsked(job, requests, now: now)
    }

    /// A job reports an entry, or gives it back.
    private mutating func report() throws(Violation) {
        guard let job = jobs.keys.sorted().filter({ jobs[$0]?.keys.isEmpty == false }).randomElement(using: &random),
            let key = jobs[job]?.keys.randomElement(using: &random), var entry = entries[key]
        else { return }
        drop(key, from: job)
        if Int.random(in: 0..<10, using: &random) == 0 {
            entry.state = .queued
            entry.due = now
            if entry.holdsAfterAttempt {
                hold(&entry)
                expected.append("\(key) hold")
            }
            entries[key] = entry
            return schedule.released(job, key, now: now)
        }
        try report(job, key, entry)
    }

    private mutating func report(_ job: JobID, _ key: QueueEntryKey, _ known: Entry) throws(Violation) {
        var entry = known
        let kinds: [RecipientOutcome.Result] = [.delivered, .failedTemporarily, .failedTemporarily, .failedPermanently]
        var report = OutcomeReport(
            key: key,
            results: (0..<entry.pending).map {
                RecipientOutcome(recipient: $0, result: kinds.randomElement(using: &random) ?? .delivered)
            }, isStressed: Int.random(in: 0..<20, using: &random) == 0)
        if Int.random(in: 0..<10, using: &random) == 0 { report.retryAfter = 5000 }
        if Int.random(in: 0..<40, using: &random) == 0 { (report.results, report.unreadable) = ([], "damaged") }
        let settled = report.results.count { $0.result != .failedTemporarily }
        entry.deaths = 0
        if report.unreadable != nil {
            entry.state = .ended
            expected.append("\(key) quarantine")
        } else if settled == entry.pending {
            entry.state = .ended
            expected.append("\(key) done")
        } else {
            entry.state = .queued
            entry.pending -= settled
            entry.attempts = settled > 0 ? 0 : entry.attempts + 1
            let wait = report.retryAfter ?? BackoffTable().wait(after: entry.attempts, entry.priority)
            entry.due = settled > 0 ? now : now + wait
            expected.append("\(key) attempt \(entry.attempts) \(entry.due)")
            if entry.holdsAfterAttempt {
                hold(&entry)
                expected.append("\(key) hold")
            }
        }
        entries[key] = entry
        schedule.outcome(job, report, now: now)
    }

    /// A process of a former Job Controller connects.
    private mutating func adopt() {
        let keys = Set((0..<3).map { _ in anyKey() }).sorted()
        let job = schedule.adopt(holding: keys, now: now)
        jobs[job] = Job(channel: "", pool: nil, hasAsked: true, isTold: true)
        for key in keys where entries[key]?.state == .queued || entries[key]?.state == .held {
            if entries[key]?.state == .held { entries[key]?.holdsAfterAttempt = true }
            entries[key]?.state = .inHand(job)
            jobs[job]?.hands[0, default: []].append(key)
        }
    }

    /// What an operator does to an entry.
    private mutating func operate() {
        let key = anyKey()
        guard var entry = entries[key], entry.state != .ended else { return }
        let isInHand = if case .inHand = entry.state { true } else { false }
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            if isInHand {
                entry.holdsAfterAttempt = true
            } else if entry.state == .queued {
                hold(&entry)
                expected.append("\(key) hold")
            }
            _ = schedule.hold(key, reason: "test")
        case 1:
            if entry.state == .held {
                (entry.state, entry.due, entry.isFirst) = (.queued, now, true)
                expected.append("\(key) release")
            }
            _ = schedule.release(key, now: now)
        case 2:
            if !isInHand {
                entry.state = .ended
                expected.append("\(key) delete")
            }
            _ = schedule.delete(key)
        case 3:
            if !isInHand { (entry.state, entry.due, entry.isFirst) = (.queued, now, true) }
            _ = schedule.returnToSender(key, now: now)
        default:
            let host = entry.host
            let isSorted = schedule.settings.channels[entry.channel]?.isHostSorted ?? false
            for (other, known) in entries where known.state == .queued && known.channel == entry.channel {
                if !isSorted || known.host == host { entries[other]?.due = min(known.due, now) }
            }
            _ = schedule.run(channel: entry.channel, host: host, now: now)
            return
        }
        entries[key] = entry
    }

    private mutating func stopOrStart() {
        let channel = Self.channels.randomElement(using: &random) ?? ""
        let host =
            channel == "tcp_local" && Bool.random(using: &random) ? "h\(Int.random(in: 0..<5, using: &random))" : nil
        set(.init(channel, host: host), isStopped: Int.random(in: 0..<3, using: &random) == 0)
    }

    private mutating func set(_ target: StoppedChannels.Target, isStopped: Bool) {
        if isStopped { stopped.insert(target) } else { stopped.remove(target) }
        switch (target.host, isStopped) {
        case (let host?, true): schedule.stop(channel: target.channel, host: host)
        case (let host?, false): schedule.start(channel: target.channel, host: host, now: now)
        case (nil, true): schedule.stop(channel: target.channel)
        case (nil, false): schedule.start(channel: target.channel, now: now)
        }
    }

    private mutating func advance(_ time: Int64) {
        let end = now + time
        if let next = schedule.nextTime(now: now), next < end { now = max(now, next) } else { now = end }
        schedule.tick(now: now)
    }

    /// Everything is started again, jobs behave, and what is not held is delivered within a few rounds.
    mutating func finish() throws(Violation) {
        for target in stopped.sorted() { set(target, isStopped: false) }
        for _ in 0..<400 {
            try settle()
            for job in jobs.keys.sorted() { try behave(job) }
            advance(hour)
            if entries.values.allSatisfy({ $0.state == .held || $0.state == .ended }) { break }
        }
        try settle()
        try check()
        let left = entries.filter { $0.value.state != .held && $0.value.state != .ended }.keys.sorted()
        try require(left.isEmpty, "never delivered: \(left)")
    }

    private mutating func behave(_ job: JobID) throws(Violation) {
        for key in jobs[job]?.keys ?? [] {
            guard let pending = entries[key]?.pending else { continue }
            drop(key, from: job)
            entries[key]?.state = .ended
            expected.append("\(key) done")
            let results = (0..<pending).map { RecipientOutcome(recipient: $0, result: .delivered) }
            schedule.outcome(job, OutcomeReport(key: key, results: results), now: now)
            try settle()
        }
        guard let state = jobs[job] else { return }
        if state.isTold { return die(job) }
        let most = schedule.settings.channels[state.channel]?.clientThreads ?? 1
        let free = (1...UInt32(most)).filter { state.hands[$0] == nil && state.waiting[$0] == nil }
        jobs[job]?.hasAsked = true
        for thread in free { jobs[job]?.waiting[thread] = 2 }
        schedule.workAsked(job, free.map { WorkRequest(thread: $0, count: 2) }, now: now)
        try settle()
    }
}
