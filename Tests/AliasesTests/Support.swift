import Aliases
import InternetMessage
import OptionSyntax

func mailbox(_ text: String) -> Mailbox { Mailbox(text) ?? Mailbox(localPart: "unparsable", domain: "invalid") }

/// Reads an alias file; `includes` by name.
func aliasFile(
    _ text: String, includes: [String: String] = [:], _ diagnostics: inout Diagnostics
) -> AliasFile {
    AliasFile(parsing: AliasLine.lines(of: text, file: "aliases"), diagnostics: &diagnostics) { name in
        includes[name].map { AliasLine.lines(of: $0, file: name) }
    }
}

func aliasFile(_ text: String) -> AliasFile {
    var diagnostics = Diagnostics()
    return aliasFile(text, &diagnostics)
}

func directory(_ text: String) -> DirectoryFile {
    var diagnostics = Diagnostics()
    return DirectoryFile(parsing: text, file: "directory", diagnostics: &diagnostics)
}

/// A site: the default configuration's channels around an alias file and a directory.
struct Site {
    var host = "mail.example.com"
    var defaultDomain = "example.com"
    var aliases = AliasFile()
    var directory: any Directory = DirectoryFile()
    var options = DeliveryOptions.standard
    var environment = AliasEnvironment()
    var subaddress = SubaddressMatching.relaxed
    var viaAliasRequired = true

    var resolver: AliasResolver {
        AliasResolver(
            file: aliases, directory: directory,
            settings: DirectorySource.Settings(
                deliveryOptions: options, defaultDomain: defaultDomain, localHosts: [host]),
            environment: environment)
    }

    /// What the default rewrite rules do: own names to `l`, `NAME-daemon` to its channel, the rest to `tcp_local`.
    func rewrite(_ address: Mailbox) -> RecipientExpander.Routing {
        var address = address
        if address.domain.isEmpty { address.domain = host }
        let first = (address.route.first ?? address.domain).asciiLowercased
        if first == host { address.route = [] }
        var isLocal = first == host
        if case .found = directory.domain(first) { isLocal = true }
        if isLocal || first == defaultDomain {
            return .channel(
                address: address, host: first, name: "l",
                aliases: AliasChannel(
                    name: "l", isLocal: true, subaddress: subaddress, viaAliasRequired: viaAliasRequired))
        }
        if first.hasSuffix("-daemon") {
            return .channel(address: address, host: first, name: String(first.dropLast(7)), aliases: nil)
        }
        if first.hasSuffix(".bad") {
            return .failure(AliasFailure(550, EnhancedStatus(5, 1, 2), "unknown host or domain"))
        }
        return .channel(address: address, host: first, name: "tcp_local", aliases: nil)
    }

    func expand(
        _ address: String, poster: Poster = Poster(), now: Int64 = 1_700_000_000, reprocessing: Bool = false
    ) -> RecipientExpansion {
        let expander = RecipientExpander(resolver: resolver, poster: poster, now: now, isReprocessing: reprocessing)
        return expander.expand(mailbox(address), rewrite: rewrite)
    }
}

extension RecipientExpansion {
    /// `channel address` of each recipient.
    var routes: [String] { recipients.map { $0.channel + " " + $0.address.description } }
}
