import Channels
import Configuration
import Enqueue
import Envelope
import Glibc
import InternetMessage
import OptionSyntax
import Synchronization
import SystemCalls
import Testing

/// A directory that goes away with the last reference.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-enqueue-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        path = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        for name in (try? Files.list(path)) ?? [] { remove("\(path)/\(name)") }
        if rmdir(path) < 0 { unlink(path) }
    }

    func write(_ name: String, _ text: String) throws {
        try Files.createDirectory(Files.parent(of: "\(path)/\(name)"))
        try Files.replace("\(path)/\(name)", with: Array(text.utf8))
    }
}

/// The site of the default configuration's examples, on disk: mail.example.com with anna, bert, dora on hold, and the
/// alias team (default configuration specification, 7).
final class Site: Sendable {
    static let directory = """
        domain: example.com

        uid: anna
        domain: example.com
        mail: anna@example.com
        mailAlternateAddress: anna.adams@example.com

        uid: bert
        domain: example.com
        mail: bert@example.com

        uid: dora
        domain: example.com
        mail: dora@example.com
        mailUserStatus: hold

        uid: prog
        domain: example.com
        mail: prog@example.com
        mailDeliveryOption: program

        uid: away
        domain: example.com
        mail: away@example.com
        mailDeliveryOption: mailbox
        mailDeliveryOption: autoreply
        vacationStartDate: 20000101000000Z
        vacationEndDate: 20990101000000Z

        uid: carl
        domain: example.com
        mail: carl@example.com
        mailDeliveryOption: forward
        mailForwardingAddress: carl@other.example
        """

    private let scratch: Scratch
    let configuration: MTAConfiguration
    let router: Router
    private let heard = Heard()

    private final class Heard: Sendable {
        let lines = Mutex<[String]>([])
    }

    /// Lines about the directory file.
    var reports: [String] { heard.lines.withLock { $0 } }

    /// `added`: text put behind martlet.conf; `replacing`: changes of its text; `directory`: nil for none; `others`:
    /// further files of the configuration directory; `options`: lines before martlet.conf.
    init(
        _ added: String = "", replacing changes: [(old: String, new: String)] = [], directory: String? = Site.directory,
        others: [String: String] = [:], options: String = ""
    ) throws {
        scratch = try Scratch()
        var text = DefaultConfiguration(
            hostname: "mail.example.com", defaultDomain: "example.com", ownAddresses: ["192.0.2.25"]
        ).unified
        for change in changes { text = text.replacing(change.old, with: change.new) }
        text += "  team@example.com: anna@example.com, bert@example.com, carol@other.example\n\(added)\n"
        try scratch.write("config/martlet.conf", options + text)
        for (name, text) in others { try scratch.write("config/\(name)", text) }
        if let directory { try scratch.write("config/directory", directory + "\n") }
        let load = MTAConfiguration.load(instanceRoot: scratch.path)
        configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        let heard = heard
        router = Router(configuration: configuration) { line in heard.lines.withLock { $0.append(line) } }
    }

    func channel(_ name: String) throws -> Channel { try #require(configuration.channels.channel(named: name)) }

    /// A client's session on a service: its channel is found as the SMTP server does.
    func session(_ client: Client, sender: String = "<bob@remote.example>") throws -> Session {
        let switching = ChannelSwitching(configuration.channels)
        let initial = try #require(switching.initialChannel(parameter: client.service))
        let address = SocketAddress(host: client.address, port: 40000)
        var channel = switching.atConnect(
            initial: initial, byAddress: router.channel(ofClientLiteral: address.literal))
        if client.isAuthenticated { channel = switching.afterAuthentication(channel) }
        return try Session(site: self, client: client, channel: channel, literal: address.literal, sender: sender)
    }
}

struct Client: Sendable {
    var address: String
    /// PARAMETER=CHANNEL of the service.
    var service: String?
    var port: Int
    var isAuthenticated: Bool

    static let stranger = Client(address: "203.0.113.9", service: nil, port: 2525, isAuthenticated: false)
    static let ourselves = Client(address: "127.0.0.1", service: nil, port: 2525, isAuthenticated: false)
    static let ourselvesIPv6 = Client(address: "::1", service: nil, port: 2525, isAuthenticated: false)
    static let submitter = Client(
        address: "198.51.100.7", service: "tcp_submit", port: 2587, isAuthenticated: true)
    static let authenticated = Client(address: "203.0.113.9", service: nil, port: 2525, isAuthenticated: true)
}

/// A transaction: MAIL FROM has been given.
struct Session {
    let site: Site
    let channel: Channel
    let completion: HostCompletion
    let facts: AccessFacts

    init(site: Site, client: Client, channel: Channel, literal: String, sender: String) throws {
        self.site = site
        self.channel = channel
        completion = HostCompletion(clientLiteral: literal)
        let path = try SMTPPath.parse(Array(sender.utf8)[...]).get()
        facts = AccessFacts(
            portAccessProbe: "TCP|192.0.2.25|\(client.port)|\(client.address)|40000",
            applicationInformation: "SMTP/client.example", sourceChannel: channel.name,
            sender: site.router.sender(path.mailbox, channel: channel, completion: completion),
            isAuthenticated: client.isAuthenticated, usesTLS: client.isAuthenticated, saidEHLO: true)
    }

    func route(_ path: String) throws -> (result: Router.Result, given: String) {
        let path = try SMTPPath.parse(Array(path.utf8)[...]).get()
        let result = site.router.route(
            try #require(path.mailbox), recipient: QueueRecipientFacts(given: path.given), channel: channel,
            completion: completion, facts: facts)
        return (result, path.given)
    }

    /// The reply of a refused recipient; `250 …` of one that is good.
    func reply(_ path: String) throws -> String {
        switch try route(path) {
        case (.accepted, let given): "250 2.1.5 \(given) OK."
        case (.refused(let refusal), let given): "\(refusal.code) \(refusal.status) \(refusal.text): \(given)"
        }
    }

    /// Entries of a message to these recipients, as the specification writes them: `channel | host | recipients`; with
    /// the reason of a held one.
    func entries(_ paths: String...) throws -> [String] {
        var routed: [RoutedRecipient] = []
        for path in paths {
            guard case .accepted(let found) = try route(path).result else {
                Issue.record("\(path): \(try reply(path))")
                continue
            }
            routed += found
        }
        let channels = site.configuration.channels
        let entries = EntryPlan.entries(
            routed, priority: .normal, heldReason: nil,
            division: { EntryPlan.Division(channels.channel(named: $0)) },
            officialHost: { channels.channel(named: $0)?.officialHost ?? $0 })
        return entries.map { entry in
            let recipients = entry.recipients.map(\.address).joined(separator: ", ")
            return "\(entry.channel) | \(entry.host) | \(recipients)" + (entry.heldReason.map { " | \($0)" } ?? "")
        }
    }
}
