import Channels
import Configuration
import Envelope
import Glibc
import OptionSyntax
import Spool
import SystemCalls

/// The executable `job_controller`: the configuration of an instance, run.
package enum JobControllerProcess {
    /// Exit code for a configuration with errors (sysexits.h, EX_CONFIG).
    private static let configurationError: Int32 = 78

    /// Runs until SIGTERM; returns the exit code. `root`: the instance, from MARTLET_ROOT.
    package static func run(root: String?) -> Int32 {
        guard let root else {
            complain("MARTLET_ROOT is not set; start the instance with martlet run")
            return configurationError
        }
        let load = MTAConfiguration.load(instanceRoot: root)
        guard let configuration = load.configuration else {
            for diagnostic in load.diagnostics.all where diagnostic.severity == .error { complain("\(diagnostic)") }
            return configurationError
        }
        do {
            // Nothing it does needs root.
            if let user = try MTAUser.toTakeOn(configuration.paths) {
                try Processes.dropPrivileges(to: user.identity.name)
            }
        } catch {
            complain("\(error)")
            return configurationError
        }
        // After the change of user, which takes the wish back (prctl(2), PR_SET_PDEATHSIG).
        if getenv("MARTLET_SUPERVISED") != nil { Processes.endWithParent() }
        var options = JobControllerOptions(root: root)
        options.queueDirectory = configuration.paths.queue
        options.runDirectory = configuration.paths.run
        options.logDirectory = configuration.paths.log
        options.logVersions = configuration.dispatcher.logVersions
        options.store.mostDetailed = configuration.jobController.maxCacheMessages
        options.environment = ["MALLOC_ARENA_MAX=2"]
        if let zone = getenv("TZ") { options.environment.append("TZ=\(String(cString: zone))") }
        do {
            try JobControllerService(settings: JobControllerSettings(configuration), options: options) {
                let load = MTAConfiguration.load(instanceRoot: root)
                if let configuration = load.configuration { return .success(JobControllerSettings(configuration)) }
                let errors = load.diagnostics.all.filter { $0.severity == .error }.map(\.description)
                return .failure(.init(description: errors.joined(separator: "\n")))
            }
            .run()
            return 0
        } catch {
            complain("\(error)")
            return 1
        }
    }

    private static func complain(_ text: String) {
        let line = Array("job_controller: \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}

extension JobControllerSettings {
    init(_ configuration: MTAConfiguration) {
        let controller = configuration.jobController
        self.init(
            pools: Dictionary(controller.pools.map { ($0.name, $0.jobLimit) }, uniquingKeysWith: { first, _ in first }),
            defaultPool: controller.defaultPool)
        for channel in configuration.channels.channels {
            channels[channel.name] = ChannelSettings(
                channel, controller.channelClass(for: channel.name), configuration)
        }
        stress.blackout = Int64(controller.stressBlackout)
        stress.time = Int64(controller.stressTime)
        stress.recoveryTime = Int64(controller.unstressTime)
        stress.factor = controller.stressFactor
        stress.recoveryFactor = controller.unstressFactor
        stress.jobs = controller.stressJobs
        stress.recoveryJobs = controller.unstressJobs
        logRolloverPeriod = configuration.options.integer("mta.return_split_period") ?? logRolloverPeriod
        noticesCheck = controller.exactNotices ? .exact : .task
        debug = controller.debug
        tasks = configuration.tasks
    }
}

extension ChannelSettings {
    init(
        _ channel: Channel, _ family: JobControllerConfiguration.ChannelClass?, _ configuration: MTAConfiguration
    ) {
        self.init()
        pool = channel.pool.flatMap { configuration.jobController.pool(named: $0)?.name ?? $0 }
        maximumJobs = channel.maxJobs
        threadDepth = channel.threadDepth
        entriesPerJob = channel.filesPerJob
        clientThreads = channel.options["max_client_threads"].flatMap { Int($0) } ?? clientThreads
        backoff = BackoffTable(common: nil, own: Self.lists { channel.backoff($0) })
        notices = NoticesTable(
            common: nil, own: Self.lists { configuration.channels.notices(channel, $0) },
            unit: configuration.mta.noticesCountHours ? 3600 : 86_400)
        guard let family else { return }
        isHostSorted = !family.anonymousHost
        // Enqueueing to a channel with `slave` never starts delivery (channels specification, section 4.4).
        let words = channel.isSlaveOnly ? [] : family.masterCommand?.split(separator: " ").map(String.init) ?? []
        masterCommand = words.first
        masterArguments = Array(words.dropFirst())
        maximumLifeAge = Int64(family.maxLifeTime)
        maximumLifeConnections = family.maxLifeAskwork
        maximumIdleTime = Int64(family.maxIdleTime)
        windows = [
            .urgent: family.urgentDelivery, .normal: family.normalDelivery, .nonurgent: family.nonurgentDelivery,
        ]
        .compactMapValues { $0.map { DeliveryWindow(startMinute: Int64($0.start), endMinute: Int64($0.end)) } }
    }

    private static func lists(_ list: (Channel.DeliveryPriority) -> [Int]) -> [Priority: [Int64]] {
        [
            .urgent: list(.urgent).map(Int64.init), .normal: list(.normal).map(Int64.init),
            .nonurgent: list(.nonurgent).map(Int64.init),
        ]
    }
}
