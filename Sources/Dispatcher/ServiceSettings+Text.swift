/// The options of a service as one record of the log (debug bit 2).
extension ServiceSettings {
    package var optionText: String {
        let values: [(String, String)] = [
            ("IMAGE", image), ("LOGFILE", logFile), ("PARAMETER", parameter), ("PORT", Self.list(tcpPorts)),
            ("TLS_PORT", Self.list(sslPorts)), ("INTERFACE_ADDRESS", interfaceAddress ?? ""),
            ("BACKLOG", String(listenBacklog)), ("DEBUG", String(debug)),
            ("DNS_VERIFY_DOMAIN", dnsVerifyDomains.joined(separator: ",")), ("IDENT", ident ? "1" : "0"),
            ("HISTORICAL_TIME", String(historicalTime)), ("MIN_PROCS", String(minProcs)),
            ("MAX_PROCS", String(maxProcs)), ("MIN_CONNS", String(minConns)), ("MAX_CONNS", String(maxConns)),
            ("MAX_SHUTDOWN", String(maxShutdown)), ("MAX_HANDOFFS", String(maxHandoffs)),
            ("MAX_LIFE_CONNS", String(maxLifeConns)), ("MAX_LIFE_TIME", String(maxLifeTime)),
            ("MAX_IDLE_TIME", String(maxIdleTime)), ("STACKSIZE", String(stackSize)),
            ("BUSY_REPLY", String(busyReply)), ("MAX_CONNS_PER_CLIENT", String(maxConnsPerClient)),
            ("PREGREET_DELAY", String(pregreetDelay)),
        ]
        return "options of \(name): " + values.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
    }

    private static func list(_ ports: [UInt16]) -> String { ports.map(String.init).joined(separator: ",") }
}
