package import Configuration
package import Envelope

/// What the Job Controller needs to know about one channel: its keywords and its channel class
/// (job-controller specification, 3.3 and 6.2).
package struct ChannelSettings: Sendable, Equatable {
    /// Name of the pool; nil: the default pool.
    package var pool: String?
    /// `maxjobs`.
    package var maximumJobs = 100
    /// `filesperjob`: entries for each job before a further one is started; 0: as many jobs as there is work for.
    package var entriesPerJob = 0
    /// `threaddepth`.
    package var threadDepth = 10
    /// `anon_host` 0: entries are sub-sorted by destination host.
    package var isHostSorted = false
    /// Path of the master program; nil: the channel has none and its entries stay.
    package var masterCommand: String?
    package var masterArguments: [String] = []
    /// `max_life_time`, seconds.
    package var maximumLifeAge: Int64 = 14_400
    /// `max_life_askwork`.
    package var maximumLifeConnections = 300
    /// `max_idle_time`, seconds.
    package var maximumIdleTime: Int64 = 60
    /// `max_client_threads`; a job may say that it has fewer.
    package var clientThreads = 10
    package var backoff = BackoffTable()
    package var notices = NoticesTable()
    /// `urgent_delivery`, `normal_delivery`, `nonurgent_delivery`; lower priorities follow nonurgent.
    package var windows: [Priority: DeliveryWindow] = [:]

    package init() {}

    /// The same with every number in a range that the schedule can calculate with, whatever the configuration says.
    var bounded: ChannelSettings {
        var copy = self
        copy.maximumJobs = min(max(1, maximumJobs), ScheduleBounds.mostJobs)
        copy.entriesPerJob = min(max(0, entriesPerJob), ScheduleBounds.largestCount)
        copy.threadDepth = min(max(1, threadDepth), ScheduleBounds.largestCount)
        copy.maximumLifeAge = min(max(1, maximumLifeAge), ScheduleBounds.longestTime)
        copy.maximumLifeConnections = min(max(1, maximumLifeConnections), ScheduleBounds.largestCount)
        copy.maximumIdleTime = min(max(0, maximumIdleTime), ScheduleBounds.longestTime)
        copy.clientThreads = min(max(1, clientThreads), ScheduleBounds.mostThreads)
        return copy
    }
}

/// Limits of configured numbers inside the schedule. The option and keyword tables refuse more already; what comes in
/// another way must not stop the process either.
enum ScheduleBounds {
    /// Seconds: 10 years.
    static var longestTime: Int64 { 10 * 365 * 86_400 }
    static var largestCount: Int { 1_000_000_000 }
    static var mostJobs: Int { 10_000 }
    static var mostThreads: Int { 10_000 }
}

/// The stress options (job-controller specification, 3.4).
package struct StressSettings: Sendable, Equatable {
    /// Seconds after a report in which further reports for the channel are ignored.
    package var blackout: Int64 = 60
    /// `stresstime`: seconds without new stress after which the first step of recovery is taken.
    package var time: Int64 = 120
    /// `unstresstime`: seconds from one step of recovery to the next.
    package var recoveryTime: Int64 = 120
    /// `stressfactor`: by which each report multiplies the effective threaddepth.
    package var factor = 5
    /// `unstressfactor`: by which each step of recovery divides it.
    package var recoveryFactor = 5
    /// `stressjobs`: by how many jobs each report lowers the effective limit.
    package var jobs = 2
    /// `unstressjobs`: by how many jobs each step of recovery raises it.
    package var recoveryJobs = 2

    package init() {}

    var bounded: StressSettings {
        var copy = self
        copy.blackout = min(max(0, blackout), ScheduleBounds.longestTime)
        copy.time = min(max(1, time), ScheduleBounds.longestTime)
        copy.recoveryTime = min(max(1, recoveryTime), ScheduleBounds.longestTime)
        copy.factor = min(max(1, factor), ScheduleBounds.largestCount)
        copy.recoveryFactor = min(max(1, recoveryFactor), ScheduleBounds.largestCount)
        copy.jobs = min(max(0, jobs), ScheduleBounds.mostJobs)
        copy.recoveryJobs = min(max(0, recoveryJobs), ScheduleBounds.mostJobs)
        return copy
    }
}

/// When the ages of messages are judged against `notices` (`job_controller.notices_check`).
package enum NoticesCheck: Sendable, Equatable {
    /// By the return job.
    case task
    /// To the minute, as soon as an entry comes of age.
    case exact
}

/// Everything the Job Controller takes from the configuration.
package struct JobControllerSettings: Sendable {
    /// `job_limit` of each pool.
    package var pools: [String: Int]
    package var defaultPool: String
    /// Exact names of the channels of the channel table.
    package var channels: [String: ChannelSettings]
    package var stress = StressSettings()
    package var noticesCheck = NoticesCheck.task
    /// `debug`, a mask (job-controller specification, section 13).
    package var debug: UInt32 = 0
    /// Tasks of the Scheduler.
    package var tasks: [ScheduledTask] = []
    /// RETURN_SPLIT_PERIOD: the logs are rolled over by every return job that this number divides.
    package var logRolloverPeriod = 1

    package init(
        pools: [String: Int] = ["DEFAULT": 10, "IMS_POOL": 2, "SMTP_POOL": 10], defaultPool: String = "DEFAULT",
        channels: [String: ChannelSettings] = [:]
    ) {
        self.pools = pools
        self.defaultPool = defaultPool
        self.channels = channels
    }

    /// The same with numbers that the schedule can calculate with.
    var bounded: JobControllerSettings {
        var copy = self
        copy.pools = pools.mapValues { min(max(0, $0), ScheduleBounds.mostJobs) }
        copy.channels = channels.mapValues(\.bounded)
        copy.stress = stress.bounded
        return copy
    }
}
