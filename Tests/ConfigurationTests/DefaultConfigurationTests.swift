import AddressRewriting
import Aliases
import Channels
import Configuration
import Mappings
import OptionSyntax
import Testing

/// Default configuration specification, sections 3, 4 and 8.
@Suite struct DefaultConfigurationTests {
    @Test func bothFormsLoadWithoutFindings() {
        #expect(Samples.unified(Samples.defaults.unified).findings.isEmpty)
        #expect(Samples.legacy(Samples.defaults.legacy).findings.isEmpty)
    }

    @Test func sectionsStandApart() {
        let text = Samples.defaults.unified
        for section in ["[rewrites]", "[mapping:PORT_ACCESS]", "[channel:defaults]", "[aliases]"] {
            #expect(text.contains("\n\n\(section)\n"))
        }
        #expect(text.hasSuffix("postmaster@&/IMTA_DEFAULTDOMAIN/\n"))
    }

    @Test func bothFormsMeanTheSame() throws {
        let unified = try #require(Samples.unified(Samples.defaults.unified).configuration)
        let legacy = try #require(Samples.legacy(Samples.defaults.legacy).configuration)
        #expect(unified.hostname == "mail.example.com" && legacy.hostname == unified.hostname)
        #expect(legacy.defaultDomain == unified.defaultDomain)
        #expect(legacy.channels.channels.map(\.name) == unified.channels.channels.map(\.name))
        for (left, right) in zip(legacy.channels.channels, unified.channels.channels) {
            #expect(left.effectiveKeywords == right.effectiveKeywords, "\(left.name)")
            #expect(left.officialHost == right.officialHost && left.options == right.options)
        }
        #expect(legacy.ruleSources.map(\.pattern) == unified.ruleSources.map(\.pattern))
        #expect(legacy.ruleSources.map(\.template) == unified.ruleSources.map(\.template))
        #expect(legacy.mappings.names == unified.mappings.names)
        #expect(legacy.aliases.order == unified.aliases.order)
        for name in unified.aliases.order {
            #expect(legacy.aliases.entry(named: name)?.members == unified.aliases.entry(named: name)?.members)
        }
        #expect(legacy.mta == unified.mta)
        #expect(legacy.jobController == unified.jobController)
        #expect(withoutPlaces(legacy.dispatcher) == withoutPlaces(unified.dispatcher))
        #expect(Set(legacy.tasks) == Set(unified.tasks))
        #expect(legacy.directoryFile == unified.directoryFile && legacy.tlsKey == unified.tlsKey)
    }

    @Test func whatIsSetIsTheSame() throws {
        let unified = try #require(Samples.unified(Samples.defaults.unified).configuration)
        let legacy = try #require(Samples.legacy(Samples.defaults.legacy).configuration)
        func rows(_ configuration: MTAConfiguration) -> Set<String> {
            Set(
                configuration.show().map { row in
                    let line = configuration.symbols.expandingText(row.line).lowercased()
                    return line.replacing("instance.", with: "role.").replacing("\\.", with: ".").split(separator: " ")
                        .joined(separator: " ")
                })
        }
        #expect(rows(unified).symmetricDifference(rows(legacy)).sorted() == [])
    }

    private func withoutPlaces(_ dispatcher: DispatcherConfiguration) -> DispatcherConfiguration {
        var dispatcher = dispatcher
        for index in dispatcher.services.indices { dispatcher.services[index].location = .init(file: "", line: 0) }
        return dispatcher
    }

    @Test func channelsOfTheDefaultConfiguration() throws {
        let configuration = try #require(Samples.unified(Samples.defaults.unified).configuration)
        let local = try #require(configuration.channels.channel(named: "tcp_local"))
        #expect(local.switching == .switches && local.saslSwitchChannel == "tcp_auth" && local.pool == "SMTP_POOL")
        #expect(local.maxJobs == 7 && local.longLines == .reject && local.usesRemoteHost && local.isLogging)
        #expect(local.serverTLS == .may && local.clientTLS == .may && local.serverSASL == .may)
        let submit = try #require(configuration.channels.channel(named: "tcp_submit"))
        #expect(submit.serverTLS == .must && submit.serverSASL == .must && submit.isSubmission)
        #expect(submit.defaultHosts == ["example.com", "example.com"] && submit.switching == .never)
        let intranet = try #require(configuration.channels.channel(named: "tcp_intranet"))
        #expect(intranet.routesLocally && intranet.removesRouteAtDequeue && intranet.switching == .allows)
        let store = try #require(configuration.channels.channel(named: "ims-ms"))
        #expect(store.options == ["store": "maildir", "maildir_root": "/i/data/store/"])
        #expect(store.fileInto == "$U+$S@$D" && store.backoff(.normal).first == 300 && store.maxJobs == 2)
        #expect(configuration.channels.localHost == "mail.example.com")
        #expect(configuration.channels.local?.requiresAlias == true)
        #expect(configuration.mta.byteLimit == 52_428_800)
        #expect(configuration.options.integer("mta.log_connection") == 131)
        #expect(configuration.directoryFile == "/i/config/directory")
        #expect(configuration.tasks.map(\.name).sorted() == ["purge", "return_job"])
    }

    @Test func equalNamesLeaveTheSecondOut() {
        let one = DefaultConfiguration(
            hostname: "example.com", defaultDomain: "Example.com", ownAddresses: ["2001:db8::1"])
        let unified = Samples.unified(one.unified)
        let legacy = Samples.legacy(one.legacy)
        #expect(unified.findings.isEmpty && legacy.findings.isEmpty)
        #expect(unified.configuration?.aliases.order.count == 4 && legacy.configuration?.aliases.order.count == 4)
        #expect(legacy.configuration?.ruleSources.map(\.pattern) == unified.configuration?.ruleSources.map(\.pattern))
    }

    @Test func disabledServices() throws {
        var defaults = Samples.defaults
        defaults.disabledServices = ["LMTPSS", "ADMIN"]
        for load in [Samples.unified(defaults.unified), Samples.legacy(defaults.legacy)] {
            let services = try #require(load.configuration).dispatcher.services
            #expect(services.filter(\.enabled).map(\.name) == ["SMTP", "SMTP_SUBMIT"])
        }
    }

    @Test func directoryFileHasTheDomain() {
        #expect(DefaultConfiguration.directoryFile(domain: "example.com").hasSuffix("\ndomain: example.com\n"))
    }
}
