import Aliases
import Channels
import Configuration
import Mappings
import OptionSyntax
import Testing

/// The grammar of martlet.conf: default configuration specification, section 1.
@Suite struct UnifiedGrammarTests {
    @Test func valuesAndOptionForms() throws {
        let load = Samples.small(
            """
            # comment
            role.mta.block_limit=100
            mta.return_personal = "  two  blanks  "
            instance.mta.block_limit = 200
            mta.received_version = a # b ! c = $d \\
            ! between
               more\\\\
            mta.id_domain = x.&/IMTA_HOST/
            job_controller.channel_class:hold
            job_controller.channel_class:x (novalue)
            """)
        #expect(load.findings == [])
        let configuration = try #require(load.configuration)
        #expect(configuration.mta.blockLimit == 200)
        #expect(configuration.mta.returnPersonal == "  two  blanks  ")
        #expect(configuration.mta.receivedVersion == "a # b ! c = $d more\\")
        #expect(configuration.mta.idDomain == "x.mail.example.com")
        #expect(configuration.jobController.classes.map(\.pattern) == ["hold", "x"])
    }

    @Test func sectionsGoOnWhereTheyStopped() throws {
        let load = Samples.small(
            """
            [mapping:T]
              a $Y

            ! a comment
              b  $N
            [dispatcher.service:SMTP]
              tcp_ports = 26
              enable = 0
            [mapping:T]
              c $Ytext$ here
            role.mapping:U.rule = x $Y
            """)
        #expect(load.findings.filter { $0.contains("error") } == [])
        let configuration = try #require(load.configuration)
        #expect(configuration.mappings.names == ["T", "U"])
        #expect(configuration.mappings.probe("T", "c")?.output == "text here")
        #expect(configuration.mappings.probe("T", "b")?.flags.description.isEmpty == false)
        #expect(configuration.dispatcher.service("smtp")?.tcpPorts == [26])
    }

    @Test func channelSections() throws {
        #expect(Samples.small("base.defaultdomain = example.com").configuration?.defaultDomain == "example.com")
        let good = Samples.unified(
            """
            base.hostname = h.example
            [channel:defaults]
              logging nosendpost
            [channel:l]
            [channel:tcp_x]
              smtp mx
              nomx nologging
              options.TRACE_LEVEL = 2
            [channel:defaults]
              nologging
            [channel:hold]
            [instance.channel:tcp_x]
              maxjobs = 4
            role.channel:tcp_x.maxjobs = 3
            role.channel:tcp_x.master_debug (novalue)
            """)
        let table = try #require(good.configuration).channels
        let x = try #require(table.channel(named: "tcp_x"))
        #expect(x.mailExchangers == .unused && x.maxJobs == 4 && x.isMasterDebugging && !x.isLogging)
        #expect(x.options == ["trace_level": "2"] && x.officialHost == "tcp_x.h.example")
        #expect(table.local?.isLogging == true && table.localHost == "h.example")
        #expect(table.channel(named: "hold")?.isLogging == false)
    }

    @Test func aliasesOfEveryForm() throws {
        let load = Samples.small(
            """
            role.alias:first\\.last@sub\\.example\\.com.alias_entry = a@b.example
            role.alias:first\\.last@sub\\.example\\.com.alias_entry = c@d.example
            [aliases]
              team@&/IMTA_HOST/: x@y.example
            alias:team@&/IMTA_HOST/.alias_entry = more@y.example
            [alias:other\\.name]
              alias_entry = z@y.example
            """)
        #expect(load.findings.filter { $0.contains("error") } == [])
        let aliases = try #require(load.configuration).aliases
        #expect(aliases.entry(named: "First.Last@sub.example.com")?.members.count == 2)
        #expect(aliases.entry(named: "team@mail.example.com")?.members.count == 2)
        #expect(aliases.entry(named: "other.name")?.members.count == 1)
    }

    @Test(arguments: [
        ("  x = 1\n", "martlet.conf:1:1: error: an indented line"),
        ("[mapping:X] y\n  a $Y\n", "martlet.conf:1:1: error: the section header does not end in ]"),
        ("[channel]\n", "martlet.conf:1:2: error: bad section header"),
        ("mta.block_limit 100\n", "martlet.conf:1:17: error: expected = and a value"),
        ("mta. = 1\n", "martlet.conf:1:5: error: bad option name mta."),
        (
            "mta.block_limit = 1\nmta.block_limit = 2\n",
            "martlet.conf:2:1: error: mta.block_limit is set twice, first at martlet.conf:1:1"
        ),
        ("mta.enable = maybe\n", "martlet.conf:1:14: error: mta.enable: maybe is neither 0 nor 1"),
        ("mta.log_format = 9\n", "martlet.conf:1:18: error: mta.log_format: 9 is not from 1 to 6"),
        (
            "mta.blok_limit = 9\n",
            "martlet.conf:1:1: warning: unknown option mta.blok_limit is ignored (did you mean block_limit?)"
        ),
        (
            "alias:first.last.alias_entry = x\n",
            "martlet.conf:1:1: error: alias:first.last.alias_entry is not an option"
        ),
        ("imap.enable = 1\n", "martlet.conf:1:1: note: imap.enable belongs to a group"),
        ("<nowhere\n", "martlet.conf:1:1: error: cannot open the included file nowhere"),
        (
            "job_controller.synch_time = /00:20\n",
            "martlet.conf:1:29: error: job_controller.synch_time: the"
        ),
        ("base.directory = ldap://x\n", "martlet.conf:1:1: error: base.directory ldap://x is not a directory"),
        ("channel:l.mx = 1\n", "martlet.conf:1:16: error: mx takes no value"),
        ("channel:l.maxjobs = many\n", "martlet.conf:1:21: error: maxjobs needs an integer"),
    ])
    func findings(text: String, finding: String) {
        let load = Samples.small(text)
        #expect(load.findings.contains { $0.hasPrefix(finding) }, "\(load.findings)")
        #expect((load.configuration == nil) == finding.contains(" error: "))
    }

    @Test func includesAreReadInPlace() throws {
        let load = Samples.unified(
            Samples.defaults.unified + "<IMTA_TABLE:site.conf\n", others: ["site.conf": "mta.line_limit = 7\n"])
        #expect(load.configuration?.mta.lineLimit == 7)
        #expect(load.configuration?.options["mta.line_limit"]?.location.description == "IMTA_TABLE:site.conf:1:1")
    }

    @Test func passwordsLiveInAFileOfTheirOwn() throws {
        let load = Samples.unified(
            Samples.defaults.unified, others: ["passwords.conf": "channel:tcp_local.authpassword = secret\n"])
        let local = try #require(load.configuration?.channels.channel(named: "tcp_local"))
        #expect(local.argument("authpassword") == "secret")
    }

    @Test func aFileOfManyErrorsReportsThemAll() {
        let load = Samples.unified(
            """
            mta.enable = maybe
            dispatcher.max_conns = 0
            [dispatcher.service:A]
              tcp_ports = 99999
            [dispatcher.service:B]
              tcp_ports = 25
              image = x
            [dispatcher.service:C]
              tcp_ports = 25
              image = x
            [rewrites]
              onlypattern
            [channel:l]
              saslswitchchannel = nowhere
            [channel:tcp_x]
              smtp
              pool = NOPOOL
            """)
        let expected = [
            "error: the host name is not set", "martlet.conf:1:14: error", "martlet.conf:2:24: error",
            "martlet.conf:3:1: error: service A has no image", "martlet.conf:4:15: error",
            "martlet.conf:9:3: error: service C claims port 25", "martlet.conf:12:3: error",
            "martlet.conf:14:3: error: saslswitchchannel of channel l names channel nowhere",
            "martlet.conf:17:3: error: channel tcp_x runs in pool NOPOOL",
        ]
        for start in expected {
            #expect(load.findings.contains { $0.hasPrefix(start) }, "\(start) in \(load.findings)")
        }
        #expect(load.configuration == nil)
        #expect(load.findings.filter { $0.contains("error:") }.count == expected.count)
    }
}
