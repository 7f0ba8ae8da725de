package import DNS

/// Every option of one service, as values. Dispatcher specification, section 4; defaults are the built-in ones.
package struct ServiceSettings: Hashable, Sendable {
    package var name: String
    /// IMAGE: path of the program that the workers run.
    package var image: String
    /// PORT / tcp_ports: plain-text ports; 0 disables a port.
    package var tcpPorts: [UInt16] = []
    /// TLS_PORT / ssl_ports: TLS starts at once.
    package var sslPorts: [UInt16] = []
    /// INTERFACE_ADDRESS: the only local address bound to; nil: all.
    package var interfaceAddress: String?
    /// PARAMETER, uninterpreted.
    package var parameter = ""
    /// LOGFILE: output of the workers; each gets a new version of it.
    package var logFile: String
    /// BACKLOG; nil: MAX_CONNS × MAX_PROCS, never below 5.
    package var backlog: Int?
    /// DEBUG for the workers.
    package var debug: UInt32 = 0
    package var dnsVerifyDomains: [String] = []
    package var ident = false
    /// `busy_reply`, seconds at capacity after which clients are told so; 0: they wait.
    package var busyReply = 0
    /// `max_conns_per_client`; 0: no limit.
    package var maxConnsPerClient = 0
    /// `pregreet_delay`, milliseconds; 0: none.
    package var pregreetDelay = 0
    /// HISTORICAL_TIME, seconds.
    package var historicalTime = 0
    package var minProcs = 1
    package var maxProcs = 5
    package var minConns = 3
    package var maxConns = 10
    package var maxShutdown = 2
    package var maxHandoffs = 5
    package var maxLifeConns = 300
    /// Seconds.
    package var maxLifeTime = 86_400
    /// Seconds.
    package var maxIdleTime = 600
    /// STACKSIZE, bytes.
    package var stackSize = 2_048_000
    /// The channel of connections before any switching, for `T` records of the connection log.
    package var defaultChannel = "tcp_local"

    package init(name: String, image: String, logFile: String) {
        self.name = name
        self.image = image
        self.logFile = logFile
    }

    /// The numbers of the pool, with `deadlines` for what no option governs.
    package func limits(_ deadlines: PoolLimits.Deadlines = .init()) -> PoolLimits {
        var limits = PoolLimits()
        limits.minProcs = minProcs
        limits.maxProcs = maxProcs
        limits.minConns = minConns
        limits.maxConns = maxConns
        limits.maxShutdown = maxShutdown
        limits.maxHandoffs = maxHandoffs
        limits.maxLifeConns = maxLifeConns
        limits.maxLifeTime = seconds(maxLifeTime)
        limits.maxIdleTime = seconds(maxIdleTime)
        limits.deadlines = deadlines
        return limits.normalized()
    }

    /// Depth of the kernel's queue of each listening socket.
    package var listenBacklog: Int32 {
        Int32(clamping: max(1, backlog ?? max(5, limits().capacity)))
    }

    /// Environment of a worker. Dispatcher specification, section 7.2 item 4.
    package func environment(worker: Int, base: [String]) -> [String] {
        [
            "PATH=/usr/bin:/bin", "LANG=C", "IMTA_SERVICE=\(name)", "IMTA_SERVICE_PARAMETER=\(parameter)",
            "IMTA_MAX_CONNS=\(limits().maxConns)", "IMTA_STACKSIZE=\(stackSize)",
            "IMTA_DISPATCHER_DEBUG=\(String(debug, radix: 16, uppercase: true))", "IMTA_WORKER_ID=\(worker)",
        ] + base
    }
}

/// What the Dispatcher process needs to know.
package struct DispatcherSettings: Sendable {
    package var services: [ServiceSettings]
    /// For the pid file and the command socket; mode 0750, owned by the MTA user.
    package var runDirectory: String
    /// Versions of it are written, for example `…/log/dispatcher.log`.
    package var logFile: String
    /// DEBUG for the Dispatcher itself, bits of section 10.
    package var debug: UInt32 = 0
    /// Replaces `%s` in names of log files.
    package var hostName = ""
    /// Added to the environment of every worker: `SERVERROOT=…`, `CONFIGROOT=…`, `TZ=…`.
    package var workerEnvironment: [String] = []
    /// The MTA user: taken on for good once the ports are bound; nil: stay who we are.
    package var user: String?
    /// Names of changed options that the reload before did not bring into force; asked after a reload.
    package var unapplied: @Sendable () -> [String] = { [] }
    /// Ends when the process that started it does: set by `martlet run`.
    package var endsWithParent = false
    /// Seconds without a turn of the main loop after which the Dispatcher aborts, so that it is started again.
    package var stallLimit = 60
    /// Listening sockets that were opened before this process began (systemd socket activation); owned from now on.
    package var inheritedListeners: [InheritedListener] = []
    /// Between attempts to bind a port that was taken, nanoseconds.
    package var bindRetry = seconds(30)
    package var deadlines = PoolLimits.Deadlines()
    /// After which a command client that says nothing and reads nothing is closed, nanoseconds.
    package var commandIdleTime = seconds(60)
    /// Where DNS lists are asked; used only when a service has some.
    package var resolver = ResolverConfiguration(timeout: 5000)
    /// Connections of all services that may wait for their admission at once.
    package var mostInAdmission = 1024
    /// The port of clients' IDENT services.
    package var identPort = IdentReply.port
    /// The socket of the system log.
    package var systemLog = "/dev/log"
    /// Syslog severity of notices about the configuration, MTA option `sndopr_priority`.
    package var noticeSeverity = 5
    /// Versions of each log that are kept when a new one is begun; 0: all. Those of live processes always are.
    package var logVersions = 5
    /// MTA option `debug_flush`: debug records are on the disk before anything else happens.
    package var flushesDebug = false
    /// Name and version of the product, for the first line of the log.
    package var product = ""
    /// Findings about the configuration for the log, errors of services that are left out.
    package var remarks: [String] = []
    /// `$T`: writes a `T` record to the connection log. Takes the service, the probe and what the client was told.
    package var recordRefusal: @Sendable (_ service: ServiceSettings, _ probe: String, _ text: String) -> Void = {
        _, _, _ in
    }

    package init(services: [ServiceSettings], runDirectory: String, logFile: String) {
        self.services = services
        self.runDirectory = runDirectory
        self.logFile = logFile
    }
}
