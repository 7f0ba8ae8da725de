/// One address to connect to.
package struct ConnectionTarget: Hashable, Sendable {
    /// Name of the host, or the literal when it was given as one.
    package var host: String
    /// Without brackets; the path of a socket in the file system begins with a slash.
    package var address: String
    package var port: UInt16

    /// A socket in the file system instead of an IP address and a port.
    package var isSocketFile: Bool { address.hasPrefix("/") }

    package init(host: String, address: String, port: UInt16) {
        self.host = host
        self.address = address
        self.port = port
    }
}

/// Finds the addresses of a destination: a value that says what to ask and is told the answers (RFC 5321 section 5.1).
package struct DestinationLookup: Sendable {
    /// What may differ between channels.
    package struct Policy: Hashable, Sendable {
        /// Ask for MX records.
        package var usesMX: Bool
        /// Shuffle exchangers of equal preference.
        package var shuffles: Bool
        package var port: UInt16
        /// MAX_MX_RECORDS.
        package var mostExchangers: Int
        /// MAX_A_RECORDS, for the whole destination.
        package var mostAddresses: Int

        package init(
            usesMX: Bool = true, shuffles: Bool = true, port: UInt16 = 25, mostExchangers: Int = 32,
            mostAddresses: Int = 128
        ) {
            self.usesMX = usesMX
            self.shuffles = shuffles
            self.port = port
            self.mostExchangers = mostExchangers
            self.mostAddresses = mostAddresses
        }
    }

    package enum Step: Hashable, Sendable {
        /// Questions to put; each answer goes to ``receive(_:using:)``. Empty: answers are still due.
        case ask([DNSQuestion])
        /// In the order in which to connect; never empty.
        case found([ConnectionTarget])
        case failed(RoutingFailure)
    }

    private let name: String
    private let policy: Policy
    private let own: OwnHost
    private var hosts: [MailExchanger] = []
    private var isImplicit = false
    /// Answers still due, by question; several exchangers may have one name.
    private var due: Set<DNSQuestion> = []
    private var answers: [DNSQuestion: DNSAnswer] = [:]

    /// `name`: a domain or host name, not an address literal.
    package init(name: String, policy: Policy, own: OwnHost) {
        self.name = name
        self.policy = policy
        self.own = own
    }

    /// The first questions.
    package mutating func begin() -> Step {
        let question = DNSQuestion(name, .mx)
        guard question.isAskable else { return .failed(.noSuchDomain(name)) }
        guard policy.usesMX else { return askForName() }
        due = [question]
        return .ask([question])
    }

    package mutating func receive(_ answer: DNSAnswer, using generator: inout some RandomNumberGenerator) -> Step {
        guard due.remove(answer.question) != nil else { return .ask([]) }
        if answer.question.type == .mx {
            let decision = MXDecision(
                answer, shuffling: policy.shuffles, limit: policy.mostExchangers, using: &generator)
            switch decision {
            case .failure(let failure): return .failed(failure)
            case .implicit: return askForName()
            case .exchangers(let exchangers):
                hosts = exchangers
                return askForAddresses()
            }
        }
        answers[answer.question] = answer
        return due.isEmpty ? conclude() : .ask([])
    }

    private mutating func askForName() -> Step {
        isImplicit = true
        hosts = [MailExchanger(host: name, preference: 0)]
        return askForAddresses()
    }

    private mutating func askForAddresses() -> Step {
        var questions: [DNSQuestion] = []
        for question in hosts.flatMap({ Self.questions($0.host) }) where question.isAskable {
            if due.insert(question).inserted { questions.append(question) }
        }
        // None can be asked for when every MX record names something that is not a host name.
        return questions.isEmpty ? conclude() : .ask(questions)
    }

    /// IPv6 first, as RFC 6724 wants it where both exist.
    private static func questions(_ host: String) -> [DNSQuestion] {
        [DNSQuestion(host, .aaaa), DNSQuestion(host, .a)]
    }

    private func addresses(_ host: String) -> [String] {
        Self.questions(host).flatMap { question in
            (answers[question]?.records ?? []).compactMap { record in
                if case .address(let address) = record { address } else { nil }
            }
        }
    }

    private func conclude() -> Step {
        let cut = ownPreference()
        var targets: [ConnectionTarget] = []
        for host in hosts where UInt32(host.preference) < cut {
            for address in addresses(host.host) {
                targets.append(ConnectionTarget(host: host.host, address: address, port: policy.port))
            }
        }
        if !targets.isEmpty { return .found(Array(targets.prefix(max(1, policy.mostAddresses)))) }
        let usable = hosts.filter { UInt32($0.preference) < cut }
        if usable.isEmpty { return .failed(.loop(name)) }
        return .failed(failureWithoutAddress(usable))
    }

    /// The best preference at which we stand ourselves: hosts at it or beyond are not tried. Without MX records there
    /// is nothing to compare, and what the administrator names with `nomx` is taken as it is.
    private func ownPreference() -> UInt32 {
        guard policy.usesMX else { return .max }
        let ours = hosts.filter { own.isReached(name: $0.host, addresses: addresses($0.host), port: policy.port) }
        return ours.map { UInt32($0.preference) }.min() ?? .max
    }

    private func failureWithoutAddress(_ usable: [MailExchanger]) -> RoutingFailure {
        let replies = usable.flatMap { Self.questions($0.host) }.compactMap { answers[$0] }
        if let temporary = replies.first(where: \.isTemporary) { return .temporary(temporary) }
        guard isImplicit else { return .noAddress(name) }
        return replies.contains { $0.status == .noSuchName } ? .noSuchDomain(name) : .noMailHost(name)
    }
}
