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
    package func run() throws {
        umask(0o007)
        let signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1])
        Processes.raiseDescriptorLimit()
        var settings = settings
        if let user = settings.user, geteuid() == 0 {
            // Ports first, as long as we may; what fails here is tried and reported with the others.
            settings.inheritedListeners += settings.services.flatMap(Self.bind)
            try Processes.dropPrivileges(to: user)
        }
        try Files.createDirectory(settings.runDirectory, mode: 0o750)
        let mark = try PIDFile.take(settings.runDirectory + "/pid.dispatcher")
        try serve(settings, signals)
        // Only now another Dispatcher may begin: the command socket is removed.
        _ = consume mark
    }

    private func serve(_ settings: DispatcherSettings, _ signals: SignalDescriptor) throws {
        let log = try DispatcherLog(settings.logFile, debug: settings.debug, hostName: settings.hostName)
        log.notice("Dispatcher starts, pid \(getpid())")
        let commands = try CommandSocket(settings.runDirectory + "/dispatcher.sock")
        let reactor = try Reactor()
        let desk = try AdmissionDesk(settings, reactor, log)
        let shared = ServiceRunner.Surroundings(reactor: reactor, log: log, settings: settings, desk: desk)
        let loop = try DispatcherLoop(shared, signals: signals, commands: commands, reload: admission)
        loop.startServices(at: SystemClock.monotonicNanoseconds)
        try loop.run()
        log.notice("Dispatcher ends")
    }

    /// The listening sockets that systemd passed (sd_listen_fds(3)); none when it did not start this process.
    package static func activatedListeners() -> [Int32] {
        guard let process = getenv("LISTEN_PID"), Int32(String(cString: process)) == getpid(),
            let text = getenv("LISTEN_FDS"), let count = Int32(String(cString: text)), (1...1024).contains(count)
        else { return [] }
        return Array(3..<3 + count)
    }

    private static func bind(_ service: ServiceSettings) -> [Int32] {
        ListeningPort.ports(of: service).compactMap { port in
            try? Sockets.listen(port.address, backlog: service.listenBacklog).release()
        }
    }
}
