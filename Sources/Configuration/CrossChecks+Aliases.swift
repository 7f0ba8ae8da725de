import Aliases
import Channels
import InternetMessage
import OptionSyntax

/// Aliases.
extension CrossChecks {
    mutating func checkAliases() {
        checkPostmaster()
        for loop in AliasLoops(configuration).loops {
            diagnostics.warning(
                "alias \(loop.entry.name) leads back to itself: \(loop.description)",
                at: loop.entry.location, advice: "mail to it is refused; let one of them lead to a mailbox")
        }
    }

    /// Every host that takes mail needs a postmaster (aliases specification, section 2.4; RFC 5321 section 4.5.1).
    private mutating func checkPostmaster() {
        guard configuration.dispatcher.services.contains(where: \.enabled) else { return }
        let domains = [configuration.channels.localHost, configuration.hostname, configuration.defaultDomain]
        let names = ["postmaster"] + domains.flatMap { ["postmaster@\($0)", "*@\($0)"] }
        guard !names.contains(where: { configuration.aliases.entry(named: $0) != nil }) else { return }
        let message = "there is no alias postmaster, so mail to the postmaster of this host may not arrive"
        let advice = "add postmaster@\(configuration.channels.localHost) with the address of whoever runs the host"
        if configuration.directoryFile == nil {
            diagnostics.warning(message, at: nil, advice: advice)
        } else {
            diagnostics.note(message + " unless the directory knows it", at: nil, advice: advice)
        }
    }
}

/// Aliases of the alias file that lead back to themselves whatever else there is.
struct AliasLoops {
    struct Loop {
        /// The alias of the loop that stands first in the file.
        var entry: AliasEntry
        /// The addresses, the first one again at the end.
        var way: [String]

        /// The addresses with arrows between them; of a long way its beginning and its end.
        var description: String {
            let shown = way.count > 8 ? way.prefix(5) + ["…"] + way.suffix(2) : way[...]
            return shown.joined(separator: " -> ")
        }
    }

    private(set) var loops: [Loop] = []
    private let aliases: AliasFile
    private let channel: AliasChannel
    private let localHost: String
    /// Domains in lower case whose addresses certainly come to the local channel.
    private let ownDomains: Set<String>
    /// Addresses that were followed to the end.
    private var done: Set<String> = []

    init(_ configuration: MTAConfiguration) {
        aliases = configuration.aliases
        channel = AliasChannel(name: "l", isLocal: true)
        localHost = configuration.channels.localHost
        let channels = configuration.channels
        let names = channels.hostNames.filter { channels.channel(forHost: $0)?.channel.name == "l" }
        ownDomains = Set(
            ([localHost, configuration.hostname, configuration.defaultDomain] + names).map { $0.lowercased() })
        for name in aliases.order {
            guard let entry = aliases.entries[name], let address = Mailbox(entry.name) else { continue }
            follow(complete(address))
        }
    }

    /// One address on the way, and the members of its alias that are still to be followed.
    private struct Step {
        var address: Mailbox
        var key: String
        var entry: AliasEntry
        var rest: ArraySlice<AliasMember>
    }

    /// Depth first without recursion, as a chain may be as long as the file.
    private mutating func follow(_ start: Mailbox) {
        guard let first = step(start), !done.contains(first.key) else { return }
        var way = [first]
        var open: Set<String> = [first.key]
        while let current = way.last {
            guard let member = current.rest.first else {
                done.insert(current.key)
                open.remove(current.key)
                way.removeLast()
                continue
            }
            way[way.count - 1].rest = current.rest.dropFirst()
            guard let next = step(complete(member.address)), next.key != current.key, !done.contains(next.key) else {
                continue
            }
            if open.contains(next.key) {
                add(way, backTo: next.key)
            } else {
                way.append(next)
                open.insert(next.key)
            }
        }
    }

    private mutating func add(_ way: [Step], backTo key: String) {
        let loop = way.drop { $0.key != key }
        guard let first = loop.first else { return }
        loops.append(Loop(entry: first.entry, way: loop.map(\.key) + [key]))
    }

    private func complete(_ address: Mailbox) -> Mailbox {
        guard address.domain.isEmpty else { return address }
        return Mailbox(localPart: address.localPart, domain: localHost)
    }

    /// The alias of an address; nil when it has none, or when who may post decides what it leads to.
    private func step(_ address: Mailbox) -> Step? {
        guard address.route.isEmpty, ownDomains.contains(address.domain.lowercased()) else { return nil }
        let names = AliasProbes.names(for: address, on: channel, domains: 6)
        guard let entry = names.lazy.compactMap({ aliases.entry(named: $0) }).first, entry.list == nil,
            entry.parameters?.access.isEmpty ?? true
        else { return nil }
        return Step(
            address: address, key: address.description.lowercased(), entry: entry, rest: entry.members[...])
    }
}
