import DNS

/// `mailfromdnsverify` as a value: whether the domain of an envelope From exists in the DNS (access-and-filtering
/// specification, 9). It has MX records, or an address that `blocked_mail_from_ips` does not name.
struct SenderDomainCheck: DNSDialogue {
    enum Outcome: Hashable, Sendable {
        case exists
        case missing
        /// The DNS did not answer.
        case unknown
    }

    typealias Step = DNSDialogueStep<Outcome>

    /// A domain that takes no mail counts as existing: RETURN_ENVELOPE bit 8 without bit 64.
    var allowsNullExchanger = false

    private let domain: String
    private let blocked: [String]
    private var due: Set<DNSQuestion> = []
    private var addresses: [String] = []
    private var isUncertain = false

    /// `blocked`: addresses without brackets, in canonical form.
    init(domain: String, blocked: [String]) {
        self.domain = domain
        self.blocked = blocked
    }

    mutating func begin() -> Step {
        let question = DNSQuestion(domain, .mx)
        guard question.isAskable else { return .done(.missing) }
        due = [question]
        return .ask([question])
    }

    mutating func receive(_ answer: DNSAnswer) -> Step {
        guard due.remove(answer.question) != nil else { return .ask([]) }
        if answer.question.type == .mx { return receiveExchangers(answer) }
        if answer.isTemporary { isUncertain = true }
        addresses += answer.records.compactMap { record in
            if case .address(let text) = record { text } else { nil }
        }
        guard due.isEmpty else { return .ask([]) }
        if addresses.contains(where: blocked.contains) { return .done(.missing) }
        if !addresses.isEmpty { return .done(.exists) }
        return .done(isUncertain ? .unknown : .missing)
    }

    private mutating func receiveExchangers(_ answer: DNSAnswer) -> Step {
        if answer.isTemporary { return .done(.unknown) }
        let hosts = answer.records.compactMap { record in
            if case .mailExchange(_, let host) = record { host } else { nil }
        }
        // A domain whose only exchanger is the root takes no mail (RFC 7505), so that nobody can answer it.
        if !hosts.isEmpty {
            return .done(hosts.allSatisfy(\.isEmpty) && !allowsNullExchanger ? .missing : .exists)
        }
        guard answer.status != .noSuchName else { return .done(.missing) }
        due = [DNSQuestion(domain, .a), DNSQuestion(domain, .aaaa)]
        return .ask([DNSQuestion(domain, .a), DNSQuestion(domain, .aaaa)])
    }
}
