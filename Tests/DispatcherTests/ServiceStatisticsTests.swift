import OptionSyntax
import Testing

@testable import Dispatcher

@Suite struct ServiceStatisticsTests {
    @Test func minimumAverageMaximum() {
        var summary = Summary()
        #expect(summary.mean == 0)
        for value in [5, 1, 9] as [Int64] { summary.add(value) }
        #expect((summary.minimum, summary.maximum, summary.mean, summary.count) == (1, 9, 5, 3))
    }

    @Test func occupancyCountsTimes() {
        var occupancy = Occupancy()
        occupancy.note(false, at: 0)
        occupancy.note(true, at: 10)
        occupancy.note(true, at: 15)
        #expect((occupancy.count, occupancy.total(at: 30), occupancy.since) == (1, 20, 10))
        occupancy.note(false, at: 40)
        occupancy.note(true, at: 100)
        occupancy.note(false, at: 101)
        #expect((occupancy.count, occupancy.total(at: 500), occupancy.since) == (2, 31, nil))
    }

    @Test func minuteReportSpeaksOfLongLimits() {
        var minutes = MinuteReport()
        var occupancy = Occupancy()
        #expect(minutes.isDue(at: seconds(100)) && !minutes.isDue(at: seconds(159)))
        occupancy.note(true, at: seconds(150))
        #expect(minutes.isDue(at: seconds(160)) && minutes.limitedSeconds(occupancy, at: seconds(160)) == 10)
        occupancy.note(false, at: seconds(165))
        #expect(minutes.limitedSeconds(occupancy, at: seconds(220)) == nil)
        #expect(minutes.limitedSeconds(occupancy, at: seconds(280)) == nil)
    }

    @Test func fullHoursOnly() {
        var statistics = ServiceStatistics()
        statistics.sample(connections: 2, at: 0)
        statistics.accepted = 7
        statistics.sample(connections: 4, at: seconds(3599))
        #expect(statistics.perHour.count == 0 && statistics.thisHour == 7)
        statistics.sample(connections: 0, at: seconds(3600))
        statistics.accepted = 10
        statistics.sample(connections: 0, at: seconds(7200))
        #expect((statistics.perHour.minimum, statistics.perHour.maximum) == (3, 7))
        #expect(statistics.thisHour == 0)
        #expect((statistics.concurrent.minimum, statistics.concurrent.maximum) == (0, 4))
    }

    @Test func countsGoOnAfterATakeOverAndTheHourBeginsAnew() {
        var before = ServiceStatistics()
        (before.accepted, before.denied, before.turnedAway, before.crashes) = (50, 3, 2, 1)
        before.refusals = [.onDNSList: 2, .spokeFirst: 1]
        var after = ServiceStatistics(inheriting: TakeOverState.counters.map { before[keyPath: $0] })
        #expect((after.accepted, after.denied, after.turnedAway, after.crashes) == (50, 3, 2, 1))
        #expect(after.refusals == before.refusals)
        #expect(after.thisHour == 0)
        after.sample(connections: 0, at: 0)
        after.accepted += 4
        after.sample(connections: 0, at: seconds(3600))
        #expect(after.perHour.maximum == 4)
    }

    /// P4 and P5 of the dispatcher specification, section 15: at capacity the clock of saturation runs.
    @Test func saturationOfAPool() {
        var limits = PoolLimits()
        (limits.minProcs, limits.maxProcs, limits.minConns, limits.maxConns) = (1, 1, 1, 2)
        var pool = ServicePool(limits: limits, listeners: 1)
        _ = pool.start(at: 0)
        _ = pool.ready(WorkerID(1), at: 0)
        for number in 1...2 {
            let id = pool.accepted(listener: 0, at: seconds(number))
            _ = pool.admitted(id, at: seconds(number))
            _ = pool.confirmed(id, by: WorkerID(1), at: seconds(number) + 5_000)
        }
        #expect(!pool.mayAccept(0, at: seconds(3)))
        #expect(pool.statistics.saturation.since == seconds(2))
        _ = pool.done(ConnectionID(1), by: WorkerID(1), at: seconds(12))
        #expect(pool.statistics.saturation.since == nil)
        #expect(pool.statistics.saturation.total(at: seconds(99)) == seconds(10))
        #expect(pool.statistics.saturation.count == 1)
        // 5 µs: the bucket of those below 8 µs.
        #expect(pool.statistics.handoffLatency.buckets[3] == 2)
        #expect(pool.statistics.handoffLatency.sum == 10_000)
    }

    @Test func handoffLimitOfAPool() {
        var limits = PoolLimits()
        limits.maxHandoffs = 1
        var pool = ServicePool(limits: limits, listeners: 2)
        _ = pool.start(at: 0)
        _ = pool.ready(WorkerID(1), at: 0)
        let id = pool.accepted(listener: 1, at: 10)
        _ = pool.admitted(id, at: 10)
        #expect(pool.statistics.handoffLimit.since == 10)
        _ = pool.confirmed(id, by: WorkerID(1), at: 25)
        #expect(pool.statistics.handoffLimit.total(at: 99) == 15)
    }
}

/// Golden texts of `status` and `metrics`.
@Suite struct ServiceReportTests {
    private func report() -> ServiceReport {
        var limits = PoolLimits()
        (limits.minProcs, limits.maxProcs, limits.minConns, limits.maxConns) = (1, 2, 1, 10)
        var pool = ServicePool(limits: limits, listeners: 1)
        _ = pool.start(at: 0)
        _ = pool.ready(WorkerID(1), at: 0)
        for _ in 1...2 {
            let id = pool.accepted(listener: 0, at: 0)
            _ = pool.admitted(id, at: 0)
            _ = pool.confirmed(id, by: WorkerID(1), at: 100_000)
        }
        _ = pool.done(ConnectionID(1), by: WorkerID(1), at: seconds(3) / 2)
        let refused = pool.accepted(listener: 0, at: 0)
        _ = pool.refused(refused, .spokeFirst, at: 0)
        pool.turnedAway()
        var report = ServiceReport(name: "SM\"TP", state: "running")
        report.listeners = [
            .init(port: 25, address: "10.0.0.1:25", isImplicitTLS: false, state: "accepting", handoffs: 0)
        ]
        report.workers = pool.workers.map { .init(processID: 99, image: "echo 1", born: 1000, $0) }
        report.current = pool.connections.count
        report.limits = pool.limits
        report.statistics = pool.statistics
        report.now = seconds(2)
        return report
    }

    @Test func status() {
        let zeros = [String](repeating: "0", count: 24).joined(separator: ",")
        #expect(
            report().json.text == """
                {"name":"SM\\"TP","ports":[25],"state":"running","reason":null,"workers":[\
                {"pid":99,"number":1,"state":"running","active":1,"pending":0,"total":2,"peak":2,\
                "born":"1970-01-01T00:16:40Z","image":"echo 1","generation":1},\
                {"pid":99,"number":2,"state":"starting","active":0,"pending":0,"total":0,"peak":0,\
                "born":"1970-01-01T00:16:40Z","image":"echo 1","generation":1}],\
                "connections":{"current":1,"waiting":0,"peak":2,"capacity":20,"accepted":3,"completed":1,"moved":0,\
                "lost":0,"dropped":0,"concurrent":null,"per_hour":null,"this_hour":3,\
                "milliseconds":{"minimum":1500,"average":1500,"maximum":1500}},"denied":1,\
                "denials":{"port_access":0,"dns_list":0,"too_many_of_client":0,"pregreet":1},"busy_replies":1,"accept_failures":0,\
                "handoff":{"count":2,"median_below":128,"p99_below":128,"buckets":[0,0,0,0,0,0,0,2,\(zeros)],\
                "limited":{"now":false,"count":0,"milliseconds":0}},"failed_starts":0,"crashes":0,\
                "workers_started":2,"listeners":[\
                {"port":25,"address":"10.0.0.1:25","tls":false,"state":"accepting","handoffs":0}],\
                "saturation":{"now":false,"count":0,"milliseconds":0},\
                "limits":{"min_procs":1,"max_procs":2,"min_conns":1,"max_conns":10,"max_handoffs":5}}
                """)
    }

    @Test func metrics() {
        let text = ServiceMetrics.text([report()], began: 1_700_000_000)
        for line in [
            "martlet_dispatcher_start_time_seconds 1700000000",
            #"martlet_service_up{service="SM\"TP"} 1"#,
            #"martlet_service_capacity{service="SM\"TP"} 20"#,
            #"martlet_service_connections{service="SM\"TP"} 1"#,
            #"martlet_service_workers{service="SM\"TP",state="starting"} 1"#,
            #"martlet_service_workers{service="SM\"TP",state="running"} 1"#,
            #"martlet_service_workers{service="SM\"TP",state="draining"} 0"#,
            #"martlet_service_connections_accepted_total{service="SM\"TP"} 3"#,
            #"martlet_service_denials_total{service="SM\"TP",cause="dns_list"} 0"#,
            #"martlet_service_denials_total{service="SM\"TP",cause="pregreet"} 1"#,
            #"martlet_service_busy_replies_total{service="SM\"TP"} 1"#,
            #"martlet_service_saturated_seconds_total{service="SM\"TP"} 0"#,
            "# TYPE martlet_service_connection_seconds summary",
            #"martlet_service_connection_seconds_sum{service="SM\"TP"} 1.5"#,
            #"martlet_service_connection_seconds_count{service="SM\"TP"} 1"#,
            "# TYPE martlet_service_handoff_seconds histogram",
            #"martlet_service_handoff_seconds_bucket{service="SM\"TP",le="0.000064"} 0"#,
            #"martlet_service_handoff_seconds_bucket{service="SM\"TP",le="0.000256"} 2"#,
            #"martlet_service_handoff_seconds_bucket{service="SM\"TP",le="16.777216"} 2"#,
            #"martlet_service_handoff_seconds_bucket{service="SM\"TP",le="+Inf"} 2"#,
            #"martlet_service_handoff_seconds_sum{service="SM\"TP"} 0.0002"#,
            #"martlet_service_handoff_seconds_count{service="SM\"TP"} 2"#,
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
    }

    /// The format wants each family once, its HELP and TYPE before its samples, and nothing between them.
    @Test func metricsAreWellFormed() {
        var families: Set<String> = []
        var current = ""
        let text = ServiceMetrics.text([report(), ServiceReport(name: "B", state: "disabled")], began: 0)
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# HELP ") {
                current = String(line.split(separator: " ")[2])
                #expect(families.insert(current).inserted)
            } else if !line.hasPrefix("# TYPE ") {
                #expect(line.hasPrefix(current))
            }
        }
        #expect(families.count > 20)
    }
}
