extension Channel {
    /// How mail exchangers are found and ordered; channels specification, section 4.2.
    package enum MailExchangers: Sendable, Equatable {
        /// MX with shuffling, but only when the port is 25.
        case automatic
        /// MX, equal preferences in the order received.
        case ordered
        /// MX, equal preferences shuffled.
        case shuffled
        /// Address records only.
        case unused
    }

    package var mailExchangers: MailExchangers {
        if has("mx") || has("nonrandommx") { return .ordered }
        if has("randommx") { return .shuffled }
        return has("nomx") || has("nodns") || has("affinitylist") ? .unused : .automatic
    }

    /// The argument of `daemon`, nil when there is none.
    package var daemon: String? { argument("daemon") }

    /// The host to connect to for mail to `host`, the recipient's domain after rewriting.
    package func target(for host: String) -> String {
        guard let daemon else { return host }
        return daemon.contains(".") || daemon.hasPrefix("[") ? daemon : officialHost
    }

    /// TCP port of outgoing connections; 225 on LMTP channels that do not say.
    package var port: Int {
        guard let port = integer("port"), (1...65535).contains(port) else { return proto == .lmtp ? 225 : 25 }
        return port
    }

    /// Local address of outgoing connections.
    package var interfaceAddress: String? { argument("interfaceaddress") }

    /// Host tried when every other connection failed.
    package var lastResort: String? { argument("lastresort") }

    /// Name servers instead of the system's; empty for those.
    package var nameServers: [String] { settings["nameservers"]?.arguments ?? [] }

    /// Source routes leave the recipient address at dequeue.
    package var removesRouteAtDequeue: Bool { has("dequeueremoveroute") }

    /// Source routes leave the recipient address at enqueue.
    package var removesRouteAtEnqueue: Bool { has("enqueueremoveroute") }

    /// At dequeue the address is rewritten once more for the host to connect to.
    package var connectsCanonical: Bool { has("connectcanonical") }

    package var isMultigate: Bool { has("multigate") }
}
