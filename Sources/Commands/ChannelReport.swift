import Channels

/// The block of lines that `imsimta test -rewrite` prints about a channel (rewrite-rules specification, 10.2).
struct ChannelReport {
    let channel: Channel
    let table: ChannelTable

    /// Groups of keywords, and keywords that stand alone, in the order of the ten flag lines.
    private static let flags: [[String]] = [
        ["dir", "copies", "imm", "srv"], ["proto", "mx", "tlsc", "tlss", "saslc", "sasls"],
        ["postc", "hpos", "expr", "impr"], ["log", "grey", "restr"], ["8bit", "htrim", "hread", "rules"],
        ["mdbg", "sdbg"], ["report", "final"], ["switch", "fixh", "dat", "dow"],
        ["dfr", "quota", "rev", "octs"], ["thur", "enc", "rfor", "rfrm"],
    ]

    var lines: [String] {
        var lines = [
            Self.line("channel description", channel.argument("description")),
            Self.line("channel user filter", nil),
            Self.line("dest channel filter", channel.argument("destinationfilter")),
            Self.line("source channel filter", channel.argument("sourcefilter")),
        ]
        for (number, groups) in Self.flags.enumerated() {
            let words = groups.compactMap(inForce).map { $0.uppercased() }
            lines.append(Self.line("channel flags #\(number)", words.joined(separator: " ")))
        }
        if let hosts = channel.settings["defaulthost"] {
            lines.append(Self.line("defaulthost", hosts.arguments.joined(separator: " ")))
        }
        for name in ["linelength", "addrsperfile"] {
            if let value = channel.argument(name) { lines.append(Self.line(name, value)) }
        }
        return lines + [
            Self.line("channel env addr type", addressType("envad", ["733": "PERCENTS", "uucp": "BANGSTYLE"])),
            Self.line(
                "channel hdr addr type", addressType("hdrad", ["header_733": "PERCENTS", "header_uucp": "BANGSTYLE"])),
            Self.line("channel official host", channel.officialHost),
            Self.line("channel local alias", channel.localHostAlias),
            Self.line("channel queue name", channel.pool),
            Self.line("channel after param", channel.argument("after")),
            Self.line("channel daemon name", channel.daemon),
            Self.line("channel user name", channel.argument("user")),
            Self.line("urgentnotices", notices(.urgent)), Self.line("normalnotices", notices(.normal)),
            Self.line("nonurgentnotices", notices(.nonurgent)), Self.line("channel group ids", nil),
        ] + switches
    }

    private var switches: [String] {
        ["expandchannel", "notificationchannel", "dispositionchannel", "saslswitchchannel", "tlsswitchchannel"]
            .compactMap { name in channel.argument(name).map { Self.line(name, $0) } }
    }

    /// A label in 22 columns, and its value.
    static func line(_ label: String, _ value: String?) -> String {
        let padding = String(repeating: " ", count: max(0, 22 - label.count))
        guard let value, !value.isEmpty else { return "\(label)\(padding) =" }
        return "\(label)\(padding) = \(value)"
    }

    /// The keyword of a group that counts, given or by default; a keyword that stands alone when it is given.
    private func inForce(_ group: String) -> String? {
        guard let members = ChannelKeyword.groups[group] else { return channel.has(group) ? group : nil }
        return members.sorted().first { channel.settings[$0] != nil } ?? members.sorted().first { channel.has($0) }
    }

    private func addressType(_ group: String, _ names: [String: String]) -> String {
        inForce(group).flatMap { names[$0] } ?? "SOURCEROUTE"
    }

    private func notices(_ priority: Channel.DeliveryPriority) -> String {
        table.notices(channel, priority).map(String.init).joined(separator: " ")
    }
}
