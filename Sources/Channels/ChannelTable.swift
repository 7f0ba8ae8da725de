package import OptionSyntax

/// All channels in the order of the configuration, with their names and host names.
package struct ChannelTable: Hashable, Sendable {
    /// Where a host name leads.
    package struct Match: Hashable, Sendable {
        package var channel: Channel
        /// The host that replaces the one in the address, nil when it stays.
        package var properName: String?

        init(channel: Channel, properName: String? = nil) {
            self.channel = channel
            self.properName = properName
        }
    }

    private struct HostEntry: Hashable, Sendable {
        var index: Int
        var properName: String?
    }

    package private(set) var channels: [Channel] = []
    private var byName: [String: Int] = [:]
    private var byHost: [String: HostEntry] = [:]
    /// Local host aliases, which several channels may share and which stand back behind every host name.
    private var byAlias: [String: Int] = [:]

    /// Builds the table; a later channel with a name or host that is taken does not get it (`add` reports it).
    package init(_ channels: [Channel] = []) {
        var diagnostics = Diagnostics()
        for channel in channels { add(channel, diagnostics: &diagnostics) }
    }

    /// Adds a channel. Names and hosts that are in use already are errors that name both places.
    package mutating func add(_ channel: Channel, diagnostics: inout Diagnostics) {
        let name = channel.name.lowercased()
        if let other = byName[name] {
            diagnostics.error(
                "duplicate channel name \(channel.name)\(Self.first(channels[other]))", at: channel.location,
                advice: "take one of the two blocks away")
            return
        }
        let index = channels.count
        channels.append(channel)
        byName[name] = index
        for host in channel.hosts {
            if let other = byHost[host.name.lowercased()] {
                diagnostics.error(
                    "duplicate host in channel table: \(host.name) of channel \(channel.name) belongs to channel "
                        + channels[other.index].name + Self.first(channels[other.index]), at: channel.location,
                    advice: "give each channel an official host name of its own; a stray blank line among the rewrite"
                        + " rules also leads to this")
            } else {
                byHost[host.name.lowercased()] = HostEntry(index: index, properName: host.properName)
            }
        }
        if let alias = channel.localHostAlias?.lowercased(), byAlias[alias] == nil { byAlias[alias] = index }
    }

    private static func first(_ channel: Channel) -> String {
        channel.location.map { ", first defined at \($0)" } ?? ""
    }

    /// The channel of that name, compared without case.
    package func channel(named name: String) -> Channel? {
        (byName[name] ?? byName[name.lowercased()]).map { channels[$0] }
    }

    /// The channel that a routing host leads to, compared without case: official and additional host names, then local
    /// host aliases (channels specification, section 2.3).
    package func channel(forHost host: String) -> Match? {
        if let entry = byHost[host] ?? byHost[host.lowercased()] {
            return Match(channel: channels[entry.index], properName: entry.properName)
        }
        return byAlias[host.lowercased()].map { Match(channel: channels[$0]) }
    }

    /// The name alone of the channel that a routing host leads to: the question of every rewritten address, answered
    /// without a copy of the channel.
    package func channelName(forHost host: String) -> String? {
        let key = Self.isLowerCase(host) ? host : host.lowercased()
        return (byHost[key]?.index ?? byAlias[key]).map { channels[$0].name }
    }

    private static func isLowerCase(_ host: String) -> Bool {
        let bytes = host.utf8Span.span
        for index in bytes.indices where (0x41...0x5A).contains(bytes[index]) || bytes[index] >= 0x80 { return false }
        return true
    }

    /// Every host name that leads to a channel, in lower case.
    package var hostNames: [String] { Array(byHost.keys) + byAlias.keys.filter { byHost[$0] == nil } }

    /// The local channel.
    package var local: Channel? { channel(named: "l") }

    /// The MTA's own name: the official host of the local channel, empty without one.
    package var localHost: String { local?.officialHost ?? "" }

    /// Ages for warnings and return on `channel`: its own, else those of the local channel, else 3 6 9 12.
    package func notices(_ channel: Channel, _ priority: Channel.DeliveryPriority) -> [Int] {
        channel.notices(priority) ?? local?.notices(priority) ?? [3, 6, 9, 12]
    }
}
