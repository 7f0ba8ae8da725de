import Configuration
import OptionSyntax
import Testing

/// `show`, `set` and `unset`: unified configuration specification, sections 2, 3 and 9.
@Suite struct EditorAndListingTests {
    private func show(_ pattern: String, effective: Bool = false) throws -> [String] {
        let configuration = try #require(Samples.unified(Samples.defaults.unified).configuration)
        return configuration.show(pattern, effective: effective).map(\.line)
    }

    @Test(arguments: [
        ("job_pool:DEFAULT.*", ["role.job_controller.job_pool:DEFAULT.job_limit = 10"]),
        ("schedule.enable", ["role.schedule.enable = 1"]), ("mta.enable", ["role.mta.enable = 1"]),
        ("schedule.task:return_job.*", ["role.schedule.task:return_job.crontab = 30 0 * * * lib/return_job"]),
        ("channel_class:filter_discard", ["role.job_controller.channel_class:filter_discard (novalue)"]),
        ("dispatcher.service:ADMIN.tcp_ports", ["role.dispatcher.service:ADMIN.tcp_ports = 7633"]),
        ("channel:tcp_local.mx", ["role.channel:tcp_local.mx (novalue)"]),
        ("channel:tcp_local.saslswitchchannel", ["role.channel:tcp_local.saslswitchchannel = tcp_auth"]),
        (
            "channel:tcp_auth",
            [
                "role.channel:tcp_auth.official_host_name = tcp_auth-daemon",
                "role.channel:tcp_auth.defaulthost = &/IMTA_DEFAULTDOMAIN/ &/IMTA_DEFAULTDOMAIN/",
                "role.channel:tcp_auth.identnonenumeric (novalue)", "role.channel:tcp_auth.maytlsserver (novalue)",
                "role.channel:tcp_auth.mustsaslserver (novalue)", "role.channel:tcp_auth.mx (novalue)",
                "role.channel:tcp_auth.pool = SMTP_POOL", "role.channel:tcp_auth.single_sys (novalue)",
                "role.channel:tcp_auth.smtp (novalue)",
            ]
        ),
        (
            "channel_class:ims-ms*",
            [
                "role.job_controller.channel_class:ims-ms*.master_command = IMTA_BIN:ims_master",
                "role.job_controller.channel_class:ims-ms*.max_life_askwork = 20000",
                "role.job_controller.channel_class:ims-ms*.max_life_time = 14400",
            ]
        ),
        ("instance.*", ["instance.base.hostname = mail.example.com"]), ("no.such", []),
    ])
    func showSamples(pattern: String, lines: [String]) throws { #expect(try show(pattern) == lines) }

    @Test func rulesStayInOrder() throws {
        let rules = try show("mapping:INTERNAL_IP")
        #expect(
            rules.map { $0.split(separator: " ").joined(separator: " ") } == [
                "role.mapping:INTERNAL_IP.rule = 127.0.0.1 $Y", "role.mapping:INTERNAL_IP.rule = ${::1/128} $Y",
                "role.mapping:INTERNAL_IP.rule = 192.0.2.25 $Y", "role.mapping:INTERNAL_IP.rule = * $N",
            ])
        #expect(try show("rewrite").first?.hasPrefix("role.rewrite.rule = $* ") == true)
    }

    @Test func rulesMayBeChosenByTheirColumns() throws {
        let configuration = try #require(Samples.unified(Samples.defaults.unified).configuration)
        let rows = configuration.show("rewrite", columns: ["*", "*tcp_intranet*"])
        #expect(rows.map { $0.value?.hasPrefix("[]") } == [true])
    }

    @Test func effectiveValuesNameTheirOrigin() throws {
        let configuration = try #require(Samples.legacy(Samples.defaults.legacy).configuration)
        let rows = configuration.show("dispatcher.service:SMTP.*", effective: true)
        func origin(_ option: String) -> String? {
            rows.first { $0.name == "role.dispatcher.service:SMTP.\(option)" }.map { "\($0.value ?? "-") \($0.origin)" }
        }
        #expect(origin("max_procs") == "10 dispatcher.cnf:3:1")
        #expect(origin("tcp_ports") == "2525 dispatcher.cnf:13:1")
        #expect(origin("max_handoffs") == "5 default")
        #expect(configuration.options.effective("dispatcher.service:admin.max_procs")?.value == "2")
        #expect(configuration.options.effective("job_controller.job_pool:SMTP_POOL.job_limit")?.value == "10")
        let inherited = configuration.show("channel:tcp_auth.maxjobs", effective: true)
        #expect(inherited.map { "\($0.line) \($0.origin)" } == ["role.channel:tcp_auth.maxjobs = 7 imta.cnf:22:2"])
        #expect(rows.first?.json.text.hasPrefix("{\"name\":\"role.dispatcher.service:SMTP.backlog\"") == true)
        #expect(origin("backlog") == "500 computed")
    }

    private func edited(_ text: String, _ edits: ConfigurationEditor.Edit...) throws -> String {
        try edits.reduce(text) { try ConfigurationEditor.apply($1, to: $0) }
    }

    @Test func example30CommentsStay() throws {
        let text = "! big\nrole.mta.block_limit  =  51200\n\n# end\n"
        #expect(
            try edited(text, .set(name: "mta.block_limit", value: "1024"))
                == "! big\nrole.mta.block_limit  =  1024\n\n# end\n")
    }

    @Test(arguments: [
        // After the last option line of the group; to the end of the file; into the group's section.
        ("mta.a = 1\nbase.x = 1\n", "mta.b", "2", "mta.a = 1\nrole.mta.b = 2\nbase.x = 1\n"),
        ("mta.a = 1\n", "schedule.enable", "1", "mta.a = 1\nrole.schedule.enable = 1\n"),
        (
            "[channel:x]\n   smtp\n\n! y\n[channel:y]\n", "channel:x.mx", nil,
            "[channel:x]\n   smtp\n   mx\n\n! y\n[channel:y]\n"
        ),
        ("[channel:x]\n", "channel:x.maxjobs", "3", "[channel:x]\n  maxjobs = 3\n"),
        (
            "[channel:x]\n  a = 1\n", "channel:x.options.TRACE_LEVEL", "2",
            "[channel:x]\n  a = 1\n  options.trace_level = 2\n"
        ),
        // An exclusive group has one member; flags beside it stay.
        ("[channel:x]\n  smtp mx single\n", "channel:x.nomx", nil, "[channel:x]\n  smtp single\n  nomx\n"),
        ("[channel:x]\n  mx\n", "channel:x.mx", nil, "[channel:x]\n  mx\n"),
        // Values that accumulate; the instance; quotes; a backslash at the end.
        ("rewrite.rule = a b\n", "rewrite.rule", "c d", "rewrite.rule = a b\nrole.rewrite.rule = c d\n"),
        ("[rewrites]\n  a b\n", "rewrite.rule", "c d", "[rewrites]\n  a b\n  c d\n"),
        ("", "base.hostname", "h", "instance.base.hostname = h\n"),
        ("mta.a = 1\n", "mta.a", " x ", "mta.a = \" x \"\n"),
        ("mta.a = 1 \\\n  2\n", "mta.a", "3\\", "mta.a = 3\\\\\n"),
        ("", "service:SMTP.tcp_ports", "25", "role.dispatcher.service:SMTP.tcp_ports = 25\n"),
    ])
    func set(text: String, name: String, value: String?, expected: String) throws {
        var name = name
        var text = text
        var expected = expected
        // The samples use short invented names in place of real options of the group mta.
        for (short, real) in [("mta.a", "mta.line_limit"), ("mta.b", "mta.block_limit")] {
            name = name.replacing(short, with: real)
            text = text.replacing(short, with: real)
            expected = expected.replacing(short, with: real)
        }
        #expect(try edited(text, .set(name: name, value: value)) == expected)
    }

    @Test(arguments: [
        ("! c\nmta.enable = 1\nmta.line_limit = 1\n", "mta.enable", "! c\nmta.line_limit = 1\n"),
        ("[channel:x]\n  smtp mx single\n", "channel:x.mx", "[channel:x]\n  smtp single\n"),
        ("[channel:x]\n  mx\n  smtp\n", "channel:x.mx", "[channel:x]\n  smtp\n"),
        ("mta.enable = 1\ninstance.mta.enable = 0\n", "mta.enable", "mta.enable = 1\n"),
        ("mta.enable = 1\ninstance.mta.enable = 0\n", "role.mta.enable", "instance.mta.enable = 0\n"),
    ])
    func unset(text: String, name: String, expected: String) throws {
        #expect(try edited(text, .unset(name: name)) == expected)
    }

    @Test(arguments: [
        ("alias:first.last.alias_entry", "x"), ("mta", "1"), ("mta.blok_limit", "1"), ("", "1"), ("mta.enable", "a\nb"),
        ("channel:x", "1"), ("mapping:x.y", "1"),
    ])
    func refusals(name: String, value: String) {
        #expect(throws: ConfigurationEditor.Refusal.self) {
            try ConfigurationEditor.apply(.set(name: name, value: value), to: "")
        }
    }

    @Test func editsAreCheckedBeforeTheyAreWritten() throws {
        let files = ConfigurationFiles.memory(["/i/config/martlet.conf": Samples.defaults.unified])
        let good = try ConfigurationEditor.edit(
            [.set(name: "mta.block_limit", value: "1024")], paths: Samples.paths, files: files)
        #expect(!good.hasErrors)
        // Example 22.
        #expect(throws: ConfigurationEditor.Refusal.self) {
            try ConfigurationEditor.edit([.set(name: "mta.enable", value: "maybe")], paths: Samples.paths, files: files)
        }
        #expect(throws: ConfigurationEditor.Refusal.self) {
            try ConfigurationEditor.edit(
                [.set(name: "mta.enable", value: "1")], paths: Samples.paths,
                files: .memory(["/i/config/imta.cnf": ""]))
        }
    }

    @Test func editingTheDefaultConfigurationKeepsItsMeaning() throws {
        let text = try edited(
            Samples.defaults.unified, .set(name: "channel:tcp_local.daemon", value: "relay.example"),
            .set(name: "alias:new\\.one@example\\.com.alias_entry", value: "anna@example.com"),
            .set(name: "mapping:INTERNAL_IP.rule", value: "198.51.100.1 $Y"), .unset(name: "channel:tcp_local.daemon"))
        let load = Samples.unified(text)
        #expect(load.findings == [])
        #expect(load.configuration?.show("channel:tcp_local.daemon").isEmpty == true)
        #expect(load.configuration?.show("mapping:INTERNAL_IP").count == 5)
    }
}
