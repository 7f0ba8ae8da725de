import AddressRewriting
import Channels
import OptionSyntax

/// Checks that need more than one part of the configuration: names that lead nowhere, combinations that cannot work.
struct CrossChecks {
    let configuration: MTAConfiguration
    var diagnostics = Diagnostics()

    init(_ configuration: MTAConfiguration) {
        self.configuration = configuration
        checkHostname()
        for channel in configuration.channels.channels {
            checkReferences(channel)
            checkPool(channel)
            checkKeywords(channel)
        }
        let rules = configuration.rewriteRules.facts
        checkRules(rules)
        checkMappings(rules)
        checkAliases()
        checkServices()
        checkDeliveryOptions()
        diagnostics.append(contentsOf: KeywordChecks.diagnostics(configuration.channels))
    }

    private mutating func checkHostname() {
        guard configuration.hostname.isEmpty else { return }
        diagnostics.error(
            "the host name is not set", at: nil, advice: "set base.hostname to the fully qualified name of this host")
    }

    /// Keywords that name a channel must name one of the table.
    private mutating func checkReferences(_ channel: Channel) {
        let table = configuration.channels
        for (name, setting) in channel.settings.sorted(by: { $0.key < $1.key }) {
            guard ChannelKeyword.all[name]?.argument == .channel, let target = setting.arguments.first,
                table.channel(named: target) == nil
            else { continue }
            let message = "\(name) of channel \(channel.name) names channel \(target), which does not exist"
            let advice = Spelling.advice(for: target, among: table.channels.map(\.name))
            if name == "notificationchannel" || name == "dispositionchannel" {
                diagnostics.warning(message + "; process is used", at: setting.location, advice: advice)
            } else {
                diagnostics.error(message, at: setting.location, advice: advice)
            }
        }
    }

    private mutating func checkPool(_ channel: Channel) {
        let jobs = configuration.jobController
        let runsJobs = jobs.channelClass(for: channel.name)?.masterCommand != nil
        if let pool = channel.pool, jobs.pool(named: pool) == nil {
            let message = "channel \(channel.name) runs in pool \(pool), which is not defined"
            let place = channel.settings["pool"]?.location ?? channel.location
            let advice = Spelling.advice(
                for: pool, among: jobs.pools.map(\.name),
                otherwise: "set job_controller.job_pool:\(pool).job_limit")
            if runsJobs {
                diagnostics.error(message, at: place, advice: advice)
            } else {
                diagnostics.warning(message, at: place, advice: advice)
            }
        }
        if jobs.channelClass(for: channel.name) == nil, channel.name != "l", !channel.isSlaveOnly {
            diagnostics.warning(
                "no channel class matches channel \(channel.name), so nothing delivers its mail", at: channel.location,
                advice: "set job_controller.channel_class:\(channel.name).master_command")
        }
    }

    private mutating func checkKeywords(_ channel: Channel) {
        if channel.name.hasPrefix("tcp_"), !channel.namesProtocol {
            diagnostics.warning(
                "channel \(channel.name) has no smtp or lmtp keyword and is taken as smtp", at: channel.location,
                advice: "write smtp or lmtp on it")
        }
        if !channel.name.hasPrefix("tcp_"), channel.proto != .none {
            diagnostics.warning(
                "smtp and lmtp keywords belong on tcp_* channels only, not on \(channel.name)", at: channel.location)
        }
        if channel.has("x_env_to"), channel.copies != .single {
            diagnostics.warning(
                "x_env_to of channel \(channel.name) needs single", at: channel.settings["x_env_to"]?.location)
        }
        if channel.name == "hold", channel.isSlaveOnly {
            diagnostics.warning(
                "slave on channel hold: released mail would never run", at: channel.settings["slave"]?.location)
        }
    }

    private mutating func checkServices() {
        for service in configuration.dispatcher.services where service.enabled {
            let isSMTP = service.image.hasSuffix("tcp_smtp_server") || service.image.hasSuffix("tcp_lmtp_server")
            let usual = service.image.hasSuffix("tcp_lmtp_server") ? "tcp_lmtpss" : "tcp_local"
            guard isSMTP, configuration.channels.channel(named: service.channel ?? usual) == nil else { continue }
            let key = OptionPath([.init("dispatcher"), .init("service", service.name)]).appending("parameter")
            diagnostics.error(
                "service \(service.name) serves channel \(service.channel ?? usual), which does not exist",
                at: configuration.options[key.description]?.location ?? service.location,
                advice: Spelling.advice(
                    for: service.channel ?? usual, among: configuration.channels.channels.map(\.name)))
        }
    }

    /// A delivery option that names a host nobody owns would send local mail out to the Internet.
    private mutating func checkDeliveryOptions() {
        guard let entry = configuration.options["mta.delivery_options"], let value = entry.value else { return }
        let rules = configuration.ruleSources.map { $0.pattern.lowercased() }
        for clause in value.split(separator: ",") {
            guard let equals = clause.firstIndex(of: "="), let at = clause[equals...].lastIndex(of: "@")
            else { continue }
            let host = clause[clause.index(after: at)...].prefix { $0 != ":" }.lowercased()
            if host.isEmpty || host.contains("$") || configuration.channels.channel(forHost: host) != nil { continue }
            if rules.contains(host) { continue }
            let domain = host.firstIndex(of: ".").map { String(host[$0...]) }
            if let domain, rules.contains(domain) { continue }
            diagnostics.warning(
                "delivery option \(clause[..<equals]) leads to \(host), which is no channel's host name",
                at: entry.location, advice: Spelling.advice(for: host, among: configuration.channels.hostNames))
        }
    }
}
