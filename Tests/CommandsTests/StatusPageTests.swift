import FoundationEssentials
import Testing

@testable import Commands

/// Golden pages of `martlet status`, from answers as the daemons write them.
@Suite struct StatusPageTests {
    private static let answer = #"""
        {"services":[{"name":"SMTP","ports":[25],"state":"running","reason":null,"workers":[
        {"pid":4711,"number":1,"state":"running","active":3,"pending":1,"total":120,"peak":9,
        "born":"2026-01-02T03:04:05Z","image":"echo 1","generation":2},
        {"pid":12,"number":2,"state":"draining","active":0,"pending":0,"total":7,"peak":2,
        "born":"2026-01-02T03:04:06Z","image":"echo 1"}],
        "connections":{"current":4,"waiting":0,"peak":9,"capacity":20,"accepted":127,"completed":122,"moved":0,
        "lost":1,"dropped":0,"concurrent":{"minimum":0,"average":2,"maximum":9},"per_hour":null,"this_hour":4,
        "milliseconds":{"minimum":1,"average":250,"maximum":90000}},"denied":5,
        "handoff":{"count":127,"median_below":64,"p99_below":512,"buckets":[],
        "limited":{"now":false,"count":1,"milliseconds":20}},"failed_starts":0,
        "listeners":[{"port":25,"address":"10.0.0.1:25","tls":false,"state":"accepting","handoffs":1}],
        "saturation":{"now":true,"count":2,"milliseconds":64000},
        "limits":{"min_procs":1,"max_procs":2,"min_conns":1,"max_conns":10,"max_handoffs":5}},
        {"name":"OLD","ports":[587,465],"workers":[]}]}
        """#

    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    @Test func overview() throws {
        var page = StatusPage(isColoured: false)
        page.add(try decode(DispatcherStatus.self, Self.answer).services)
        #expect(
            page.lines == [
                "SERVICE  PORTS    STATE    WORKERS  CONNECTIONS  PEAK  ACCEPTED  DENIED",
                "SMTP     25       running      2/2         4/20     9       127       5",
                "OLD      587 465                 0",
                "",
                "SERVICE   PID  WORKER    ACTIVE  PENDING  TOTAL  PEAK  CONFIG  BORN",
                "SMTP     4711  running        3        1    120     9       2  2026-01-02T03:04:05Z",
                "           12  draining       0        0      7     2          2026-01-02T03:04:06Z",
                "SMTP is at capacity: clients wait for a banner (raise MAX_PROCS or MAX_CONNS)",
            ])
    }

    @Test func coloursShowStates() throws {
        var page = StatusPage(isColoured: true)
        page.add(try decode(DispatcherStatus.self, Self.answer).services)
        #expect(page.lines[1].contains("\u{1B}[32mrunning\u{1B}[0m      2/2         \u{1B}[31m4/20\u{1B}[0m"))
        #expect(page.lines[6].contains("\u{1B}[33mdraining\u{1B}[0m"))
        #expect(page.lines[7].hasPrefix("\u{1B}[33mSMTP is at capacity"))
    }

    @Test func details() throws {
        var page = StatusPage(isColoured: false)
        let status = try decode(DispatcherStatus.self, Self.answer)
        let service = try #require(status.services.first)
        page.addDetails(service)
        #expect(
            page.lines == [
                "STATISTICS                MINIMUM  AVERAGE  MAXIMUM",
                "concurrent connections          0        2        9",
                "connections an hour             -        -        -",
                "connection, milliseconds        1      250    90000",
                "",
                "122 completed, 1 lost, 0 dropped, 0 waiting",
                "At capacity 2 times, 1m04s in all, and now",
                "Handoffs: half below 64 microseconds, 99 of 100 below 512",
                "Limited by MAX_HANDOFFS once, 0s in all",
            ])
    }

    /// What clients say of themselves cannot move the cursor.
    @Test func connectionsAndHistory() throws {
        var page = StatusPage(isColoured: false)
        let connection = #"""
            "id":17,"worker":2,"local":"10.0.0.1:25","remote":"192.0.2.7:4001","ident":"\u001b[2Jfred",
            "began":"2026-01-02T03:04:05Z","ended":null,"seconds":75,"in":100,"out":2000,"reason":"closed"
            """#
        page.addConnections(
            try decode(ConnectionList.self, "{\"name\":\"SMTP\",\"omitted\":3,\"connections\":[{\(connection)}]}"))
        let workers = #""workers":[{"pid":9,"number":1,"total":4,"peak":2,"born":"a","ended":"b","ending":"killed"}]"#
        let history = "{\"name\":\"SMTP\",\"historical_time\":3600,\"connections\":[{\(connection)}],\(workers)}"
        page.addHistory(try decode(ConnectionList.self, history))
        #expect(
            page.lines == [
                "CONNECTION  WORKER  CLIENT          SERVER       USER         SINCE",
                "        17       2  192.0.2.7:4001  10.0.0.1:25  \\x1B[2Jfred  1m15s",
                "and 3 more",
                "",
                "Closed connections of the last 1h00m:",
                "CONNECTION  CLIENT          USER         BEGAN                 LASTED   IN   OUT  END",
                "        17  192.0.2.7:4001  \\x1B[2Jfred  2026-01-02T03:04:05Z   1m15s  100  2000  closed",
                "",
                "PID  TOTAL  PEAK  BORN  ENDED  END",
                "  9      4     2  a     b      killed",
            ])
    }

    @Test func queues() throws {
        let status = try decode(
            QueueStatus.self,
            #"""
            {"ok":true,"channels":[{"name":"l","pool":"LOCAL","jobs":0,"ready":0,"delayed":0,"active":0,"held":0,
            "stopped":false,"oldest":null},{"name":"tcp_local","pool":"SMTP","jobs":2,"ready":10,"delayed":3,
            "active":1,"held":1,"stopped":true,"oldest":1000}],"jobs":[],"pools":[]}
            """#)
        var page = StatusPage(isColoured: false)
        page.add(status, now: 1000 + 7384)
        #expect(
            page.lines == [
                "CHANNEL    POOL  JOBS  READY  DELAYED  ACTIVE  HELD  OLDEST  STATE",
                "tcp_local  SMTP     2     10        3       1     1   2h03m  stopped",
            ])
        var coloured = StatusPage(isColoured: true)
        coloured.add(status, now: 8384)
        #expect(coloured.lines[0].hasPrefix("\u{1B}[1mCHANNEL\u{1B}[0m    \u{1B}[1mPOOL\u{1B}[0m"))
        #expect(coloured.lines[1].hasSuffix("     \u{1B}[33m1\u{1B}[0m   2h03m  \u{1B}[33mstopped\u{1B}[0m"))
        #expect(
            coloured.lines.map { ScreenWatch.cut($0, 9) } == [
                "\u{1B}[1mCHANNEL\u{1B}[0m  \u{1B}[0m", "tcp_local\u{1B}[0m",
            ])
    }

    @Test(arguments: [
        (-5, "0s"), (0, "0s"), (59, "59s"), (60, "1m00s"), (3599, "59m59s"), (3600, "1h00m"), (86_399, "23h59m"),
        (180_000, "2d02h"),
    ])
    func age(seconds: Int, text: String) {
        #expect(StatusPage.age(seconds) == text)
    }
}

@Suite struct ScreenWatchTests {
    @Test func frame() {
        #expect(
            ScreenWatch.frame(["abc", "de", "f"], rows: 3, columns: 2) == "\u{1B}[Hab\u{1B}[K\nde\u{1B}[K\u{1B}[J")
        #expect(ScreenWatch.frame([], rows: 3, columns: 2) == "\u{1B}[H\u{1B}[K\u{1B}[J")
    }

    @Test(arguments: [
        ("plain", 10, "plain"), ("plain", 3, "pla"), ("\u{1B}[32mrunning\u{1B}[0m", 7, "\u{1B}[32mrunning\u{1B}[0m"),
        ("\u{1B}[32mrunning\u{1B}[0m", 3, "\u{1B}[32mrun\u{1B}[0m"), ("", 0, ""),
    ])
    func cut(line: String, columns: Int, expected: String) {
        #expect(ScreenWatch.cut(line, columns) == expected)
    }
}

@Suite struct StatusMetricsTests {
    @Test func queues() {
        let status = QueueStatus(
            channels: [
                .init(name: "tcp\"x", pool: "SMTP", jobs: 2, ready: 10, delayed: 3, active: 1, held: 0, oldest: 1000)
            ], pools: [.init(name: "SMTP", limit: 7, jobs: 2)], queue: nil)
        #expect(
            StatusMetrics.components([("dispatcher", true), ("job_controller", false)])
                + StatusMetrics.queues(status, now: 1075) == #"""
                    # HELP martlet_up 1 when the component answered.
                    # TYPE martlet_up gauge
                    martlet_up{component="dispatcher"} 1
                    martlet_up{component="job_controller"} 0
                    # HELP martlet_channel_messages Queue entries by state.
                    # TYPE martlet_channel_messages gauge
                    martlet_channel_messages{channel="tcp\"x",state="ready"} 10
                    martlet_channel_messages{channel="tcp\"x",state="delayed"} 3
                    martlet_channel_messages{channel="tcp\"x",state="active"} 1
                    martlet_channel_messages{channel="tcp\"x",state="held"} 0
                    # HELP martlet_channel_jobs Jobs at work.
                    # TYPE martlet_channel_jobs gauge
                    martlet_channel_jobs{channel="tcp\"x"} 2
                    # HELP martlet_channel_stopped 1 when an administrator stopped the channel.
                    # TYPE martlet_channel_stopped gauge
                    martlet_channel_stopped{channel="tcp\"x"} 0
                    # HELP martlet_channel_oldest_arrival_timestamp_seconds \#
                    Arrival of the oldest entry that is not held, seconds since 1970; no sample without one.
                    # TYPE martlet_channel_oldest_arrival_timestamp_seconds gauge
                    martlet_channel_oldest_arrival_timestamp_seconds{channel="tcp\"x"} 1000
                    # HELP martlet_channel_oldest_age_seconds Age of the oldest entry that is not held; 0 without one.
                    # TYPE martlet_channel_oldest_age_seconds gauge
                    martlet_channel_oldest_age_seconds{channel="tcp\"x"} 75
                    # HELP martlet_pool_jobs Jobs at work in the pool.
                    # TYPE martlet_pool_jobs gauge
                    martlet_pool_jobs{pool="SMTP"} 2
                    # HELP martlet_pool_job_limit JOB_LIMIT of the pool.
                    # TYPE martlet_pool_job_limit gauge
                    martlet_pool_job_limit{pool="SMTP"} 7

                    """#)
    }
}
