package import Channels
package import DNS
package import SMTP

/// What the client does for one channel: plain values, read once at the start of a run.
package struct ClientSettings: Sendable {
    /// How the session is opened (SMTP specification, 12.5).
    package enum Greeting: Hashable, Sendable {
        /// EHLO unless the banner says `fire away`.
        case byBanner
        case alwaysEHLO
        /// `checkehlo`: EHLO only when the banner says `ESMTP`.
        case whenAdvertised
        case neverEHLO
    }

    /// What becomes of 8-bit content when the server does not offer 8BITMIME (SMTP specification, 7.4).
    package enum EightBit: Hashable, Sendable {
        /// `eightbit`: send as it is.
        case send
        /// `eightnegotiate`, `sevenbit`: it is encoded; refused where it may not be.
        case convert
    }

    package var channel: String
    /// Name for EHLO: the local host alias of the channel, or the official name of the local channel.
    package var heloName: String
    /// `lmtp`: LHLO, and a reply for each recipient after the data (RFC 2033).
    package var isLMTP = false
    /// The channel is a store (`ims-ms`): its recipients are `uid@ims-ms-daemon` and `uid%domain@ims-ms-daemon`, which on
    /// the wire are `uid@domain`, with this domain when there is none. Nil: addresses go out as they are.
    package var storeDomain: String?
    /// `connectcanonical`: the host to connect to, from the host of the entry.
    package var canonicalHost: (@Sendable (String) -> String)?
    /// IP_ACCESS; nil: there is no such table.
    package var addressAccess: AddressAccess?
    /// DEQUEUE_ACCESS; nil: there is no such table.
    package var dequeueAccess: DequeueAccess?
    /// `master_debug` and TRACE_LEVEL: takes each command and each reply. Nil: nothing is traced.
    package var trace: (@Sendable (String) -> Void)?
    /// `master_debug`, or TRACE_LEVEL above 0.
    package var wantsTrace = false
    /// MAILBOX_BUSY_FAST_RETRY: on an LMTP channel a busy mailbox is tried again after 30 to 90 seconds.
    package var retriesBusyMailbox = true
    package var selection: HostSelection
    package var own = OwnHost()
    package var greeting = Greeting.byBanner
    /// INITIAL_COMMAND: sent before EHLO; empty: none.
    package var initialCommand = ""
    /// `sendetrn`: ETRN with this name follows EHLO where the server offers it; empty: none.
    package var remoteQueueStart = ""
    /// `chunkingclient`: BDAT where the server offers CHUNKING.
    package var usesChunking = true
    /// LOG_BANNER: the banner of the server stands in the log; unless the option says 0.
    package var logsBanner = true
    /// LOG_TRANSPORTINFO: addresses and ports of the connection stand there; unless the option says 0.
    package var logsTransport = true
    package var eightBit = EightBit.convert
    /// `maytlsclient`, `musttlsclient`.
    package var tls = ClientSession.TLSUse.never
    /// Certificates in PEM to trust besides those of the system, option `tls_ca`; nil: none.
    package var trustedCertificates: String?
    /// Authentication, and TLS of single hosts.
    package var security = ClientSecurity()
    package var cache = HostCache.Use.everything
    package var timeouts = ClientTimeouts()
    package var classifier = ReplyClassifier()
    /// MAX_CLIENT_THREADS.
    package var mostThreads = 10
    /// ATTEMPT_TRANSACTIONS_PER_SESSION; nil: no limit.
    package var mostTransactions: Int?
    package var mostExchangers = 32
    package var mostAddresses = 128
    /// `nameservers`: resolvers to ask in place of the system's; for who sets up the ``LazyResolver``.
    package var nameservers: [String] = []
    /// `interfaceaddress`: local address of connections.
    package var interfaceAddress: String?
    /// Own XLOOP value on a channel with `loopcheck`; nil: no check.
    package var loopValue: String?
    /// `dequeue_removeroute`: source routes are taken off recipients.
    package var removesRoute = false
    /// Entries of one host asked for at once.
    package var entriesPerRequest = 8

    package init(channel: String, heloName: String, selection: HostSelection) {
        self.channel = channel
        self.heloName = heloName
        self.selection = selection
    }

    /// Keywords and channel options of a channel.
    /// - Parameters:
    ///   - localHost: official name of the MTA.
    ///   - loopValue: this installation's XLOOP value.
    package init(_ channel: Channel, localHost: String, own: OwnHost, loopValue: String? = nil) {
        self.init(
            channel: channel.name, heloName: channel.localHostAlias ?? localHost, selection: HostSelection(channel))
        self.own = own
        self.own.names.insert(localHost.lowercased())
        if channel.has("ehlo") {
            greeting = .alwaysEHLO
        } else if channel.has("noehlo") {
            greeting = .neverEHLO
        } else if channel.has("checkehlo") {
            greeting = .whenAdvertised
        }
        isLMTP = HostSelection.isLMTP(channel)
        nameservers = channel.nameServers
        usesChunking = channel.isCHUNKINGClient
        remoteQueueStart = (channel.remoteQueueStartRequest ?? "").filter { $0.isASCII && $0 > " " && $0 != "\u{7F}" }
        eightBit = channel.has("eightbit") ? .send : .convert
        tls =
            switch channel.clientTLS {
            case .no: .never
            case .may: .ifOffered
            case .must: .required
            }
        security = ClientSecurity(channel)
        if channel.has("nocache") || channel.has("cachesuccesses") {
            cache = .nothing
        } else if channel.has("cachefailures") {
            cache = .failures
        }
        removesRoute = channel.has("dequeueremoveroute")
        interfaceAddress = channel.argument("interfaceaddress")
        self.loopValue = channel.checksLoops ? loopValue : nil
        wantsTrace = channel.has("master_debug")
        read(options: channel.options)
    }

    /// Channel options by lower-case name (SMTP specification, 11.2).
    private mutating func read(options: [String: String]) {
        func positive(_ name: String) -> Int? { options[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
        timeouts = ClientTimeouts(options: options)
        classifier = ReplyClassifier(options: options)
        mostThreads = min(positive("max_client_threads") ?? mostThreads, 1000)
        retriesBusyMailbox = options["mailbox_busy_fast_retry"].flatMap { Int($0) } != 0
        mostTransactions = positive("attempt_transactions_per_session")
        if let name = options["banner_host"], !name.isEmpty { heloName = name }
        initialCommand = (options["initial_command"] ?? "").filter { $0 != "\r" && $0 != "\n" && $0 != "\r\n" }
        if let level = options["trace_level"].flatMap({ Int($0) }), level > 0 { wantsTrace = true }
        logsBanner = options["log_banner"].flatMap { Int($0) } != 0
        logsTransport = options["log_transportinfo"].flatMap { Int($0) } != 0
        mostExchangers = min(positive("max_mx_records") ?? mostExchangers, 1000)
        mostAddresses = min(positive("max_a_records") ?? mostAddresses, 1000)
    }

    /// The lookup rules for a route.
    func lookupPolicy(_ route: HostRoute, usesMX: Bool) -> DestinationLookup.Policy {
        DestinationLookup.Policy(
            usesMX: usesMX, shuffles: route.shuffles, port: route.port, mostExchangers: mostExchangers,
            mostAddresses: mostAddresses)
    }
}
