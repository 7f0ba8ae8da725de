/// What the DNS said to a question.
package struct DNSAnswer: Hashable, Sendable {
    package enum Status: Hashable, Sendable {
        /// There are records of the type; CNAMEs have been followed.
        case answered
        /// The name exists, records of the type do not.
        case noData
        /// The name does not exist (NXDOMAIN), or cannot exist.
        case noSuchName
        /// The servers of the name failed, refused, or their signatures are wrong; `code` is the RCODE (2: SERVFAIL).
        case failed(code: Int)
        /// No answer within the time the resolver was given.
        case timedOut
    }

    /// What DNSSEC says about the answer (RFC 4035 section 4.3).
    package enum Security: Hashable, Sendable {
        /// Not signed, or no trust anchor is configured.
        case insecure
        case secure
        /// Signatures do not fit; the text says why.
        case bogus(String)
    }

    package var question: DNSQuestion
    package var status: Status
    package var records: [DNSRecord]
    /// The name at the end of the CNAMEs; equal to the name of the question when there were none.
    package var canonicalName: String
    /// Seconds for which the answer may be kept.
    package var timeToLive: Int
    package var security: Security

    package init(
        _ question: DNSQuestion, _ status: Status, records: [DNSRecord] = [], canonicalName: String? = nil,
        timeToLive: Int = 0, security: Security = .insecure
    ) {
        self.question = question
        self.status = status
        self.records = records
        self.canonicalName = canonicalName ?? question.name
        self.timeToLive = timeToLive
        self.security = security
    }

    /// True when asking again later may give something else.
    package var isTemporary: Bool {
        switch status {
        case .failed, .timedOut: true
        case .answered, .noData, .noSuchName: false
        }
    }

    /// `SERVFAIL`, `time-out` and so on, for the text of a reply or a log.
    package var reason: String {
        if case .bogus(let why) = security { return "DNSSEC validation failure: \(why)" }
        switch status {
        case .answered: return "answered"
        case .noData: return "no such record"
        case .noSuchName: return "no such name"
        case .failed(code: 2): return "SERVFAIL"
        case .failed(code: 5): return "REFUSED"
        case .failed(let code): return "response code \(code)"
        case .timedOut: return "time-out"
        }
    }
}

/// Something that answers questions to the DNS: libunbound, or a table in a test.
package protocol DNSResolver: Sendable {
    /// Calls `completion` exactly once, on any thread, perhaps before it returns.
    func resolve(_ question: DNSQuestion, _ completion: @escaping @Sendable (DNSAnswer) -> Void)
}

extension DNSResolver {
    /// The answer, for callers that wait.
    package func answer(to question: DNSQuestion) async -> DNSAnswer {
        await withCheckedContinuation { continuation in
            resolve(question) { continuation.resume(returning: $0) }
        }
    }
}
