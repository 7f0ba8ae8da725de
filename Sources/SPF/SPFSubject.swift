/// Who is checked: the arguments of check_host and what macros say of the session (RFC 7208 sections 4.1 and 7.2).
package struct SPFSubject: Hashable, Sendable {
    package var client: SPFAddress
    /// The domain whose record decides.
    package var domain: String
    /// Of the sender, or `postmaster`.
    package var localPart: String
    package var senderDomain: String
    package var helo: String
    /// The host that checks.
    package var receiver: String
    /// Seconds since 1970.
    package var time: Int64
    /// A record from elsewhere in place of that of `domain`; what it refers to is in the DNS.
    package var localRecord: String?

    /// The identity of MAIL FROM: for an empty reverse path, or one without a domain, the postmaster of the HELO name
    /// (section 2.4).
    package init(
        client: SPFAddress, localPart: String, domain: String, helo: String, receiver: String, time: Int64
    ) {
        self.client = client.client
        self.domain = domain.isEmpty ? helo : domain
        self.localPart = localPart.isEmpty ? "postmaster" : localPart
        senderDomain = self.domain
        self.helo = helo
        self.receiver = receiver
        self.time = time
    }

    var sender: String { "\(localPart)@\(senderDomain)" }
}

/// The results of an evaluation (RFC 7208 section 2.6).
package enum SPFResult: String, Sendable {
    case none, neutral, pass, fail, softfail, temperror, permerror
}

/// What an evaluation came to.
package struct SPFOutcome: Hashable, Sendable {
    package var result: SPFResult
    /// The mechanism that matched, as it stands in the record; nil: none did.
    package var mechanism: String?
    /// The mechanism `all` matched.
    package var isByAll = false
    /// What the domain wants a refused client to be told.
    package var explanation: String?
    /// What was wrong, for temperror and permerror.
    package var problem: String?

    package init(_ result: SPFResult, mechanism: String? = nil, isByAll: Bool = false, problem: String? = nil) {
        self.result = result
        self.mechanism = mechanism
        self.isByAll = isByAll
        self.problem = problem
    }
}

/// The limits of an evaluation (RFC 7208 section 4.6.4).
package struct SPFLimits: Hashable, Sendable {
    /// Terms that ask the DNS.
    package var queries = 10
    /// Records inside each other by `include` and `redirect`.
    package var recursion = 10
    /// Answers without a record.
    package var voids = 2
    /// Hosts of an `mx`, names of a `ptr`.
    package var names = 10

    package init() {}
}
