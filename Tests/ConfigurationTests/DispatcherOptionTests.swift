import Configuration
import OptionSyntax
import Testing

/// Every option of the dispatcher specification, sections 2 to 5: default, bounds, inheritance, and how it is shown.
@Suite struct DispatcherOptionTests {
    /// An option of a service: what is shown when nobody sets it, a good low and a good high value, values that are
    /// refused, and whether a value for all services counts.
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var unset: String
        var good: [String]
        var bad: [String] = []
        var isShared = true
        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(name: "backlog", unset: "50 computed", good: ["1", "65535"], bad: ["0", "65536", "x"]),
        Row(name: "busy_reply", unset: "0 default", good: ["0", "3600"], bad: ["-1", "3601"], isShared: false),
        Row(name: "debug", unset: "0 default", good: ["0", "16%1000000", "-1"], bad: ["4294967296", "x"]),
        Row(name: "dns_verify_domain", unset: " default", good: ["bl.example", "a.example b.example"]),
        Row(name: "enable", unset: "1 default", good: ["0", "1"], bad: ["2"], isShared: false),
        Row(name: "historical_time", unset: "0 default", good: ["0", "86400"], bad: ["-1"]),
        Row(name: "ident", unset: "0 default", good: ["0", "1"], bad: ["2"]),
        Row(name: "image", unset: "/opt/x/lib/tcp_smtp_server default", good: ["/bin/x"], isShared: false),
        Row(
            name: "interface_address", unset: " default", good: ["192.0.2.1", "2001:db8::1"],
            bad: ["host.example", "192.0.2.1 192.0.2.2", "[::1]"]),
        Row(name: "logfilename", unset: "/i/data/log/smtp_server.log computed", good: ["/x.log"], isShared: false),
        Row(name: "max_conns", unset: "10 default", good: ["3", "1000"], bad: ["0", "1001"]),
        Row(name: "max_conns_per_client", unset: "0 default", good: ["0", "50"], bad: ["-1"], isShared: false),
        Row(name: "max_handoffs", unset: "5 default", good: ["1", "100"], bad: ["0"]),
        Row(name: "max_idle_time", unset: "600 default", good: ["1", "86400"], bad: ["0"]),
        Row(name: "max_life_conns", unset: "300 default", good: ["1", "10000"], bad: ["0"]),
        Row(name: "max_life_time", unset: "86400 default", good: ["1", "864000"], bad: ["0"]),
        Row(name: "max_procs", unset: "5 default", good: ["1", "1000"], bad: ["0", "1001", "2%102"]),
        Row(name: "max_shutdown", unset: "2 default", good: ["1", "4"], bad: ["0"]),
        Row(name: "min_conns", unset: "3 default", good: ["1", "10"], bad: ["x"]),
        Row(name: "min_procs", unset: "1 default", good: ["0", "5"], bad: ["-1"]),
        Row(name: "parameter", unset: " default", good: ["CHANNEL=l"], isShared: false),
        Row(name: "pregreet_delay", unset: "0 default", good: ["0", "5000"], bad: ["5001"], isShared: false),
        Row(name: "ssl_ports", unset: " default", good: ["465", "465,994"], bad: ["65536", "a"], isShared: false),
        Row(name: "stacksize", unset: "2048000 default", good: ["65536", "8388608"], bad: ["65535"]),
        Row(name: "tcp_ports", unset: " default", good: ["25", "25 587"], bad: ["65536"], isShared: false),
        Row(name: "user", unset: " default", good: ["mail"], isShared: false),
    ]

    private static let smtp = "dispatcher.service:SMTP"

    /// What `show --effective` says of an option of service SMTP, as `value origin`.
    private func shown(_ load: ConfigurationLoad, _ option: String) throws -> String {
        let configuration = try #require(load.configuration, "\(load.findings)")
        let rows = configuration.show("\(Self.smtp).\(option)", effective: true)
        #expect(rows.count == 1)
        return rows.first.map { "\($0.value ?? "(novalue)") \($0.origin)" } ?? ""
    }

    private func small(_ lines: String) -> ConfigurationLoad {
        Samples.unified(
            lines + """

                base.hostname = mail.example.com
                [channel:l]
                  official_host_name = &/IMTA_HOST/
                [channel:tcp_local]
                  official_host_name = tcp-daemon
                  smtp slave
                """)
    }

    @Test(arguments: rows)
    func defaultIsShown(row: Row) throws {
        #expect(try shown(small("\(Self.smtp).ucx_hold = 0"), row.name) == row.unset)
    }

    /// Base notation is shown as the number that it is, lists as they are asked.
    @Test(arguments: rows)
    func valuesWithinBoundsCount(row: Row) throws {
        for value in row.good {
            let line = try shown(small("\(Self.smtp).\(row.name) = \(value)"), row.name)
            #expect(line.hasPrefix("\(value) martlet.conf:1:"), "\(line)")
        }
    }

    @Test(arguments: rows)
    func aServiceWithAValueOutOfBoundsIsLeftOutAndTheOthersRun(row: Row) throws {
        for value in row.bad {
            let load = small("\(Self.smtp).\(row.name) = \(value)\ndispatcher.service:B.image = /bin/b")
            let configuration = try #require(load.configuration, "\(row.name) = \(value): \(load.findings)")
            #expect(configuration.dispatcher.service("SMTP")?.enabled == false, "\(value)")
            #expect(configuration.dispatcher.service("SMTP")?.fault?.contains(row.name) == true)
            #expect(configuration.dispatcher.service("B")?.enabled == true)
            #expect(load.findings.contains { $0.contains("error") && $0.contains("service SMTP is left out") })
        }
    }

    @Test(arguments: rows)
    func valuesForAllServicesAreInherited(row: Row) throws {
        let value = row.good[row.good.count - 1]
        let load = small("dispatcher.\(row.name) = \(value)\n\(Self.smtp).ucx_hold = 0")
        let line = try shown(load, row.name)
        #expect(line == (row.isShared ? "\(value) martlet.conf:1:1" : row.unset))
        let own = small("dispatcher.\(row.name) = \(value)\n\(Self.smtp).\(row.name) = \(row.good[0])")
        #expect(try shown(own, row.name) == "\(row.good[0]) martlet.conf:2:1")
    }

    /// Nothing that may be set goes unseen.
    @Test func everyOptionHasARow() throws {
        let load = small("\(Self.smtp).tcp_ports = 25")
        let names = try #require(load.configuration).show(Self.smtp, effective: true).map {
            String($0.name.split(separator: ".").last ?? "")
        }
        #expect(names == Self.rows.map(\.name).sorted())
    }

    @Test(arguments: [
        ("min_conns = 0", "min_conns", "1 clamped from martlet.conf:1:1"),
        ("min_conns = 99", "min_conns", "10 clamped from martlet.conf:1:1"),
        ("max_conns = 2", "min_conns", "2 clamped from default"),
        ("min_procs = 7", "max_procs", "7 clamped from default"),
        ("tcp_ports = 0", "enable", "0 computed"), ("tcp_ports = 0", "tcp_ports", "0 martlet.conf:1:1"),
        ("max_conns = 2%101", "max_conns", "5 martlet.conf:1:1"),
        ("image = IMTA_BIN:x.exe", "image", "/opt/x/lib/x martlet.conf:1:1"),
        ("logfilename = IMTA_LOG:%s.log", "logfilename", "/i/data/log/mail.log martlet.conf:1:1"),
    ])
    func whatCountsIsShown(line: String, option: String, expected: String) throws {
        #expect(try shown(small("\(Self.smtp).\(line)"), option) == expected)
    }

    @Test func predefinedServicesShowTheirProgramAndParameter() throws {
        let load = Samples.unified(
            Samples.defaults.unified + "\nservice:LMTPSN.tcp_ports = 2226\n[channel:tcp_lmtpsn]\n  lmtp slave\n")
        let configuration = try #require(load.configuration, "\(load.findings)")
        func line(_ name: String) -> String {
            configuration.show("dispatcher.service:\(name)", effective: true).map { "\($0.value ?? "") \($0.origin)" }
                .joined()
        }
        #expect(line("LMTPSN.image") == "/opt/x/lib/tcp_lmtpn_server default")
        #expect(line("LMTPSN.parameter") == "CHANNEL=tcp_lmtpsn default")
        let plain = small("dispatcher.service:SMTP_SUBMIT.enable = 0")
        let rows = try #require(plain.configuration).show("dispatcher.service:SMTP_SUBMIT.parameter", effective: true)
        #expect(rows.map(\.line) == ["role.dispatcher.service:SMTP_SUBMIT.parameter = CHANNEL=tcp_submit"])
    }

    /// E8: the Dispatcher's own section has no service options.
    @Test func ownSectionShowsOnlyWhatItHas() throws {
        let load = small("dispatcher.service:DISPATCHER.debug = -1")
        let rows = try #require(load.configuration).show("dispatcher.service:DISPATCHER", effective: true)
        #expect(rows.map(\.line) == ["role.dispatcher.service:DISPATCHER.debug = -1"])
    }

    @Test func globalOptionsWithoutADefaultAreShownToo() throws {
        let names = try #require(small("").configuration).show("dispatcher.*", effective: true).map(\.name)
        for option in ["backlog", "dns_verify_domain", "interface_address", "enable", "use_nslog", "log_versions"] {
            #expect(names.contains("role.dispatcher.\(option)"))
        }
    }

    // MARK: Section 4, cross-checks

    @Test func theSecondServiceOnAPortIsLeftOut() throws {
        let load = small(
            """
            dispatcher.service:A.image = /bin/a
            dispatcher.service:A.tcp_ports = 2525
            dispatcher.service:B.image = /bin/b
            dispatcher.service:B.tcp_ports = 2525,2526
            dispatcher.service:C.tcp_ports = 2526
            dispatcher.service:D.image = /bin/d
            dispatcher.service:D.tcp_ports = 2526
            """)
        let services = try #require(load.configuration).dispatcher.services
        #expect(services.map(\.enabled) == [true, false, false, true])
        #expect(load.diagnostics.hasErrors && !load.diagnostics.isFatal)
        #expect(load.findings.contains { $0.contains("service C has no image; service C is left out") })
    }

    @Test func noListIsAskedByANameThatIsNone() throws {
        let load = small("\(Self.smtp).dns_verify_domain = bl.example, no/name 192.0.2.1")
        #expect(load.configuration?.dispatcher.service("SMTP")?.dnsVerifyDomains == ["bl.example", "192.0.2.1"])
        #expect(load.findings.contains { $0.contains("dns_verify_domain no/name is neither") })
    }

    @Test func nslogIsRefusedWithALine() {
        #expect(small("dispatcher.use_nslog = 1").findings.contains { $0.contains("use_nslog has no effect") })
    }

    @Test func sslPortsOfMailServersNeedACertificate() throws {
        let load = small("service:SMTP.ssl_ports = 465\nservice:X.image = /bin/x\nservice:X.ssl_ports = 993")
        let services = try #require(load.configuration).dispatcher.services
        #expect(services.map(\.needsCertificate) == [true, false])
        #expect(services.map(\.sslPorts) == [[465], [993]])
    }

    // MARK: Sections 2.1 and 5.2

    /// E11 of section 15: `IMAGE=IMTA_BIN:tcp_smtp_server`, serverroot `/opt/x`.
    @Test func imageOfE11() throws {
        var files = Samples.defaults.legacy
        files["dispatcher.cnf"] = "[SERVICE=SMTP]\nPORT=25\nIMAGE=IMTA_BIN:tcp_smtp_server\n"
        let load = Samples.legacy(files)
        #expect(load.configuration?.dispatcher.service("SMTP")?.image == "/opt/x/lib/tcp_smtp_server")
    }

    @Test(arguments: [
        ("IMTA_LIBUTIL", "/opt/x/lib/libimtautil.so"), ("IMTA_LIBMAP", "/opt/x/lib/libimtamap.so"),
        ("IMTA_TMP", "/scratch"), ("IMTA_LANG", "/i/config/locale/xx"),
    ])
    func symbolsOfSection5(name: String, value: String) throws {
        let load = small(
            "mta.tmpdir = /scratch\nmta.langdir = IMTA_TABLE:locale/xx\n\(Self.smtp).parameter = X=&/\(name)/")
        #expect(load.configuration?.dispatcher.service("SMTP")?.parameter == "X=\(value)")
    }

    @Test func tailorFileNamesTheDispatcherFile() throws {
        var files = Samples.defaults.legacy
        files["dispatcher.cnf"] = nil
        files["other.cnf"] = "[SERVICE=SMTP]\nPORT=2526\n"
        files["imta_tailor"] = "! site\nIMTA_DISPATCHER_CONFIG=IMTA_TABLE:other.cnf\nIMTA_VERSION_LIMIT=9\n"
        let configuration = try #require(Samples.legacy(files).configuration)
        #expect(configuration.dispatcher.service("SMTP")?.tcpPorts == [2526])
        #expect(configuration.dispatcher.logVersions == 9)
    }

    // MARK: Section 9.5

    /// The last argument: a word of the warning, nil for none.
    @Test(arguments: [
        ("PORT_ACCESS", "$C$[IMTA_LIB:conn_throttle.so,throttle,$1,10]$N421$ No$E", nil),
        ("PORT_ACCESS", "$C$[IMTA_LIB:dns_verify.so,dns_verify_domain_port,$1,bl.example]$N$E", "dns_verify.so"),
        ("PORT_ACCESS", "$C$:A$[IMTA_LIB:check_metermaid.so,throttle,t,$1]$N$E", "check_metermaid.so"),
        ("MAIL_ACCESS", "$[IMTA_LIB:conn_throttle.so,throttle,$1,10]$N", "counts only in PORT_ACCESS"),
        ("MAIL_ACCESS", "$Ycosts$ 5$$[each", nil),
    ])
    func routinesThatAreNotThereAreNamed(table: String, template: String, word: String?) {
        let findings = small("[mapping:\(table)]\n  TCP|*|25|*|*  \(template)\n[base]").findings
        let about = findings.filter { $0.contains("mapping \(table) calls") }
        #expect(about.count == (word == nil ? 0 : 1), "\(findings)")
        if let word { #expect(about.first?.contains(word) == true) }
    }
}
