/// Results of connections in this run (job-controller specification, 11.4): a host that could not be reached is not
/// tried again for a while. Time is given in nanoseconds of a clock that never jumps.
package struct HostCache: Sendable {
    /// The `cache` group of keywords.
    package enum Use: Hashable, Sendable {
        /// `cacheeverything`.
        case everything
        /// `cachefailures`.
        case failures
        /// `nocache`, and `cachesuccesses`, which for SMTP is the same.
        case nothing
    }

    private struct Failure {
        var until: Int64
        var text: String
    }

    private static let second: Int64 = 1_000_000_000
    /// Penalty of a host that never answered in this run: 5 minutes.
    private static let penalty = 300 * second
    /// Penalty of one that did: 1 minute.
    private static let penaltyAfterSuccess = 60 * second
    /// One run meets many hosts; what is remembered of them is bounded.
    private static let mostHosts = 10_000

    private let use: Use
    private var failures: [String: Failure] = [:]
    private var successes: Set<String> = []

    package init(_ use: Use = .everything) { self.use = use }

    /// The reason why this host is not tried now; nil when it is.
    package func refusal(_ host: String, now: Int64) -> String? {
        guard let failure = failures[host], now < failure.until else { return nil }
        return failure.text
    }

    /// True when a connection to it has stood in this run.
    package func hasSucceeded(_ host: String) -> Bool { successes.contains(host) }

    package mutating func noteSuccess(_ host: String) {
        failures[host] = nil
        guard use == .everything, successes.count < Self.mostHosts else { return }
        successes.insert(host)
    }

    package mutating func noteFailure(_ host: String, _ text: String, now: Int64) {
        guard use != .nothing else { return }
        if failures.count >= Self.mostHosts { failures = failures.filter { now < $0.value.until } }
        guard failures.count < Self.mostHosts else { return }
        let length = successes.contains(host) ? Self.penaltyAfterSuccess : Self.penalty
        failures[host] = Failure(until: now + length, text: text)
    }
}
