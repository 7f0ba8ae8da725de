import Channels
import OptionSyntax

/// What is to be said about the keywords of all channels together: those that are recognised and not in effect yet, and
/// those that stand where they may not. A check that an administrator has asked for and that is not made must not pass in
/// silence.
enum KeywordChecks {
    static func diagnostics(_ table: ChannelTable) -> Diagnostics {
        var diagnostics = Diagnostics()
        for (keyword, uses) in missing(table).sorted(by: { $0.key < $1.key }) {
            let others = uses.count - 1
            let place = uses[0].channel + (others == 0 ? "" : " and \(others) other channel\(others == 1 ? "" : "s")")
            diagnostics.warning(
                "\(keyword) is recognised but not yet in effect (channel \(place))", at: uses[0].location,
                advice: "do not rely on it; docs/channels.md lists what is in effect")
        }
        for channel in table.channels where !channel.mayExpandElsewhere {
            guard let setting = channel.settings["expandlimit"], !setting.isInherited else { continue }
            diagnostics.error(
                "expandlimit is not allowed on channel \(channel.name)", at: setting.location,
                advice: "put it on the channels that mail comes in by")
        }
        for channel in table.channels {
            for (name, setting) in channel.settings.sorted(by: { $0.key < $1.key }) where name.hasSuffix("after") {
                guard let argument = setting.arguments.first, Channel.startDelay(argument) == nil else { continue }
                diagnostics.warning(
                    "\(name) \(argument) is ignored: only +seconds counts (channel \(channel.name))",
                    at: setting.location,
                    advice: "write \(name) +600 for ten minutes")
            }
        }
        return diagnostics
    }

    private struct Use {
        var channel: String
        var location: SourceLocation?
    }

    /// Keywords given without effect, each with the channels that have it, in the order of the table.
    private static func missing(_ table: ChannelTable) -> [String: [Use]] {
        var result: [String: [Use]] = [:]
        for channel in table.channels {
            for (name, setting) in channel.settings where effect(name) == .missing {
                // `streaming 0` asks for what is done.
                if name == "streaming", channel.integer(name) == 0 { continue }
                result[name, default: []].append(Use(channel: channel.name, location: setting.location))
            }
        }
        return result
    }

    fileprivate static func effect(_ name: String) -> ChannelKeyword.Effect? {
        ChannelKeyword.named(name).first?.effect
    }
}

extension MTAConfiguration {
    /// Keywords in use that are not yet in effect although the configuration we ship has them: no finding, since nothing
    /// harmful follows and nobody could mend it. In the order of the alphabet.
    package var keywordsToCome: [String] {
        Set(channels.channels.flatMap(\.settings.keys).filter { KeywordChecks.effect($0) == .later }).sorted()
    }
}
