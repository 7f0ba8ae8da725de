import Glibc
import ProcessPool
package import Spool
package import SystemCalls

/// Where the Job Controller's files are, and how it deals with its jobs.
package struct JobControllerOptions: Sendable {
    /// Root directory of the instance; jobs get it as MARTLET_ROOT.
    package var root: String
    package var queueDirectory: String
    package var runDirectory: String
    package var logDirectory: String
    /// Versions of job_controller.log that stay when a new one is begun; 0: all.
    package var logVersions = 5
    /// Further `NAME=value` for jobs.
    package var environment: [String] = []
    /// Milliseconds for which jobs may go on after SIGTERM before they are left to themselves.
    package var shutdownLimit: Int64 = 30_000
    /// Milliseconds to wait after a crash, so that jobs of the former Job Controller can say what they have in hand.
    package var recoveryGrace: Int64 = 2_000
    /// Nanoseconds after which a command client that neither asks nor reads is closed: there are 16 of them at most.
    package var commandIdleTime: Int64 = 60_000_000_000
    package var store = QueueStoreOptions()

    /// The directories of an instance (`data/queue`, `run`, `data/log`).
    package init(root: String) {
        self.root = root
        queueDirectory = root + "/data/queue"
        runDirectory = root + "/run"
        logDirectory = root + "/data/log"
    }

    package var socketPath: String { runDirectory + "/job_controller.sock" }
    package var commandSocketPath: String { runDirectory + "/job_controller-admin.sock" }
    package var countersPath: String { runDirectory + "/counters" }
    package var pidPath: String { runDirectory + "/pid.job_controller" }
    package var stoppedPath: String { queueDirectory + "/stopped" }
    /// What is remembered of tasks of the Scheduler.
    package var tasksPath: String { queueDirectory + "/tasks" }
    package var adminLogPath: String { logDirectory + "/admin.log" }
    /// There while jobs of a former Job Controller may still have entries in hand.
    package var orphansPath: String { runDirectory + "/job_controller.orphans" }
}

/// The Job Controller process: takes the queue, recovers the index, and runs until SIGTERM.
package struct JobControllerService {
    /// Why the settings cannot be read: the findings.
    package struct Refusal: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// Reads the settings of the instance as they are now.
    package typealias Configuration = @Sendable () -> Result<JobControllerSettings, Refusal>

    private let settings: JobControllerSettings
    private let configuration: Configuration
    private let options: JobControllerOptions
    private let signals: SignalDescriptor

    /// To be called first in `main`: from here on signals arrive in ``run()``. `configuration` reads the settings anew for
    /// a reload.
    package init(
        settings: JobControllerSettings, options: JobControllerOptions, configuration: @escaping Configuration
    ) throws(SystemCallError) {
        self.settings = settings
        self.configuration = configuration
        self.options = options
        signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP])
    }

    /// Returns after SIGTERM, when what had to be written is on the disk. Throws what keeps it from starting.
    package func run() throws {
        try Files.createDirectory(options.runDirectory, mode: 0o770)
        try Files.createDirectory(options.logDirectory, mode: 0o750)
        let mayHaveOrphans = PIDFile.read(options.pidPath) != nil || Files.exists(options.orphansPath)
        let pidFile = try PIDFile.take(options.pidPath)
        Processes.raiseDescriptorLimit()
        let log = JobControllerLog(directory: options.logDirectory, versions: options.logVersions)
        log.write("job_controller starts as process \(getpid())")
        let (store, recovered) = try QueueStore.open(queue: options.queueDirectory, options: options.store)
        log.write("recovered \(recovered.entries.count) entries from \(options.queueDirectory)")
        for report in recovered.quarantined { log.write("error: quarantined: \(report)") }
        let loop = try JobControllerLoop(
            settings: settings, options: options, store: store, log: log, signals: signals,
            configuration: configuration)
        try loop.start(recovered.entries, mayHaveOrphans: mayHaveOrphans)
        loop.startTasks()
        unlink(options.orphansPath)
        loop.manager?.ready(loop.readiness)
        try loop.run()
        if loop.schedule.jobCount > 0 { try? Files.replace(options.orphansPath, with: []) }
        store.close()
        log.write("job_controller ends")
        _ = consume pidFile
    }
}
