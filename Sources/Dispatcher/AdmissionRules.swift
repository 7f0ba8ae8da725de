/// What a service asks of a connection after PORT_ACCESS let it in. Dispatcher specification, sections 9.4 and 13.
package struct AdmissionRules: Hashable, Sendable {
    /// DNS lists, without a final dot; asked only when no PORT_ACCESS entry was applied.
    package var lists: [String]
    /// Nanoseconds for all of them together.
    package var listBudget: Int64
    /// IDENT: ask the client's host who has the connection.
    package var asksIdent: Bool
    /// `max_conns_per_client`: most connections of one client at once; 0: no limit.
    package var mostPerClient: Int
    /// `pregreet_delay` in nanoseconds; 0: clients may talk before the banner.
    package var pregreetDelay: Int64
    /// `busy_reply` in nanoseconds: how long the service must have been at capacity before clients are told so; nil:
    /// they wait.
    package var busyAfter: Int64?
    /// True when the image is one of the SMTP or LMTP servers.
    package var isMail: Bool

    package init(_ settings: ServiceSettings, _ deadlines: PoolLimits.Deadlines = .init()) {
        listBudget = deadlines.lists
        lists = settings.dnsVerifyDomains.prefix(5).map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
        asksIdent = settings.ident
        mostPerClient = max(0, settings.maxConnsPerClient)
        pregreetDelay = Int64(min(max(0, settings.pregreetDelay), 5000)) * 1_000_000
        busyAfter = settings.busyReply > 0 ? seconds(settings.busyReply) : nil
        let name = settings.image.split(separator: "/").last ?? ""
        isMail = ["tcp_smtp_server", "tcp_lmtp_server", "tcp_lmtpn_server"].contains(name)
    }

    /// True when a connection may have to wait for its admission.
    package var mayWait: Bool { !lists.isEmpty || pregreetDelay > 0 }
}

/// Why access control turned a client away.
package enum AdmissionRefusal: String, Hashable, Sendable, CaseIterable {
    case portAccess = "port_access"
    case onDNSList = "dns_list"
    case tooManyOfClient = "too_many_of_client"
    case spokeFirst = "pregreet"

    /// The SMTP reply; PORT_ACCESS brings its own text.
    private var reply: (code: String, text: String) {
        switch self {
        case .portAccess: ("", "")
        case .onDNSList: ("500 5.7.1", "access_control: host found on DNS list and rejected")
        case .tooManyOfClient: ("421 4.7.0", "Too many connections from your address, try again later")
        case .spokeFirst: ("554 5.5.1", "You spoke before the greeting")
        }
    }

    /// What the client is told, dispatcher specification, section 9.4. TLS comes first on a port with implicit TLS, so
    /// nothing can be said there.
    package func bytes(port: UInt16, _ rules: AdmissionRules, isImplicitTLS: Bool = false) -> [UInt8] {
        isImplicitTLS || reply.text.isEmpty ? [] : Self.farewell(reply.code, reply.text, port: port, rules)
    }

    /// What clients are told at capacity, section 13.
    package static func busy(port: UInt16, _ rules: AdmissionRules, isImplicitTLS: Bool) -> [UInt8] {
        isImplicitTLS ? [] : farewell("421 4.3.2", "Too many connections, try again later", port: port, rules)
    }

    private static func farewell(_ code: String, _ text: String, port: UInt16, _ rules: AdmissionRules) -> [UInt8] {
        switch port {
        case 110: Array("-ERR \(text)\r\n".utf8)
        case 143: Array("* BYE \(text)\r\n".utf8)
        case 25: Array("\(code) \(text)\r\n".utf8)
        default: rules.isMail ? Array("\(code) \(text)\r\n".utf8) : []
        }
    }
}
