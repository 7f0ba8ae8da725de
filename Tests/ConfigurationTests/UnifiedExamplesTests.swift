import AddressRewriting
import Channels
import Configuration
import OptionSyntax
import Testing

/// Worked examples of the unified configuration specification, section 9, that no other suite has. Elsewhere: 1, 10, 11,
/// 22 and 29 in `MSConfigTests` and `RecipeTests`; 5 to 9 and 24 in `ExportTests` and `AliasOptionTests`; 19 in
/// `CompiledConfigurationTests`; 20 and 23 in `EndToEndTests`; 21, 27 and 28 in `LegacyTests`; 25 in `PartTests`; 26 in
/// `PasswordTests`; 30 in `EditorAndListingTests`.
@Suite struct UnifiedExamplesTests {
    private func show(_ pattern: String, _ text: String = Samples.defaults.unified) throws -> [String] {
        try #require(Samples.unified(text).configuration).show(pattern).map(\.line)
    }

    @Test func example2() throws {
        #expect(try show("job_pool:DEFAULT.*") == ["role.job_controller.job_pool:DEFAULT.job_limit = 10"])
    }

    @Test func example3() throws {
        #expect(
            try show("schedule.enable") == ["role.schedule.enable = 1"])
    }

    @Test func example4() throws {
        #expect(
            try show("schedule.task:return_job.*")
                == ["role.schedule.task:return_job.crontab = 30 0 * * * lib/return_job"])
    }

    @Test func example12() throws {
        #expect(
            try show("channel:tcp_local.official_host_name")
                == ["role.channel:tcp_local.official_host_name = tcp-daemon"])
        let load = Samples.unified(
            "base.hostname = h.example.com\n[channel:l]\n  official_host_name = &/IMTA_HOST/\n[channel:x]\n  smtp\n")
        let configuration = try #require(load.configuration, "\(load.findings)")
        #expect(configuration.channels.channel(named: "x")?.officialHost == "x.h.example.com")
    }

    /// "cnbuild error naming both".
    @Test func example13() {
        let text =
            Samples.defaults.unified
            + "[channel:tcp_one]\n  official_host_name = same-daemon\n"
            + "[channel:tcp_two]\n  official_host_name = same-daemon\n"
        let (_, load) = CompiledConfiguration.build(
            paths: Samples.paths,
            files: .memory(["/i/config/martlet.conf": text]), time: "")
        #expect(load.diagnostics.hasErrors)
        #expect(
            load.findings.contains { $0.contains("tcp_one") && $0.contains("tcp_two") && $0.contains("error") },
            "\(load.findings)")
    }

    @Test(
        arguments: [
            ("IMTA_LOG:foo.log", "/var/opt/m/log/foo.log"), ("IMTA_BIN:tcp_smtp_server", "/opt/m/lib/tcp_smtp_server"),
        ])
    func example14(name: String, path: String) {
        let paths = InstancePaths(
            root: "/opt/m", config: "/opt/m/config", data: "/var/opt/m", run: "/opt/m/run", bin: "/opt/m/lib")
        #expect(paths.expand(name) == path)
    }

    @Test func example15() throws {
        let configuration = try #require(
            Samples.unified(
                """
                instance.base.hostname = mail.example.com
                role.base.defaultdomain = example.com
                [rewrites]
                  &/IMTA_DEFAULTDOMAIN/ $U%$D@&/IMTA_HOST/
                [channel:l]
                  official_host_name = &/IMTA_HOST/
                """
            ).configuration)
        let rule = try #require(configuration.ruleSources.first)
        #expect(rule.pattern == "example.com" && rule.template == "$U%$D@mail.example.com")
    }

    /// "mta/dispatcher integer 16777216".
    @Test func example16() throws {
        var files = Samples.defaults.legacy
        files["option.dat", default: ""] += "\nMAX_RECEIVED_LINES=16%1000000\n"
        files["dispatcher.cnf"] = "DEBUG=16%1000000\n" + (files["dispatcher.cnf"] ?? "")
        let load = Samples.legacy(files)
        let configuration = try #require(load.configuration, "\(load.findings)")
        #expect(configuration.options.integer("mta.max_received_lines") == 16_777_216)
        #expect(configuration.dispatcher.debug == 16_777_216)
    }

    @Test func example17() throws {
        var files = Samples.defaults.legacy
        files["option.dat"] = "! x\n# x\n; x\n\nBLOCK_LIMIT=1\\\n2\n"
        let configuration = try #require(Samples.legacy(files).configuration)
        #expect(configuration.show("mta.block_limit").map(\.line) == ["role.mta.block_limit = 12"])
    }

    @Test func example18() throws {
        var files = Samples.defaults.legacy
        files["job_controller.cnf"] = "sync_time=02:00\n" + (files["job_controller.cnf"] ?? "")
        let configuration = try #require(Samples.legacy(files).configuration)
        #expect(configuration.jobController.synchInterval == 7200)
        #expect(configuration.show("job_controller.synch_time").count == 1)
        files["job_controller.cnf"] = "synch_time=/00:20\n"
        #expect(Samples.legacy(files).findings.contains { $0.contains("error") && $0.contains("synch_time") })
    }
}
