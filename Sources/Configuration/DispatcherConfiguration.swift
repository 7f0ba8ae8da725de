package import OptionSyntax

/// What the Dispatcher runs: one entry a service, values effective and clamped.
///
/// Dispatcher specification, sections 2 to 5.
package struct DispatcherConfiguration: Hashable, Sendable {
    /// The component is to be started.
    package var enabled: Bool
    /// Debug mask of the Dispatcher process itself.
    package var debug: UInt32
    /// Versions of a log that are kept when a new one is begun; 0: all (section 5.3, IMTA_VERSION_LIMIT).
    package var logVersions = 5
    /// In the order of the configuration, disabled ones too.
    package var services: [ServiceConfiguration]

    /// The service of that name, compared without case.
    package func service(_ name: String) -> ServiceConfiguration? {
        services.first { $0.name.lowercased() == name.lowercased() }
    }
}

/// A set of ports, the program its workers run, and the limits of its pool. Times in seconds.
package struct ServiceConfiguration: Hashable, Sendable {
    package var name: String
    /// False by `enable 0` or `PORT=0`.
    package var enabled: Bool
    /// Full path of the executable.
    package var image: String
    /// Plain-text ports.
    package var tcpPorts: [UInt16]
    /// Ports on which TLS starts at once.
    package var sslPorts: [UInt16]
    /// The only local address bound; empty for all.
    package var interfaceAddress: String
    /// Handed to the image as it is.
    package var parameter: String
    /// Full path; each worker adds `-` and an id.
    package var logFile: String
    package var minProcs: Int
    package var maxProcs: Int
    package var minConns: Int
    package var maxConns: Int
    package var maxHandoffs: Int
    package var maxShutdown: Int
    package var maxLifeTime: Int
    package var maxLifeConns: Int
    package var maxIdleTime: Int
    package var historicalTime: Int
    /// Depth of the kernel's queue of each listening socket.
    package var backlog: Int
    /// Bytes of a worker's thread stack.
    package var stackSize: Int
    /// Debug mask of the workers.
    package var debug: UInt32
    /// DNS lists, in the order asked, at most five.
    package var dnsVerifyDomains: [String]
    /// Ask the client's IDENT service, for the statistics only.
    package var ident: Bool
    /// Seconds at capacity after which clients get a temporary error instead of waiting; 0: they wait.
    package var busyReply: Int
    /// Most connections of one client at once, IPv6 clients counted by /64; 0: no limit.
    package var maxConnsPerClient: Int
    /// Milliseconds before the banner in which a client must not talk; 0: not looked at.
    package var pregreetDelay: Int
    /// Where the service is defined.
    package var location: SourceLocation
    /// Why the service is left out although it is wanted; nil when nothing is wrong with it.
    package var fault: String?

    /// Most simultaneous connections.
    package var capacity: Int {
        let (product, overflow) = maxProcs.multipliedReportingOverflow(by: maxConns)
        return overflow ? .max : product
    }

    /// The program takes its certificate from `base.tls_certificate`; without one ``sslPorts`` stay closed. Whoever names
    /// another program knows what it can.
    package var needsCertificate: Bool {
        let name = image.split(separator: "/").last ?? ""
        return ["tcp_smtp_server", "tcp_lmtp_server", "tcp_lmtpn_server"].contains(name)
    }

    /// The channel named by `PARAMETER=CHANNEL=name`, nil without.
    package var channel: String? {
        for item in parameter.split(separator: ",") {
            let parts = item.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0].trimmingBlanks.uppercased() == "CHANNEL" { return parts[1].trimmingBlanks }
        }
        return nil
    }
}
