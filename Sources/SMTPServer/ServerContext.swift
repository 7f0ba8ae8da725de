import Channels
import Configuration
import DNS
import Enqueue
import InternetMessage
import Logging
import Mappings
import MeterMaid
import OptionSyntax
import SASL
import SMTP
import Spool
import Synchronization
import SystemCalls
import TransactionLog

/// What all sessions of a worker share under one configuration. Immutable; a reload makes a new one for new connections.
final class ServerContext: Sendable {
    let configuration: MTAConfiguration
    let router: Router
    let submitter: MessageSubmitter
    let header: HeaderPreparation
    /// Nil: there is no certificate, and TLS is not offered.
    let tls: ServerTLS?
    let authenticator: Authenticator
    /// Nil: the directory has the users' secrets.
    let dovecot: DovecotService?
    /// Nil: no tokens are taken.
    let tokens: TokenVerifier?
    private let offer: AuthenticationOffer
    /// `tls_handshake_time`.
    let handshakeSeconds: Int
    /// LOG_TLS.
    let logsTLS: Bool
    let resolver: any DNSResolver
    let systemLog: AccessNotes
    let switching: ChannelSwitching
    /// The channel of the service, from its PARAMETER.
    let initialChannel: Channel
    /// Time limits of its sessions.
    let times: ServerTimes
    /// MAX_J_ENTRIES: records of refused recipients in a session.
    let mostRefusalsLogged: Int
    /// MAX_B_ENTRIES.
    let mostBadCommandsLogged: Int
    /// BANNER_PURGE_DELAY in hundredths of a second.
    let bannerPurgeDelay: Int
    /// Where the LMTP server delivers; nil: mail goes to the queue.
    let store: LMTPStore?
    let product: String
    let xloop: String
    /// CHECK_SOURCE.
    let checksSource: Bool
    /// Some channel has `sourcenosolicit` or `destinationnosolicit`.
    let refusesSolicitations: Bool
    /// Who may speak for other clients.
    let trusted: TrustedPeers
    let logger: Logger
    /// Channels by client address, for switching at connect: few addresses make most connections.
    private let channels = Mutex<[String: Channel]>([:])
    private static let mostRememberedAddresses = 4096

    /// What the options of a session depend on, but for the client's address.
    private struct OptionsKey: Hashable {
        var channel: String
        var usesTLS: Bool
        var isAuthenticated: Bool
    }

    /// Options are made of some thirty keywords; there are few channels, so that each kind is made once.
    private let knownOptions = Mutex<[OptionsKey: ServerOptions]>([:])

    init(
        configuration: MTAConfiguration, submitter: MessageSubmitter, initialChannel: Channel,
        authenticator: Authenticator, dovecot: DovecotService?, resolver: any DNSResolver, logger: Logger
    ) {
        self.resolver = resolver
        systemLog = AccessNotes(logger)
        self.configuration = configuration
        self.submitter = submitter
        self.initialChannel = initialChannel
        times = ServerTimes(initialChannel.options)
        func option(_ name: String) -> Int? { initialChannel.options[name].flatMap(IntegerValue.parse) }
        mostRefusalsLogged = option("max_j_entries") ?? 10
        mostBadCommandsLogged = option("max_b_entries") ?? 10
        bannerPurgeDelay = min(max(0, option("banner_purge_delay") ?? 0), AccessDelay.limit)
        self.logger = logger
        self.authenticator = authenticator
        self.dovecot = dovecot
        tls = Self.tls(configuration, logger)
        tokens = Self.tokens(configuration, logger)
        offer = AuthenticationOffer(configuration.security, takesTokens: tokens != nil)
        for name in AuthenticationOffer.unknown(configuration.security) {
            logger.error("base.sasl_mechanisms: \(name) is not known and not offered")
        }
        handshakeSeconds = configuration.options.integer("base.tls_handshake_time") ?? 60
        logsTLS = configuration.options.boolean("mta.log_tls")
        let meters = MeterMaidCallout(configuration) { logger.error("\($0)") }
        router = Router(configuration: configuration, callout: { meters.answer($0) }) { logger.error("\($0)") }
        switching = ChannelSwitching(configuration.channels)
        product =
            initialChannel.options["custom_version_string"] ?? configuration.mta.receivedVersion ?? ProductVersion.text
        xloop = Installation.xloop(configuration)
        header = HeaderPreparation(configuration)
        checksSource = initialChannel.checksSource
        refusesSolicitations = configuration.channels.channels.contains {
            !$0.refusedSolicitations.isEmpty || !$0.refusedSolicitationsTo.isEmpty
        }
        store = initialChannel.proto == .lmtp ? LMTPStore(configuration, initialChannel) : nil
        trusted = TrustedPeers(initialChannel.options) { problem in
            logger.error("channel \(initialChannel.name): \(problem)")
        }
    }

    private static func tls(_ configuration: MTAConfiguration, _ logger: Logger) -> ServerTLS? {
        do {
            return try ServerTLS(configuration) { logger.error("\($0)") }
        } catch {
            logger.error(
                "TLS is not offered, certificate \(configuration.tlsCertificate ?? "") cannot be used: \(error)")
            return nil
        }
    }

    private static func tokens(_ configuration: MTAConfiguration, _ logger: Logger) -> TokenVerifier? {
        guard let tokens = configuration.security.tokens else { return nil }
        do {
            return try TokenVerifier(tokens)
        } catch {
            logger.error("tokens are not taken, \(tokens.keyFile) cannot be used: \(error)")
            return nil
        }
    }

    /// What AUTH offers on `channel`. No password in the clear, unless the site wants it so (smtp specification, 15.2).
    func mechanisms(_ channel: Channel, usesTLS: Bool, _ tls: ConnectionTLS?) -> [String] {
        guard channel.serverSASL != .no, usesTLS || configuration.security.allowsAuthenticationWithoutTLS else {
            return []
        }
        return offer.mechanisms(
            hasBinding: tls?.identity.endPoint != nil, hasCertificate: tls?.clientNames.isEmpty == false,
            outside: dovecot?.mechanisms
        ).map(\.rawValue)
    }

    /// The channel of a connection after switching by the client's address (channels specification, 6.2).
    func channel(ofClient address: SocketAddress) -> Channel {
        if let known = channels.withLock({ $0[address.host] }) { return known }
        let channel = switching.atConnect(
            initial: initialChannel, checksSource: checksSource,
            byAddress: router.channel(ofClientLiteral: address.literal))
        channels.withLock { channels in
            if channels.count >= Self.mostRememberedAddresses { channels.removeAll() }
            channels[address.host] = channel
        }
        return channel
    }

    /// How a session on `channel` behaves.
    func options(
        _ channel: Channel, client: SocketAddress, usesTLS: Bool, isAuthenticated: Bool
    ) -> ServerOptions {
        let key = OptionsKey(channel: channel.name, usesTLS: usesTLS, isAuthenticated: isAuthenticated)
        var options = knownOptions.withLock { known in
            if let options = known[key] { return options }
            let made = makeOptions(channel, usesTLS: usesTLS, isAuthenticated: isAuthenticated)
            known[key] = made
            return made
        }
        options.clientAddress = client.host
        return options
    }

    private func makeOptions(_ channel: Channel, usesTLS: Bool, isAuthenticated: Bool) -> ServerOptions {
        var options = ServerOptions(
            hostName: initialChannel.options["banner_host"] ?? router.localHost, clientAddress: "",
            productVersion: product, xloop: xloop)
        options.service = initialChannel.proto == .lmtp ? .lmtp : channel.isSubmission ? .submission : .smtp
        options.sizeLimit = sizeLimit(channel).map(Int64.init)
        options.longLines =
            switch initialChannel.longLines {
            case .truncate: .truncate
            case .wrap: .wrap
            case .reject: .reject
            }
        options.offersChunking = channel.isCHUNKINGServer
        options.usesTLS = usesTLS
        options.isAuthenticated = isAuthenticated
        options.offersTLS = tls != nil && channel.serverTLS != .no
        options.requiresTLS = channel.serverTLS == .must
        options.authenticationNeedsTLS =
            channel.serverSASL != .no && options.offersTLS && !configuration.security.allowsAuthenticationWithoutTLS
        options.requiresAuthentication = channel.serverSASL == .must
        options.customVersion = initialChannel.options["custom_version_string"]
        options.bannerAddition = initialChannel.options["banner_addition"] ?? ""
        options.limits = limits(channel)
        extend(&options, channel)
        return options
    }

    private func limits(_ channel: Channel) -> ServerLimits {
        let mta = configuration.mta
        var limits = ServerLimits()
        if let text = mta.errorTexts["transaction_limit_exceeded"] { limits.transactionText = text }
        if let text = mta.errorTexts["recipient_over"] { limits.recipientText = text }
        limits.recipientOverflowIsPermanent = mta.usePermanentError & 16 != 0
        limits.transactions = number("allow_transactions_per_session")
        limits.channelTransactions = channel.transactionLimit
        limits.recipients = number("allow_recipients_per_transaction") ?? 128
        limits.channelRecipients = channel.recipientLimit
        limits.recipientCutoff = [number("reject_recipients_per_transaction"), channel.recipientCutoff].compactMap {
            $0
        }.min()
        limits.rejectionsBeforeDeferral =
            [number("allow_rejections_before_deferral"), channel.deferralRejectLimit].compactMap { $0 }.min()
        limits.disconnectTransactions = channel.disconnectTransactionLimit
        limits.disconnectRecipients = channel.disconnectRecipientLimit
        limits.disconnectRejections = channel.disconnectRejectLimit
        limits.disconnectBadCommands = channel.disconnectBadCommandLimit
        limits.disconnectBadAuthentications = channel.disconnectBadAuthLimit
        return limits
    }

    /// Octets of the largest message from this channel; nil: no limit.
    private func sizeLimit(_ channel: Channel) -> Int? {
        let own = channel.sourceBlockLimit.map { configuration.mta.bytes(ofBlocks: $0) }
        return [configuration.mta.byteLimit, own].compactMap { $0 }.min()
    }

    /// SPF_LOCAL: the SPF record of a domain from the configuration; nil leaves it to the DNS (access-and-filtering
    /// specification, 10).
    func localPolicy(ofDomain domain: String) -> String? {
        configuration.mappings.probe("SPF_LOCAL", domain, context: router.context)?.output
    }

    /// The worker's own probe of PORT_ACCESS, without input flag A (access-and-filtering specification, 2); nil: no
    /// entry applied.
    func accessAtConnect(_ probe: String) -> ConnectionAccess? {
        configuration.mappings.probe("PORT_ACCESS", probe, context: router.context).map(ConnectionAccess.init)
    }
}
