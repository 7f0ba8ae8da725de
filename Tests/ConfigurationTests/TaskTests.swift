import Configuration
import Testing

/// Tasks of the Scheduler as they are configured: job-controller specification, sections 2, 3.5 and 12; commands
/// specification, section 8.3.
@Suite struct TaskTests {
    private func fields(_ text: String) throws -> CrontabFields {
        guard case .crontab(let fields) = try TaskTiming.parse(text + " x").get().timing else {
            throw TaskTiming.Fault("no crontab")
        }
        return fields
    }

    @Test(arguments: [
        ("30 0 * * *", [30]), ("0 0,4,8,12,16,20 * * *", [0, 240, 480, 720, 960, 1200]),
        ("*/20 1 * * *", [60, 80, 100]),
        ("5-10/5,59 2-3 * * *", [125, 130, 179, 185, 190, 239]), ("0 */6 * * *", [0, 360, 720, 1080]),
        ("00 007 * * *", [420]), ("30,10,30 0 * * *", [10, 30]),
    ])
    func minutesOfADay(text: String, minutes: [Int]) throws { #expect(try fields(text).minutesOfDay == minutes) }

    /// "day-of-month and weekday both required when both given (AND, unlike cron)".
    @Test func dayOfMonthAndWeekdayMustBothFit() throws {
        let friday13 = try fields("0 0 13 * 5")
        #expect(friday13.fits(day: 13, month: 2, weekday: 5))
        #expect(!friday13.fits(day: 13, month: 3, weekday: 4) && !friday13.fits(day: 12, month: 3, weekday: 5))
        let names = try fields("0 0 * jan,Mar-MAY sun-tue,6")
        #expect(
            [1, 2, 3, 4, 5, 6].map { names.fits(day: 1, month: $0, weekday: 0) } == [
                true, false, true, true, true, false,
            ])
        #expect(
            (0...6).map { names.fits(day: 1, month: 1, weekday: $0) } == [true, true, true, false, false, false, true])
        #expect(try fields("0 0 * * 7").fits(day: 1, month: 1, weekday: 0))
    }

    @Test(arguments: [
        "", "30 0 * * *", "60 0 * * * x", "0 24 * * * x", "0 0 0 * * x", "0 0 32 * * x", "0 0 * 13 * x", "0 0 * * 8 x",
        "0 0 30 2 * x", "0 0 31 feb,apr * x", "5-1 0 * * * x", "*/0 0 * * * x", "1/5 0 * * * x", "1, 0 * * * x",
        "-1 0 * * * x", "1-2-3 0 * * * x", "a 0 * * * x", "99999999999999999999 0 * * * x", "4:00 x", "25:00/1:00 x",
        "/0:00 x", "/4 x", "1:00/ x", "/1:60 x", "00:30/24:01 x", "é 0 * * * x",
    ])
    func whatIsNoTask(text: String) {
        guard case .failure(let fault) = TaskTiming.parse(text) else {
            Issue.record("\(text) was taken for a task")
            return
        }
        #expect(!fault.description.isEmpty)
    }

    /// Section 3.5: `time-spec = [ HH ":" MM ] "/" hh ":" mm`.
    @Test func intervals() throws {
        #expect(try TaskTiming.parse("/4:00 x").get().timing == .interval(minutes: 240, from: nil))
        let both = try TaskTiming.parse("00:30/24:00 lib/x -a \"b c\" d").get()
        #expect(both.timing == .interval(minutes: 1440, from: 30))
        #expect(both.command == ["lib/x", "-a", "b c", "d"])
    }

    /// `lib/return_job` and `lib/purge` are second names of the martlet command.
    @Test func theTasksThatAreShipped() throws {
        let tasks = try #require(Samples.unified(Samples.defaults.unified).configuration).tasks
        #expect(tasks.map(\.name) == ["purge", "return_job"])
        #expect(tasks.map(\.program) == ["/opt/x/lib/martlet", "/opt/x/lib/martlet"])
        #expect(tasks.map(\.arguments) == [["imsimta", "purge", "-num=5"], ["return_job"]])
        #expect(tasks.allSatisfy { $0.enabled && $0.timeLimit == 3600 })
        let legacy = try #require(Samples.legacy(Samples.defaults.legacy).configuration).tasks
        #expect(legacy.sorted { $0.name < $1.name } == tasks)
    }

    @Test func optionsOfTasks() throws {
        let load = Samples.small(
            """
            schedule.time_limit = 60
            schedule.task:a.crontab = 0 1 * * * /bin/true one "two three"
            schedule.task:a.time_limit = 0
            schedule.task:b.crontab = 0 1 * * * IMTA_BIN:purge
            schedule.task:b.enable = 0
            schedule.task:c.enable = 1
            schedule.task:msprobe.crontab = 5,15,25,35,45,55 * * * * lib/msprobe
            schedule.task:e.crontab = 0 1 * * * lib/none
            """)
        let tasks = try #require(load.configuration, "\(load.findings)").tasks
        #expect(tasks.map(\.name) == ["a", "b", "msprobe", "e"])
        #expect(tasks.map(\.enabled) == [true, false, false, true])
        #expect(tasks.map(\.timeLimit) == [0, 60, 60, 60])
        #expect(tasks[0].program == "/bin/true" && tasks[0].arguments == ["one", "two three"])
        #expect(tasks[1].program == "/opt/x/lib/martlet" && tasks[3].program == "/i/lib/none")
        #expect(load.findings.count == 3, "\(load.findings)")
        #expect(load.findings.contains { $0.contains("warning: task c does not run: it has no crontab") })
        #expect(load.findings.contains { $0.contains("task msprobe belongs to a server that is not here") })
        #expect(load.findings.contains { $0.contains("warning: task e cannot run: there is no program /i/lib/none") })
        #expect(
            Samples.small("schedule.enable = 0\nschedule.task:a.crontab = 0 1 * * * /bin/true").configuration?.tasks
                == [])
    }

    @Test func aTimeThatIsNoneIsAnError() {
        let load = Samples.small("schedule.task:a.crontab = 0 25 * * * /bin/true")
        #expect(load.configuration == nil)
        #expect(
            load.findings.contains { $0.contains("martlet.conf:1:1: error: task a: 25 is no hour") }, "\(load.findings)"
        )
    }

    /// Legacy `local.schedule.NAME`, and `[PERIODIC_JOB=name]` of job_controller.cnf with what section 3.5 has as default.
    @Test func legacyTasks() throws {
        var files = Samples.defaults.legacy
        files["msg.conf"] = """
            local.hostname = "mail.example.com"
            local.schedule.check = "0 6 * * 1 /bin/true"
            local.schedule.check.enable = "0"
            local.schedule.check.time_limit = "5"
            """
        files["job_controller.cnf"]?.append(
            """

            [PERIODIC_JOB=post]
            Command = /bin/true a
            [PERIODIC_JOB=return]
            COMMAND=IMTA_BIN:return_job
            TIME=00:30/24:00
            CAPACITY=7
            [PERIODIC_JOB=check]
            COMMAND=/bin/false
            [PERIODIC_JOB=none]
            COMMAND=NULL

            """)
        let load = Samples.legacy(files)
        let tasks = try #require(load.configuration, "\(load.findings)").tasks.sorted { $0.name < $1.name }
        #expect(tasks.map(\.name) == ["check", "post", "return"])
        #expect(!tasks[0].enabled && tasks[0].timeLimit == 5 && tasks[0].program == "/bin/true")
        #expect(tasks[1].timing == .interval(minutes: 240, from: nil) && tasks[1].arguments == ["a"])
        #expect(tasks[2].timing == .interval(minutes: 1440, from: 30) && tasks[2].arguments == ["return_job"])
        for finding in [
            "unknown option CAPACITY of [PERIODIC_JOB=return]", "[PERIODIC_JOB=check] is not run: there is a task",
            "[PERIODIC_JOB=none] has no COMMAND",
        ] {
            #expect(load.findings.contains { $0.contains(finding) }, "\(load.findings)")
        }
    }

    /// Section 11.3: the old tailor knobs.
    @Test func periodsOfTheReturnJob() throws {
        var files = Samples.defaults.legacy
        files["option.dat"] = "RETURN_UNITS=1\nRETURN_SYNCH_PERIOD=2\n"
        files["imta_tailor"] = "IMTA_RETURN_SPLIT_PERIOD=24\nIMTA_RETURN_PERIOD=3\nIMTA_RETURN_SYNCH_PERIOD=4\n"
        let options = try #require(Samples.legacy(files).configuration).options
        #expect(options.integer("mta.return_split_period") == 24 && options.integer("mta.return_period") == 3)
        #expect(options.integer("mta.return_synch_period") == 4 && options.integer("mta.return_cleanup_period") == 1)
    }

    /// Section 2: global defaults of sections, includes, the site file behind the main one, names that are not known or
    /// belong elsewhere.
    @Test func jobControllerFile() throws {
        var files = Samples.defaults.legacy
        files["job_controller.cnf"] = """
            ! the site's
            Job_Limit = 8%17
            MAX_LIFE_AGE=100
            NO_SUCH=1
            <pools
            [CHANNEL=tcp_*]
            MASTER_COMMAND=IMTA_BIN:tcp_smtp_client
            ANON_HOST=0
            JOB_LIMIT=3
            """
        files["pools"] = "[QUEUE=FIRST]\n[POOL=SECOND]\njob_limit=2\nTCP_PORT=1\n"
        files["job_controller.cnf_site"] = "[CHANNEL=tcp_*]\nMAX_LIFE_AGE=7\n[CHANNEL=hold]\nMASTER_COMMAND=NULL\n"
        files["imta.cnf"] = files["imta.cnf"]?.replacing("pool SMTP_POOL", with: "pool SECOND")
            .replacing("pool IMS_POOL", with: "pool SECOND")
        let load = Samples.legacy(files)
        let jobs = try #require(load.configuration, "\(load.findings)").jobController
        #expect(jobs.defaultPool == "FIRST" && jobs.pools.map(\.jobLimit) == [15, 2])
        let family = try #require(jobs.channelClass(for: "tcp_local"))
        #expect(
            family.maxLifeTime == 7 && !family.anonymousHost && family.masterCommand == "/opt/x/lib/tcp_smtp_client")
        let hold = try #require(jobs.channelClass(for: "hold"))
        #expect(hold.masterCommand == nil && hold.maxLifeTime == 100 && hold.anonymousHost)
        for finding in [
            "unknown option job_controller.no_such is ignored",
            "unknown option job_controller.job_pool:second.tcp_ports is ignored",
            "unknown option job_controller.channel_class:tcp_*.job_limit is ignored",
        ] {
            #expect(load.findings.contains { $0.lowercased().contains(finding) }, "\(load.findings)")
        }
    }

    @Test(arguments: [("task", false), ("exact", true)])
    func noticesCheck(value: String, isExact: Bool) throws {
        let jobs = try #require(Samples.small("job_controller.notices_check = \(value)").configuration).jobController
        #expect(jobs.exactNotices == isExact)
    }

    @Test func noticesCheckOfAnotherKind() {
        let load = Samples.small("job_controller.notices_check = hourly")
        #expect(load.configuration == nil)
        #expect(load.findings.contains { $0.contains("notices_check is neither task nor exact") })
    }

    /// Worked example 22.
    @Test func example22ShowOfAClassOnDefaults() throws {
        let configuration = try #require(Samples.unified(Samples.defaults.unified).configuration)
        let rows = configuration.show("channel_class:ims-ms*").map(\.line).joined(separator: "\n")
        for line in ["master_command = IMTA_BIN:ims_master", "max_life_askwork = 20000", "max_life_time = 14400"] {
            #expect(rows.contains("job_controller.channel_class:ims-ms*.\(line)"), "\(rows)")
        }
    }
}
