/// A host that takes mail for a domain.
package struct MailExchanger: Hashable, Sendable {
    package var host: String
    package var preference: UInt16

    package init(host: String, preference: UInt16) {
        self.host = host
        self.preference = preference
    }
}

/// What the answer to the MX question means (RFC 5321 section 5.1, RFC 7505).
package enum MXDecision: Hashable, Sendable {
    /// Best first; never empty.
    case exchangers([MailExchanger])
    /// No MX record: the name itself is the only exchanger.
    case implicit
    case failure(RoutingFailure)
}

extension MXDecision {
    /// - Parameters:
    ///   - shuffling: `randommx` and `defaultmx`; otherwise equal preferences stay in the order received.
    ///   - limit: most exchangers tried (channel option MAX_MX_RECORDS).
    package init(
        _ answer: DNSAnswer, shuffling: Bool, limit: Int, using generator: inout some RandomNumberGenerator
    ) {
        switch answer.status {
        case .failed, .timedOut:
            self = .failure(.temporary(answer))
        case .noSuchName:
            self = .failure(.noSuchDomain(answer.question.name))
        case .noData:
            self = .implicit
        case .answered:
            self = Self.read(answer, shuffling: shuffling, limit: limit, using: &generator)
        }
    }

    private static func read(
        _ answer: DNSAnswer, shuffling: Bool, limit: Int, using generator: inout some RandomNumberGenerator
    ) -> MXDecision {
        var found: [MailExchanger] = []
        var hasNull = false
        for case .mailExchange(let preference, let host) in answer.records {
            if host.isEmpty { hasNull = true } else { found.append(MailExchanger(host: host, preference: preference)) }
        }
        // A null MX counts only when it stands alone (RFC 7505 section 3).
        if found.isEmpty { return hasNull ? .failure(.nullMX(answer.question.name)) : .implicit }
        // Equal preferences keep the order they have before the sort, and so a shuffle shuffles exactly those.
        if shuffling { found.shuffle(using: &generator) }
        let sorted = found.enumerated().sorted { left, right in
            (left.element.preference, left.offset) < (right.element.preference, right.offset)
        }
        return .exchangers(sorted.prefix(max(1, limit)).map(\.element))
    }
}
