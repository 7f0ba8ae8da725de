import Channels
import Configuration
import OptionSyntax
import SMTP

/// What the channels and their options say of extensions, verbs, banner and time limits.
extension ServerContext {
    /// An option of the initial channel as a number.
    func number(_ name: String) -> Int? { initialChannel.options[name].flatMap(IntegerValue.parse) }

    private func isSet(_ name: String, default value: Int = 0) -> Bool { (number(name) ?? value) != 0 }

    /// Completes the options of a session on `channel`.
    func extend(_ options: inout ServerOptions, _ channel: Channel) {
        options.ehloAddition = initialChannel.options["ehlo_addition"] ?? ""
        options.longestGreetingName = number("max_helo_domain_length").flatMap { $0 > 0 ? $0 : nil }
        options.limits.refusesTransactionAtRecipient = isSet("transaction_limit_rcpt_to")
        options.limits.remoteQueueStarts = number("allow_etrns_per_session") ?? 1
        options.allowsExpand =
            switch channel.expandDetail {
            case .detailed: true
            case .byOption: !isSet("disable_expand")
            case .nothing: false
            }
        options.advertisesExpand = channel.expandDetail == .detailed
        options.offersRemoteQueueStart = options.service != .lmtp && channel.remoteQueueStarts != .none
        options.allowsSend = !isSet("disable_send", default: 1)
        options.privateCommands = privateCommands
        options.offersSMTPUTF8 = channel.offersSMTPUTF8
        options.refusesEHLO = channel.refusesEHLO
        options.refusedSolicitations = channel.refusedSolicitations
        options.extensions = extensions(channel, isAuthenticated: options.isAuthenticated)
    }

    private func extensions(_ channel: Channel, isAuthenticated: Bool) -> ServerExtensionOptions {
        var extensions = ServerExtensionOptions()
        // LMTP delivers at once, into files of lines.
        if initialChannel.proto != .lmtp {
            extensions.offersBinaryMIME = isSet("binarymime")
            // Who may have mail held here is to be known (smtp specification, 17).
            extensions.longestHold = isAuthenticated ? channel.futureRelease.map(Int64.init) : nil
            extensions.shortestDeliverBy = number("deliverby").map { Int64(max($0, 0)) }
        }
        extensions.priorities = channel.transferPriorities
        extensions.showsLimits = isSet("advertise_limits")
        return extensions
    }

    /// DISABLE_ADDRESS, DISABLE_CIRCUIT, DISABLE_GENERAL and DISABLE_STATUS are 1 unless set; DISABLE_CIRCUIT follows
    /// DISABLE_GENERAL (smtp specification, 9).
    private var privateCommands: Set<String> {
        let general = isSet("disable_general", default: 1)
        var commands: Set<String> = []
        if !isSet("disable_address", default: 1) { commands.insert("XADR") }
        if !isSet("disable_circuit", default: general ? 1 : 0) { commands.insert("XCIR") }
        if !general { commands.insert("XGEN") }
        if !isSet("disable_status", default: 1) { commands.insert("XSTA") }
        return commands
    }

    /// How much VRFY tells on a channel: HIDE_VERIFY decides where the keyword leaves it open (smtp specification, 10.1).
    func verifiesInDetail(_ channel: Channel) -> Bool {
        switch channel.verifyDetail {
        case .detailed: true
        case .byOption: !isSet("hide_verify")
        case .nothing: false
        }
    }

    /// Who may speak for other clients. Names of our own channel options: the specification names none.
    struct TrustedPeers: Sendable {
        /// Whose PROXY header is believed (PROXY_HOSTS); this host unless set.
        var proxies = AddressList("127.0.0.0/8 ::1")
        /// Who may use XCLIENT (XCLIENT_HOSTS) and XFORWARD (XFORWARD_HOSTS); nobody unless set.
        var xclient = AddressList("")
        var xforward = AddressList("")

        init(_ options: [String: String], report: (String) -> Void) {
            func read(_ name: String, _ list: inout AddressList) {
                guard let text = options[name] else { return }
                list = AddressList(text)
                for word in list.problems { report("option \(name.uppercased()): \(word) is no address") }
            }
            read("proxy_hosts", &proxies)
            read("xclient_hosts", &xclient)
            read("xforward_hosts", &xforward)
        }
    }
}
