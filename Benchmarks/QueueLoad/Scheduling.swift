import Envelope
import Glibc
import JobController
import MasterKit
import Spool

/// What one event costs the schedule while `messages` others wait: a message becomes known, a thread asks for work, an
/// outcome comes. Processor time, the mean of 20 000 messages.
func scheduling(messages: Int, hosts: Int) {
    var settings = JobControllerSettings(pools: ["DEFAULT": 1])
    var channel = ChannelSettings()
    channel.masterCommand = "/bin/master"
    channel.clientThreads = 10
    // One job for all of it: what starting jobs costs is not measured here.
    channel.maximumLifeConnections = .max
    channel.maximumLifeAge = .max
    settings.channels["tcp_local"] = channel
    var bench = ScheduleBench(schedule: DeliverySchedule(settings: settings), hosts: hosts)
    for _ in 0..<messages { bench.add() }
    bench.startJob()
    bench.run(rounds: 100)
    // In turn, so that about as many wait as at the beginning.
    var enqueue = 0.0, work = 0.0
    let rounds = 100, batch = 200
    for _ in 0..<rounds {
        enqueue += processorTime { for _ in 0..<batch { bench.add() } }
        work += processorTime { bench.run(rounds: batch) }
    }
    let count = Double(rounds * batch)
    print(
        "{\"messages\": \(messages), \"enqueue_ns\": \(enqueue / count), \"work_ns\": \(work / count)}"
    )
}

private func processorTime(_ body: () -> Void) -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
    let start = now()
    body()
    return now() - start
}

private struct ScheduleBench {
    var schedule: DeliverySchedule
    let hosts: Int
    var added = 0
    var now: Int64 = 1_700_000_000_000
    var job: JobID?
    var hands: [(thread: UInt32, key: QueueEntryKey)] = []

    mutating func add() {
        added += 1
        let key = QueueEntryKey(message: MessageID(rawValue: UInt64(added)), entry: 0)
        schedule.known(
            NewEntry(key: key, channel: "tcp_local", host: "host\(added % hosts).example", arrival: now), now: now)
        settle()
    }

    /// One job with ten threads.
    mutating func startJob() {
        guard let job else { fail("the schedule has started no job") }
        schedule.workAsked(job, (1...10).map { WorkRequest(thread: $0, count: 1) }, now: now)
        settle()
    }

    /// An outcome and the next work, that many times.
    mutating func run(rounds: Int) {
        guard let job else { return }
        for round in 0..<rounds {
            guard !hands.isEmpty else { fail("no work is in hand") }
            let hand = hands.remove(at: round % hands.count)
            now += 1
            schedule.outcome(
                job, OutcomeReport(key: hand.key, results: [RecipientOutcome(recipient: 0, result: .delivered)]),
                now: now)
            schedule.workAsked(job, [WorkRequest(thread: hand.thread, count: 1)], now: now)
            settle()
        }
    }

    private mutating func settle() {
        for action in schedule.takeActions() {
            switch action {
            case .startJob(let started, _): job = started
            case .assign(_, let thread, let list): hands += list.map { (thread, $0.key) }
            default: break
            }
        }
    }
}
