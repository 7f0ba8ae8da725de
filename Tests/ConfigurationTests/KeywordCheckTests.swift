import Channels
import Configuration
import Testing

/// Keywords that are not in effect are reported with the configuration; options know what activates them.
@Suite struct KeywordCheckTests {
    private func findings(_ channel: String) -> [String] {
        Samples.small("").configuration.map { _ in
            Samples.unified(
                "base.hostname = mail.example.com\n[channel:l]\n  official_host_name = &/IMTA_HOST/\n" + channel
            ).findings
        } ?? ["the sample is wrong"]
    }

    @Test(arguments: [
        "nodns", "identtcp", "sensitivityprivate", "sourcespamfilter1", "language = de",
    ])
    func whatIsNotThereIsSaid(keyword: String) {
        let name = keyword.split(separator: " ")[0]
        let found = findings("[channel:tcp_local]\n  smtp\n  \(keyword)\n").filter { $0.contains(name) }
        #expect(
            found == [
                "martlet.conf:6:3: warning: \(name) is recognised but not yet in effect (channel tcp_local) "
                    + "(do not rely on it; docs/channels.md lists what is in effect)"
            ])
    }

    @Test func oneWarningForAllChannels() {
        let found = findings(
            "[channel:defaults]\n  identtcp\n[channel:tcp_a]\n  smtp\n[channel:tcp_b]\n  smtp\n[channel:tcp_c]\n  smtp\n"
        )
        #expect(found.filter { $0.contains("identtcp") }.count == 1)
        #expect(found.contains { $0.contains("(channel tcp_a and 2 other channels)") })
    }

    @Test(arguments: [("streaming = 0", 0), ("streaming = 1", 1), ("subdirs = 20", 0), ("sourcetransitplugin = 1", 0)])
    func whatAsksForNothingIsSilent(keyword: String, count: Int) {
        let found = findings("[channel:tcp_local]\n  smtp\n  \(keyword)\n")
        #expect(found.filter { $0.contains("not yet in effect") }.count == count)
    }

    @Test func theShippedKeywordsAreListedOnRequest() throws {
        let configuration = try #require(Samples.unified(Samples.defaults.unified).configuration)
        #expect(configuration.keywordsToCome.contains("fileinto"))
        for channel in configuration.channels.channels {
            for name in channel.settings.keys {
                #expect(ChannelKeyword.named(name).first?.effect != .missing, "\(name)")
            }
        }
    }

    @Test(arguments: ["l", "reprocess"])
    func expandLimitIsNotForChannelsThatExpand(channel: String) {
        let text =
            "base.hostname = mail.example.com\n[channel:l]\n  official_host_name = &/IMTA_HOST/\n[channel:reprocess]\n"
            + "  official_host_name = r\n[channel:\(channel)]\n  expandlimit = 3\n"
        #expect(
            Samples.unified(text).findings.contains {
                $0.contains("error: expandlimit is not allowed on channel \(channel)")
            })
    }

    @Test(arguments: [
        ("job_controller.max_life_time", "9223372036854775807"), ("job_controller.stresstime", "4294967296"),
        ("mta.block_size", "9223372036854775807"), ("dispatcher.max_idle_time", "99999999999"),
        ("mta.max_mime_parts", "99999999999"),
    ])
    func hugeNumbersAreRefused(name: String, value: String) {
        let load = Samples.small("\(name) = \(value)")
        #expect(load.configuration == nil)
        #expect(load.findings.contains { $0.contains("\(value) is not from ") })
    }

    @Test func blocksBecomeBytesWithoutOverflow() throws {
        var options = try #require(Samples.small("mta.block_size = 2147483647").configuration).mta
        #expect(options.bytes(ofBlocks: 2) == 4_294_967_294)
        options.blockLimit = .max
        #expect(options.byteLimit == .max && options.bytes(ofBlocks: -1) == 0)
    }
}

/// Unified configuration specification, sections 2.4 and 7.
@Suite struct ActivationTests {
    @Test(arguments: [
        ("mta.block_limit", ActivationClass.reload), ("channel:tcp_local.maxjobs", .reload), ("rewrite.rule", .reload),
        ("dispatcher.service:SMTP.tcp_ports", .dispatcher), ("dispatcher.max_procs", .dispatcher),
        ("job_controller.job_pool:DEFAULT.job_limit", .reload), ("job_controller.stressfactor", .reload),
        ("job_controller.channel_class:tcp_*.max_life_time", .reload), ("base.hostname", .instance),
        ("base.directory", .reload), ("mta.dns_resolver", .dispatcher), ("mta.error_text_x", .reload),
    ])
    func classes(name: String, activation: ActivationClass) throws {
        #expect(OptionCatalogue.activation(try OptionPath.parse(name).path) == activation)
    }

    @Test func changesThatNeedARestartAreFound() throws {
        func options(_ lines: String) throws -> OptionStore {
            let channel = "\n[channel:tcp_local]\n  official_host_name = t\n  smtp\n"
            let text = lines + "\nbase.hostname = h.example\n[channel:l]\n  official_host_name = h.example\n" + channel
            return try #require(Samples.unified(text).configuration).options
        }
        let old = try options(
            "dispatcher.max_procs = 3\ndispatcher.service:SMTP.tcp_ports = 25\nmta.block_limit = 3")
        let new = try options("dispatcher.service:SMTP.tcp_ports = 2525\nmta.block_limit = 4\nbase.tmpdir = /t")
        let found = new.needingRestart(since: old)
        #expect(found.map(\.name) == ["base.tmpdir", "dispatcher.max_procs", "dispatcher.service:SMTP.tcp_ports"])
        #expect(found.map(\.activation) == [.instance, .dispatcher, .dispatcher])
        #expect(new.needingRestart(since: new).isEmpty)
    }
}
