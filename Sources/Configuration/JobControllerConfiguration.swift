/// What the Job Controller runs. Job Controller specification, sections 2 to 5. Times in seconds.
package struct JobControllerConfiguration: Hashable, Sendable {
    /// A limit on processes that several channels share.
    package struct Pool: Hashable, Sendable {
        package var name: String
        /// Most processes at once.
        package var jobLimit: Int

        package init(name: String, jobLimit: Int) {
            self.name = name
            self.jobLimit = jobLimit
        }
    }

    /// A part of the day in minutes from midnight, local time; `end` before `start` goes over midnight.
    package struct Window: Hashable, Sendable {
        package var start: Int
        package var end: Int

        /// True when the window is open at that minute of the day.
        package func contains(minute: Int) -> Bool {
            start <= end ? (start..<end).contains(minute) : minute >= start || minute < end
        }
    }

    /// The program of a family of channels.
    package struct ChannelClass: Hashable, Sendable {
        /// A channel name, or a prefix followed by `*`.
        package var pattern: String
        /// Full path and arguments of the program that dequeues; nil for none.
        package var masterCommand: String?
        package var slaveCommand: String?
        /// A job older than this gets no more work.
        package var maxLifeTime: Int
        /// A job that has asked this often gets no more work.
        package var maxLifeAskwork: Int
        package var maxIdleTime: Int
        /// The channel counts as having one host; false sorts its messages by host.
        package var anonymousHost: Bool
        package var urgentDelivery: Window?
        package var normalDelivery: Window?
        package var nonurgentDelivery: Window?

        func matchLength(_ channel: String) -> Int? {
            let pattern = pattern.lowercased()
            guard pattern.hasSuffix("*") else { return pattern == channel ? Int.max : nil }
            return channel.hasPrefix(pattern.dropLast()) ? pattern.utf8.count : nil
        }
    }

    package var enabled: Bool
    package var debug: UInt32
    package var pools: [Pool]
    /// Pool of channels that name none.
    package var defaultPool: String
    package var classes: [ChannelClass]
    package var maxCacheMessages: Int
    /// Seconds between two checks that every writer's committed end has been read.
    package var synchInterval: Int
    package var stressBlackout: Int
    package var stressTime: Int
    package var stressFactor: Int
    package var stressJobs: Int
    package var unstressTime: Int
    package var unstressFactor: Int
    package var unstressJobs: Int
    /// Ages are judged to the minute instead of when the return job runs.
    package var exactNotices: Bool

    /// The pool of that name, compared without case.
    package func pool(named name: String) -> Pool? {
        pools.first { $0.name.lowercased() == name.lowercased() }
    }

    /// The class of a channel: its own name first, then the longest prefix, then file order.
    package func channelClass(for channel: String) -> ChannelClass? {
        let channel = channel.lowercased()
        var best: (length: Int, found: ChannelClass)?
        for candidate in classes {
            guard let length = candidate.matchLength(channel), length > best?.length ?? -1 else { continue }
            best = (length, candidate)
        }
        return best?.found
    }

    /// Pools when none is defined.
    package static let builtInPools = [
        Pool(name: "DEFAULT", jobLimit: 10), Pool(name: "IMS_POOL", jobLimit: 2), Pool(name: "SMTP_POOL", jobLimit: 10),
    ]
}
