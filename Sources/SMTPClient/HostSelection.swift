package import Channels
import DNS

/// What a channel says about where its mail goes (channels specification, 4.2).
package struct HostSelection: Hashable, Sendable {
    /// The `mx` group of keywords.
    package enum MXUse: Hashable, Sendable {
        /// `mx`, `nonrandommx`: equal preferences in the order received.
        case inOrder
        /// `randommx`.
        case shuffled
        /// `defaultmx`: as `randommx`, but only on port 25.
        case onMailPort
        /// `nomx`, `nodns`, `affinitylist`.
        case none
    }

    package var officialHost: String
    /// Argument of `daemon`; nil without it.
    package var daemon: String?
    package var port: UInt16
    package var mx: MXUse
    /// `multigate`: a `daemon` that names no host leaves the recipient's own.
    package var isMultigate = false
    /// Argument of `lastresort`.
    package var lastResort: String?

    package init(
        officialHost: String, daemon: String? = nil, port: UInt16 = 25, mx: MXUse = .onMailPort,
        lastResort: String? = nil
    ) {
        self.officialHost = officialHost
        self.daemon = daemon
        self.port = port
        self.mx = mx
        self.lastResort = lastResort
    }

    static func isLMTP(_ channel: Channel) -> Bool {
        ["lmtp", "lmtp_crlf", "lmtp_cr", "lmtp_lf", "lmtp_crorlf"].contains { channel.has($0) }
    }

    /// The keywords of a channel. LMTP channels use port 225 and no MX when nothing else is said.
    package init(_ channel: Channel) {
        let isLMTP = Self.isLMTP(channel)
        let port = channel.integer("port").flatMap { UInt16(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 }
        self.init(
            officialHost: channel.officialHost, daemon: channel.argument("daemon"), port: port ?? (isLMTP ? 225 : 25),
            lastResort: channel.argument("lastresort"))
        isMultigate = channel.isMultigate
        if ["nomx", "nodns", "affinitylist"].contains(where: { channel.has($0) }) {
            mx = .none
        } else if channel.has("mx") || channel.has("nonrandommx") {
            mx = .inOrder
        } else if channel.has("randommx") {
            mx = .shuffled
        } else {
            mx = isLMTP ? .none : .onMailPort
        }
    }
}

/// Where to connect for an entry: an address, or a name that the DNS is asked for.
package struct HostRoute: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        /// An address without brackets: connect there, no DNS.
        case address(String)
        /// A socket in the file system: an LMTP store on this host.
        case socket(String)
        case name(String, usesMX: Bool)
    }

    package var place: Place
    package var port: UInt16
    package var shuffles: Bool
    /// Tried after every other target had a temporary connection failure (SMTP specification, 12.2).
    package var lastResort: Place?

    /// The name for the log and for messages: the host wanted.
    package var wanted: String {
        switch place {
        case .address(let address): address.contains(":") ? "[IPv6:\(address)]" : "[\(address)]"
        case .socket(let path): path
        case .name(let name, _): name
        }
    }

    /// `entryHost`: the destination host of the entry, a domain or an address literal.
    package init(_ selection: HostSelection, entryHost: String) {
        port = selection.port
        shuffles = selection.mx == .shuffled || selection.mx == .onMailPort
        let usesMX =
            switch selection.mx {
            case .inOrder, .shuffled: true
            case .onMailPort: selection.port == 25
            case .none: false
            }
        // A path comes from the administrator, never from an address.
        let host = entryHost.hasPrefix("/") ? "[]" : entryHost
        place = Self.place(Self.target(selection, host), usesMX: usesMX)
        lastResort = selection.lastResort.map { Self.place($0, usesMX: false) }
    }

    /// `daemon` with a domain name, something in brackets or the path of a socket names the host; any other word, by
    /// custom `router`, means the official host of the channel, and with `multigate` the recipient's own.
    private static func target(_ selection: HostSelection, _ entryHost: String) -> String {
        guard let daemon = selection.daemon, !daemon.isEmpty else { return entryHost }
        let isHost = daemon.contains(".") || daemon.contains(":") || daemon.hasPrefix("[") || daemon.hasPrefix("/")
        if isHost { return daemon }
        return selection.isMultigate ? entryHost : selection.officialHost
    }

    /// Brackets around a name suppress MX; an address needs no brackets when an administrator writes it.
    private static func place(_ host: String, usesMX: Bool) -> Place {
        if host.hasPrefix("/") { return .socket(host) }
        if let address = AddressLiteral.address(host) ?? AddressLiteral.address("[\(host)]") {
            return .address(address)
        }
        if host.hasPrefix("["), host.hasSuffix("]"), host.count > 2 {
            return .name(String(host.dropFirst().dropLast()), usesMX: false)
        }
        return .name(host, usesMX: usesMX)
    }
}
