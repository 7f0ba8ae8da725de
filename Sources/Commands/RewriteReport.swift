import AddressRewriting
import Aliases
import Channels
import Enqueue
import Envelope
import InternetMessage
import OptionSyntax

/// What `test rewrite` found out about an address: the four places it may stand in, and where it would be submitted.
struct RewriteReport {
    /// One of the four places.
    struct Place {
        /// As in the JSON object: `envelopeTo`.
        var name: String
        var label: String
        var kind: AddressKind
        var direction: AddressDirection

        static let all = [
            Place(name: "headerTo", label: "header To: address", kind: .header, direction: .forward),
            Place(name: "headerFrom", label: "header From: address", kind: .header, direction: .backward),
            Place(name: "envelopeTo", label: "envelope To: address", kind: .envelope, direction: .forward),
            Place(name: "envelopeFrom", label: "envelope From: address", kind: .envelope, direction: .backward),
        ]
    }

    var input: String
    /// By name of the place.
    var outcomes: [String: RewriteEngine.Outcome]
    /// Nil when the address cannot be read or rewritten.
    var route: Router.Result?
    var lookups: [AliasLookup] = []
    /// The refusal of an access table, when the caller wants it to count.
    var accessRefusal: RoutingRefusal?
    var showsChannel = true
    /// The rules that were tried for the envelope To.
    var trace: [RewriteTraceStep] = []
    /// Why the address is none; the rules take many a text that no envelope can hold.
    var syntaxError: String?
    /// The message asks for a receipt of reading.
    var readReceipt = false
    /// Local parts are shown in restricted encoding (RFC 1137).
    var isRestricted = false
    /// The lines about filters.
    var filters: [String] = []
    /// Addresses of an alias that would be refused, when the caller asked for them.
    var badExpansions: [(address: String, refusal: RoutingRefusal)] = []

    /// Whether the address cannot be rewritten, as the member `status` tells.
    var isFailed: Bool { failure != nil }

    /// Whether it would be submitted, with all its addresses where the caller asked for them.
    var isSubmitted: Bool {
        guard case .accepted? = route else { return false }
        return !isFailed && badExpansions.isEmpty
    }

    /// What aliases led to, at every level.
    var expandedAddresses: [Mailbox] {
        lookups.flatMap { lookup -> [Mailbox] in
            if case .addresses(let found) = lookup.answer { found.map(\.address) } else { [] }
        }
    }

    /// The channel of the envelope To.
    var forwardChannel: String? { rewritten("envelopeTo")?.channel }

    private var failure: (code: String, text: String)? {
        if let syntaxError { return ("5.1.3", syntaxError) }
        if case .failed(let code, let text)? = outcomes["envelopeTo"] { return (code, text) }
        return accessRefusal.map { ($0.status, $0.text) }
    }

    private func rewritten(_ place: String) -> RewriteEngine.Rewritten? {
        if case .rewritten(let rewritten)? = outcomes[place] { return rewritten }
        return nil
    }

    // MARK: JSON

    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("input", .string(input)), .init("status", isFailed ? "failed" : "ok"),
        ]
        for name in ["envelopeTo", "envelopeFrom", "headerTo", "headerFrom"] {
            let value: JSONValue? = rewritten(name).map {
                [
                    "address": .string($0.address), "channel": .string($0.channel),
                    "routingSystem": .string($0.routingSystem),
                ]
            }
            members.append(.init(name, value ?? .null))
        }
        let error: JSONValue? = failure.map { ["code": .string($0.code), "text": .string($0.text)] }
        members.append(.init("error", error ?? .null))
        return .object(members)
    }

    // MARK: Lines of the family

    /// As `imsimta test -rewrite` prints them (rewrite-rules specification, 10.2).
    func lines(_ table: ChannelTable) -> [String] {
        let forward = rewritten("envelopeTo")
        var lines = [ChannelReport.line("forward channel", forward?.channel)]
        if showsChannel, let channel = forward.flatMap({ table.channel(named: $0.channel) }) {
            lines += ChannelReport(channel: channel, table: table).lines
        }
        lines.append(ChannelReport.line("backward channel", rewritten("envelopeFrom")?.channel))
        for place in Place.all {
            var text = shown(rewritten(place.name)?.address ?? input)
            if place.name == "envelopeTo", let forward { text += Self.route(forward, table) }
            lines.append(ChannelReport.line(place.label, text))
        }
        let address = forward?.address ?? input
        lines.append(ChannelReport.line("name", nil))
        lines.append(ChannelReport.line("mbox", forward?.localPart))
        lines += ["Extracted address action list:", "  \(address)"]
        lines += ["Extracted 733 address action list:", "  \(address)"]
        return lines + expansion + submitted(table) + filters
    }

    private func shown(_ address: String) -> String {
        isRestricted ? RestrictedEncoding.encoded(address) : address
    }

    private static func route(_ rewritten: RewriteEngine.Rewritten, _ table: ChannelTable) -> String {
        guard rewritten.routingSystem.lowercased() != rewritten.host.lowercased(),
            let channel = table.channel(named: rewritten.channel)
        else { return "" }
        return " (route (\(rewritten.routingSystem),\(channel.officialHost)))"
    }

    private var expansion: [String] {
        let addresses = expandedAddresses.map(\.description)
        guard !addresses.isEmpty else { return ["Address list expansion:"] }
        return ["Address list expansion:"] + addresses.map { "  \($0)" } + ["\(addresses.count) expansion total."]
            + ["Expanded address:"] + addresses.map { "  \($0)" }
    }

    private func submitted(_ table: ChannelTable) -> [String] {
        var lines = ["Submitted address list:"]
        switch route {
        case .accepted(let recipients)?:
            var order: [String] = []
            for recipient in recipients where !order.contains(recipient.channel) { order.append(recipient.channel) }
            for channel in order {
                lines.append("  \(channel)")
                for recipient in recipients where recipient.channel == channel {
                    let held = recipient.heldReason.map { " *HELD* (\($0))" } ?? ""
                    lines.append("    \(Self.entry(recipient, table)) \(requests(recipient))\(held)")
                }
            }
        case .refused(let refusal)?:
            lines.append("Address list error -- \(refusal.status) \(refusal.text): \(input)")
        case nil:
            if let failure { lines.append("Address list error -- \(failure.code) \(failure.text): \(input)") }
        }
        for (address, refusal) in badExpansions {
            lines.append("Address list error -- \(refusal.status) \(refusal.text): \(address)")
        }
        return lines + ["", "Submitted notifications list:"]
    }

    /// The requests in force for notifications and receipts.
    private func requests(_ recipient: RoutedRecipient) -> String {
        let notify = recipient.recipient.notify
        let isDefault = notify.isEmpty
        var words: [String] = []
        if isDefault || notify.contains(.failure) { words.append("*NOTIFY FAILURES*") }
        if isDefault || notify.contains(.delay) { words.append("*NOTIFY DELAYS*") }
        if notify.contains(.success) { words.append("*NOTIFY SUCCESSES*") }
        if readReceipt { words.append("*READ RECEIPT*") }
        return words.joined(separator: " ")
    }

    /// The address and its host in brackets; on the local channel an address of the local host is a name alone
    /// (commands specification, 10, example 17).
    private static func entry(_ recipient: RoutedRecipient, _ table: ChannelTable) -> String {
        let address = recipient.recipient.address
        guard let local = table.local, recipient.channel == local.name, let mailbox = Mailbox(address),
            mailbox.route.isEmpty, mailbox.domain.lowercased() == local.officialHost.lowercased()
        else { return "\(address) (\(recipient.host))" }
        return "\(mailbox.localPartText) (\(local.officialHost))"
    }
}
