import Glibc
import ProcessPool
import SystemCalls

/// The Dispatcher as a process: what the executable creates and runs.
package struct DispatcherService: Sendable {
    private let settings: DispatcherSettings
    private let admission: @Sendable () throws -> ConnectionAdmission

    /// `admission` reads the access rules; it is called at the start and at every reload. When it throws at a reload,
    /// the old rules stay in force.
    package init(
        settings: DispatcherSettings,
        admission: @escaping @Sendable () throws -> ConnectionAdmission = { .everybody }
    ) {
        self.settings = settings
        self.admission = admission
    }

    /// Runs until the Dispatcher has shut down. Throws when it cannot begin: another one runs, the log cannot be
    /// written, the user does not exist. To be called on the first thread before others are started.
    package func run() throws { try run(nil) }

    /// `takeOver`: this program was put in the place of a running Dispatcher. `throttle`: what the access rules count.
    func run(_ takeOver: TakeOver?, throttle: ThrottleCallout? = nil) throws {
        umask(0o007)
        let signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1])
        Processes.raiseDescriptorLimit()
        var settings = settings
        let findings = StartFindings(&settings)
        settings.inheritedListeners += try takeOver?.listeners() ?? []
        if let user = settings.user, geteuid() == 0 {
            // Ports first, as long as we may; what fails here is tried and reported with the others.
            settings.bindPorts()
            try Processes.dropPrivileges(to: user)
        }
        // After the change of user, which takes the wish back (prctl(2), PR_SET_PDEATHSIG).
        if settings.endsWithParent { Processes.endWithParent() }
        try Files.createDirectory(settings.runDirectory, mode: 0o750)
        let path = settings.runDirectory + "/pid.dispatcher"
        let mark = try takeOver?.pidFile(path) ?? PIDFile.take(path, announces: false)
        try serve(settings, signals, findings, takeOver, throttle, pidFile: mark.descriptor)
        // Only now another Dispatcher may begin: the command socket is removed.
        _ = consume mark
    }

    private func serve(
        _ settings: DispatcherSettings, _ signals: SignalDescriptor, _ findings: StartFindings,
        _ takeOver: TakeOver?, _ throttle: ThrottleCallout?, pidFile: Int32
    ) throws {
        let log = try DispatcherLog(
            settings.logFile, debug: settings.debug, hostName: settings.hostName, flushesDebug: settings.flushesDebug)
        VersionedLogFile.purge(
            settings.logFile, hostName: settings.hostName, keeping: settings.logVersions, sparing: [log.path])
        log.notice(
            "Dispatcher starts" + (settings.product.isEmpty ? "" : ", \(settings.product)") + ", pid \(getpid()), user "
                + "\(Users.numbered(geteuid())?.name ?? "\(geteuid())")")
        findings.tell(log)
        let path = settings.runDirectory + "/dispatcher.sock"
        let commands = try takeOver?.commandSocket(path) ?? CommandSocket(path)
        let reactor = try Reactor()
        let desk = try AdmissionDesk(settings, reactor, log)
        let shared = ServiceRunner.Surroundings(reactor: reactor, log: log, settings: settings, desk: desk)
        let loop = try DispatcherLoop(shared, signals: signals, commands: commands, reload: admission)
        loop.pidFile = pidFile
        loop.throttle = throttle
        if let takeOver { try loop.inherit(takeOver) }
        loop.startServices(at: SystemClock.monotonicNanoseconds)
        PIDFile.announce(pidFile)
        loop.tellReady()
        try loop.run()
        log.notice("Dispatcher ends")
    }

    /// The listening sockets that systemd passed (sd_listen_fds(3)): those of socket units, and those that a Dispatcher
    /// which ended unexpectedly had stored there; none when it did not start this process.
    package static func activatedListeners() -> [InheritedListener] {
        guard let process = getenv("LISTEN_PID"), Int32(String(cString: process)) == getpid(),
            let text = getenv("LISTEN_FDS"), let count = Int32(String(cString: text)), (1...1024).contains(count)
        else { return [] }
        let names = getenv("LISTEN_FDNAMES").map { String(cString: $0) } ?? ""
        let words = names.split(separator: ":", omittingEmptySubsequences: false)
        return (0..<Int(count)).map {
            InheritedListener(Int32($0) + 3, named: words.indices.contains($0) ? words[$0] : "")
        }
    }
}

extension DispatcherSettings {
    /// Binds the ports for which nothing was inherited, as far as that is possible.
    fileprivate mutating func bindPorts() {
        for service in services {
            for port in ListeningPort.ports(of: service)
            where !inheritedListeners.contains(where: { $0.serves(port.address) }) {
                guard let socket = try? Sockets.listen(port.address, backlog: service.listenBacklog) else { continue }
                inheritedListeners.append(InheritedListener(socket.release(), configured: port.address))
            }
        }
    }
}
