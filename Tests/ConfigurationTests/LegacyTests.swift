import Channels
import Configuration
import OptionSyntax
import Testing

/// The legacy file set: dispatcher specification, sections 2 and 15; Job Controller specification, sections 2 and 15;
/// unified configuration specification, section 9.
@Suite struct LegacyTests {
    private func dispatcher(_ text: String) throws -> DispatcherConfiguration {
        var files = Samples.defaults.legacy
        files["dispatcher.cnf"] = text
        let load = Samples.legacy(files)
        return try #require(load.configuration, "\(load.findings)").dispatcher
    }

    @Test(arguments: [("DEBUG=16%1000000", UInt32(16_777_216)), ("DEBUG=-1", .max), ("debug = 3", 3)])
    func e1e3Debug(line: String, debug: UInt32) throws {
        #expect(try dispatcher("\(line)\n[SERVICE=SMTP]\nPORT=25\n").debug == debug)
    }

    @Test func e2Base() throws {
        #expect(try dispatcher("MAX_PROCS=2%101\n[SERVICE=SMTP]\nPORT=25\n").services[0].maxProcs == 5)
    }

    @Test func e4PortZeroDisables() throws {
        let services = try dispatcher("[SERVICE=SMTP]\nPORT=0\n[SERVICE=ADMIN]\nPORT=7633\n").services
        #expect(services.map(\.enabled) == [false, true] && services[0].tcpPorts.isEmpty)
    }

    @Test func e5Sample() throws {
        var files = Samples.defaults.legacy
        files["dispatcher.cnf"] = """
            ! VERSION=1.1
            MIN_PROCS=1
            MAX_PROCS=10
            MIN_CONNS=30
            MAX_CONNS=50
            MAX_SHUTDOWN=2
            !
            <IMTA_TABLE:dispatcher_site.cnf
            [SERVICE=LMTPSS]
            PORT=225
            IMAGE=IMTA_BIN:tcp_lmtp_server
            LOGFILE=IMTA_LOG:tcp_lmtpss_server.log
            PARAMETER=CHANNEL=tcp_lmtpss
            STACKSIZE=2048000
            """
        files["dispatcher_site.cnf"] = "HISTORICAL_TIME=5\n"
        let service = try #require(Samples.legacy(files).configuration).dispatcher.services[0]
        #expect(service.tcpPorts == [225] && service.image == "/opt/x/lib/tcp_lmtp_server")
        #expect(service.maxProcs == 10 && service.maxConns == 50 && service.capacity == 500 && service.backlog == 500)
        #expect(service.channel == "tcp_lmtpss" && service.historicalTime == 5 && service.stackSize == 2_048_000)
        #expect(service.logFile == "/i/data/log/tcp_lmtpss_server.log")
    }

    @Test func e6Backlog() throws {
        let service = try dispatcher("MAX_PROCS=5\nMAX_CONNS=10\nMIN_CONNS=3\n[SERVICE=SMTP]\nPORT=25\n").services[0]
        #expect(service.capacity == 50 && service.backlog == 50)
    }

    @Test func e7ServiceBeatsGlobal() throws {
        let services = try dispatcher(
            "MAX_CONNS=10\n[SERVICE=A]\nMAX_CONNS=20\nIMAGE=a\nPORT=1\n[SERVICE=B]\nIMAGE=b\nPORT=2\n"
        ).services
        #expect(services.map(\.maxConns) == [20, 10] && services[1].image == "/opt/x/lib/b")
    }

    @Test func e8DebugOfTheDispatcherAlone() throws {
        let configuration = try dispatcher("[SERVICE=DISPATCHER]\nDEBUG=-1\n[SERVICE=SMTP]\nPORT=25\n")
        #expect(configuration.debug == .max && configuration.services.map(\.debug) == [0])
        #expect(configuration.services.map(\.name) == ["SMTP"])
    }

    @Test func e9OldOptionsAreAccepted() {
        var files = Samples.defaults.legacy
        files["dispatcher.cnf"] = "[SERVICE=SMTP]\nPORT=25\nBYTLM=200000\nUCX_HOLD=0\n"
        #expect(Samples.legacy(files).findings == [])
    }

    @Test func e10ListsAccumulate() throws {
        let text = "[SERVICE=SMTP]\nPORT=25\nDNS_VERIFY_DOMAIN=a.example\nDNS_VERIFY_DOMAIN=b\nDNS_VERIFY_DOMAIN=c\n"
        #expect(try dispatcher(text).services[0].dnsVerifyDomains == ["a.example", "b", "c"])
    }

    @Test func limitsOfClientsAreOffUnlessSet() throws {
        let text = "[SERVICE=SMTP]\nPORT=25\n"
        let plain = try dispatcher(text).services[0]
        #expect([plain.busyReply, plain.maxConnsPerClient, plain.pregreetDelay] == [0, 0, 0])
        let set = try dispatcher(text + "BUSY_REPLY=10\nMAX_CONNS_PER_CLIENT=20\nPREGREET_DELAY=500\n").services[0]
        #expect([set.busyReply, set.maxConnsPerClient, set.pregreetDelay] == [10, 20, 500])
    }

    @Test func e12Defaults() throws {
        let good = Samples.unified(
            """
            base.hostname = h.example
            dispatcher.service:SMTP.tcp_ports = 25
            [channel:l]
            [channel:tcp_local]
              smtp
            """)
        let service = try #require(good.configuration?.dispatcher.service("smtp"))
        #expect(service.enabled && service.image == "/opt/x/lib/tcp_smtp_server" && service.maxConns == 10)
        #expect(service.maxProcs == 5 && service.minConns == 3 && service.minProcs == 1 && service.maxHandoffs == 5)
        #expect(service.logFile == "/i/data/log/smtp_server.log" && service.backlog == 50)
    }

    @Test func clampsAndWarnings() throws {
        var files = Samples.defaults.legacy
        files["dispatcher.cnf"] =
            "[SERVICE=SMTP]\nPORT=25\nMIN_PROCS=9\nMIN_CONNS=99\nMAX_CONNS=60\nMAX_SHUTDOWN=9\n"
            + "LOGFILE=IMTA_LOG:%s.log\n"
        let load = Samples.legacy(files)
        let service = try #require(load.configuration).dispatcher.services[0]
        #expect(service.maxProcs == 9 && service.minConns == 60)
        #expect(service.logFile == "/i/data/log/mail.log")
        #expect(load.findings.filter { $0.contains("dispatcher.cnf:1:1: warning") }.count == 3)
    }

    @Test func jobControllerExamples() throws {
        var files = Samples.defaults.legacy
        files["job_controller.cnf"] = """
            job_limit=4
            Max_Messages = 16%FF
            sync_time=02:00
            [POOL=A]
            job_limit=3
            [POOL=SMTP_POOL]
            [POOL=IMS_POOL]
            [CHANNEL=tcp_*]
            master_command=IMTA_BIN:tcp_smtp_client
            slave_command=NULL
            normal_delivery=20:00-06:00
            [CHANNEL=tcp_local*]
            max_life_age=7
            [CHANNEL=tcp_local]
            max_life_conns=5
            [CHANNEL=ims-ms*]
            """
        let jobs = try #require(Samples.legacy(files).configuration).jobController
        #expect(jobs.defaultPool == "A" && jobs.pools.map(\.jobLimit) == [3, 4, 4])
        #expect(jobs.maxCacheMessages == 255 && jobs.synchInterval == 7200)
        #expect(jobs.channelClass(for: "tcp_local")?.maxLifeAskwork == 5)
        #expect(jobs.channelClass(for: "tcp_local2")?.maxLifeTime == 7)
        let family = try #require(jobs.channelClass(for: "tcp_x"))
        #expect(family.slaveCommand == nil && family.masterCommand == "/opt/x/lib/tcp_smtp_client")
        #expect(jobs.channelClass(for: "tcpx") == nil)
        let window = try #require(family.normalDelivery)
        #expect([720, 1380, 359].map(window.contains(minute:)) == [false, true, true])
    }

    @Test func aMissingJobControllerFileIsTheDefault() throws {
        var files = Samples.defaults.legacy
        files["job_controller.cnf"] = nil
        let jobs = try #require(Samples.legacy(files).configuration).jobController
        #expect(jobs == (try #require(Samples.legacy(Samples.defaults.legacy).configuration).jobController))
    }

    @Test func optionFileExamples() throws {
        var files = Samples.defaults.legacy
        files["option.dat"] = "! x\n# x\n; x\n\nBLOCK_LIMIT=1\\\n2\nLINE_LIMIT=3\nLINE_LIMIT=4\n"
        let mta = try #require(Samples.legacy(files).configuration).mta
        #expect(mta.blockLimit == 12 && mta.lineLimit == 4)
    }

    @Test func example21BothFormsAndNone() {
        let both = Samples.unified(Samples.defaults.unified, others: Samples.defaults.legacy)
        #expect(both.configuration?.form == .unified)
        #expect(both.findings.count == 1 && both.findings[0].contains("martlet.conf is used"))
        #expect(Samples.legacy(["config.xml": ""]).findings[0].contains("martlet config import"))
        #expect(Samples.legacy([:]).findings[0].contains("martlet init"))
    }

    @Test func example27IncludesNestThreeDeep() {
        var files = Samples.defaults.legacy
        files["imta.cnf"] = "<IMTA_TABLE:1\n" + Samples.defaults.legacy["imta.cnf", default: ""]
        for level in 1...4 { files["\(level)"] = level < 4 ? "<IMTA_TABLE:\(level + 1)\n" : "x $U@tcp-daemon\n" }
        #expect(Samples.legacy(files).findings.contains { $0.contains("nest deeper than 3") })
    }

    @Test func example28PoolWithoutKeyword() throws {
        var files = Samples.defaults.legacy
        files["imta.cnf"] = files["imta.cnf"]?.replacing("pool SMTP_POOL\ntcp-daemon", with: "SMTP_POOL\ntcp-daemon")
        let load = Samples.legacy(files)
        #expect(load.findings.count == 1 && load.findings[0].contains("taken as: pool SMTP_POOL"))
        let rows = try #require(load.configuration).show("channel:tcp_local.pool")
        #expect(rows.map(\.line) == ["role.channel:tcp_local.pool = SMTP_POOL"])
    }

    @Test func severalErrorsInSeveralFiles() {
        var files = Samples.defaults.legacy
        files["dispatcher.cnf"] = "MAX_CONNS=x\n[SERVICE=SMTP]\nPORT=25\n[SERVICE=B]\nPORT=25\n"
        files["option.dat"] = "BLOCK_LIMIT=-1\n"
        files["job_controller.cnf"] = "[POOL=A\n"
        files["aliases"] = "a: b@c.example\nA: b@c.example\n"
        let findings = Samples.legacy(files).findings
        for start in [
            "dispatcher.cnf:1:11: error: dispatcher.max_conns: x is not an integer",
            "dispatcher.cnf:4:1: error: service B has no image; service B is left out",
            "option.dat:1:13: error", "job_controller.cnf:1:1: error", "aliases:2:1: error",
        ] {
            #expect(findings.contains { $0.hasPrefix(start) }, "\(start) in \(findings)")
        }
    }
}
