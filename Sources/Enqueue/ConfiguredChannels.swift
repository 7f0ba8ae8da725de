import AddressRewriting
import Channels

/// The channel table as rewriting asks it. A class: each question costs one reference count.
final class ConfiguredChannels: ChannelHosts {
    let table: ChannelTable

    init(table: ChannelTable) { self.table = table }

    func channel(forHost host: String) -> String? { table.channelName(forHost: host) }

    func officialHost(ofChannel channel: String) -> String? { table.channel(named: channel)?.officialHost }

    func hasRouteLocal(channel: String) -> Bool { table.channel(named: channel)?.routesLocally ?? false }

    func checksRules(channel: String) -> Bool { table.channel(named: channel)?.appliesRules ?? true }

    func localPartSyntax(channel: String) -> LocalPartSyntax {
        guard let channel = table.channel(named: channel) else { return .percentOverBang }
        if channel.has("bangoverpercent") { return .bangOverPercent }
        if channel.has("percentonly") { return .percentOnly }
        if channel.has("bangonly") { return .bangOnly }
        return channel.has("nobangorpercent") ? .none : .percentOverBang
    }

    func routeStyle(channel: String, kind: AddressKind) -> RouteStyle {
        guard let channel = table.channel(named: channel) else { return .sourceRoute }
        let prefix = kind == .header ? "header_" : ""
        if channel.has("\(prefix)733") || (kind == .envelope && channel.has("percents")) { return .percents }
        if channel.has("\(prefix)uucp") || (kind == .envelope && channel.has("bangstyle")) { return .bangs }
        return .sourceRoute
    }
}
