import DNS

/// One evaluation over the answers that are known.
struct SPFEvaluation {
    let subject: SPFSubject
    let limits: SPFLimits
    let answers: [DNSQuestion: DNSAnswer]
    private var queries = 0
    private var voids = 0

    /// Why an evaluation ends before its time.
    enum Stop: Error {
        case missing([DNSQuestion])
        case permanent(String)
        case temporary(String)
    }

    /// What a record says.
    private struct Verdict {
        var result: SPFResult
        var directive: SPFRecord.Directive?
        /// The domain whose record it is, and its `exp=`.
        var domain = ""
        var explanation: SPFMacroString?
    }

    init(subject: SPFSubject, limits: SPFLimits, answers: [DNSQuestion: DNSAnswer]) {
        self.subject = subject
        self.limits = limits
        self.answers = answers
    }

    mutating func outcome() -> Result<SPFOutcome, MissingAnswers> {
        do throws(Stop) {
            let verdict = try host(subject.domain, depth: 0, given: subject.localRecord)
            var outcome = SPFOutcome(
                verdict.result, mechanism: verdict.directive?.text, isByAll: verdict.directive?.mechanism == .all)
            if verdict.result == .fail, let target = verdict.explanation {
                outcome.explanation = try explanation(target, verdict.domain)
            }
            return .success(outcome)
        } catch {
            switch error {
            case .missing(let questions): return .failure(MissingAnswers(questions: questions))
            case .permanent(let problem): return .success(SPFOutcome(.permerror, problem: problem))
            case .temporary(let problem): return .success(SPFOutcome(.temperror, problem: problem))
            }
        }
    }

    // MARK: Records

    private mutating func host(_ domain: String, depth: Int, given: String? = nil) throws(Stop) -> Verdict {
        guard depth <= limits.recursion else {
            throw .permanent("records include each other more than \(limits.recursion) deep")
        }
        let own = given.map { Array($0.utf8) }
        guard let text = own == nil ? try self.record(of: domain) : own else { return Verdict(result: .none) }
        let record: SPFRecord
        switch SPFRecord.parse(text) {
        case .success(let parsed): record = parsed
        case .failure(let error): throw .permanent("record of \(domain): \(error.reason)")
        }
        for directive in record.directives where try matches(directive.mechanism, domain, depth) {
            return Verdict(
                result: SPFResult(directive.qualifier), directive: directive, domain: domain,
                explanation: record.explanation)
        }
        guard let redirect = record.redirect else { return Verdict(result: .neutral, domain: domain) }
        try count()
        let target = try expanded(redirect, domain)
        let verdict = try host(target, depth: depth + 1)
        guard verdict.result != .none else { throw .permanent("redirect to \(target), which has no record") }
        return verdict
    }

    /// The SPF record of a domain; nil when it has none (sections 4.3 to 4.5).
    private func record(of domain: String) throws(Stop) -> [UInt8]? {
        let name = domain.hasSuffix(".") ? String(domain.dropLast()) : domain
        let question = DNSQuestion(name, .txt)
        guard question.isAskable, name.contains(".") else { return nil }
        let answer = try self.answer(question)
        if answer.isTemporary { throw .temporary("the DNS does not answer about \(name)") }
        let records = answer.records.compactMap { record -> [UInt8]? in
            if case .text(let text) = record, SPFRecord.isRecord(text) { text } else { nil }
        }
        guard records.count < 2 else { throw .permanent("\(name) has more than one record") }
        return records.first
    }

    // MARK: Mechanisms

    private mutating func matches(
        _ mechanism: SPFRecord.Mechanism, _ domain: String, _ depth: Int
    ) throws(Stop) -> Bool {
        switch mechanism {
        case .all: return true
        case .network(let network, let bits): return subject.client.isIn(network, bits: bits)
        case .include(let target):
            try count()
            return try includes(try expanded(target, domain), depth)
        case .address(let target, let prefix):
            try count()
            return try isAmong(addresses(of: try name(target, domain)), prefix)
        case .mailExchange(let target, let prefix):
            try count()
            return try matchesExchanger(of: try name(target, domain), prefix)
        case .pointer(let target):
            try count()
            return try matchesPointer(try name(target, domain))
        case .exists(let target):
            try count()
            return try hasRecords(asked(DNSQuestion(try expanded(target, domain), .a)))
        }
    }

    /// Section 5.2.
    private mutating func includes(_ domain: String, _ depth: Int) throws(Stop) -> Bool {
        switch try host(domain, depth: depth + 1).result {
        case .pass: return true
        case .none: throw .permanent("include of \(domain), which has no record")
        default: return false
        }
    }

    private mutating func matchesExchanger(of domain: String, _ prefix: SPFPrefix) throws(Stop) -> Bool {
        let answer = try asked(DNSQuestion(domain, .mx))
        let hosts = answer.records.compactMap { record in
            if case .mailExchange(_, let host) = record { host } else { nil }
        }
        guard hosts.count <= limits.names else { throw .permanent("\(domain) has more than \(limits.names) MX hosts") }
        try need(hosts.map { DNSQuestion($0, addressType) })
        for host in hosts where try isAmong(addresses(of: host), prefix) { return true }
        return false
    }

    /// Section 5.5: a name of the client in the domain; what the DNS does not say is no match.
    private mutating func matchesPointer(_ domain: String) throws(Stop) -> Bool {
        let answer = try answer(.reverse(addressBytes: subject.client.octets))
        if !answer.isTemporary, answer.records.isEmpty { try countVoid() }
        return try validatedNames().contains { Self.isIn($0, domain) }
    }

    private static func isIn(_ name: String, _ domain: String) -> Bool {
        let (name, domain) = (name.lowercased(), domain.lowercased())
        return name == domain || name.hasSuffix("." + domain)
    }

    /// The names of the client that lead back to it.
    private func validatedNames() throws(Stop) -> [String] {
        let answer = try answer(.reverse(addressBytes: subject.client.octets))
        let names = answer.records.prefix(limits.names).compactMap { record in
            if case .name(let name) = record { name } else { nil }
        }
        try need(names.map { DNSQuestion($0, addressType) })
        return names.filter { name in
            let found = answers[DNSQuestion(name, addressType)]?.records ?? []
            return found.contains { $0.isAddress(subject.client) }
        }
    }

    // MARK: DNS

    private var addressType: DNSRecordType { subject.client.isIPv4 ? .a : .aaaa }

    private mutating func addresses(of name: String) throws(Stop) -> [DNSRecord] {
        try asked(DNSQuestion(name, addressType)).records
    }

    private func isAmong(_ records: [DNSRecord], _ prefix: SPFPrefix) -> Bool {
        records.contains { record in
            guard case .address(let text) = record, let address = SPFAddress(text) else { return false }
            return subject.client.isIn(address.octets, bits: address.isIPv4 ? prefix.bits4 : prefix.bits6)
        }
    }

    private func hasRecords(_ answer: DNSAnswer) -> Bool { !answer.records.isEmpty }

    /// An answer that a term depends on: its failure is that of the evaluation, its emptiness is counted.
    private mutating func asked(_ question: DNSQuestion) throws(Stop) -> DNSAnswer {
        let answer = try answer(question)
        if answer.isTemporary { throw .temporary("the DNS does not answer about \(question.name)") }
        if answer.records.isEmpty { try countVoid() }
        return answer
    }

    private func answer(_ question: DNSQuestion) throws(Stop) -> DNSAnswer {
        guard question.isAskable else { return DNSAnswer(question, .noSuchName) }
        guard let answer = answers[question] else { throw .missing([question]) }
        return answer
    }

    private func need(_ questions: [DNSQuestion]) throws(Stop) {
        var missing: [DNSQuestion] = []
        for question in questions where question.isAskable && answers[question] == nil && !missing.contains(question) {
            missing.append(question)
        }
        if !missing.isEmpty { throw .missing(missing) }
    }

    private mutating func count() throws(Stop) {
        queries += 1
        guard queries <= limits.queries else { throw .permanent("more than \(limits.queries) terms ask the DNS") }
    }

    private mutating func countVoid() throws(Stop) {
        voids += 1
        guard voids <= limits.voids else {
            throw .permanent("more than \(limits.voids) questions have no answer in the DNS")
        }
    }

    // MARK: Macros

    private func name(_ target: SPFMacroString?, _ domain: String) throws(Stop) -> String {
        guard let target else { return domain }
        return try expanded(target, domain)
    }

    /// A name that is too long loses labels on the left (section 7.3).
    private func expanded(_ string: SPFMacroString, _ domain: String) throws(Stop) -> String {
        var name = try value(of: string, domain)
        if name.hasSuffix(".") { name.removeLast() }
        while name.utf8.count > 253, let dot = name.firstIndex(of: ".") {
            name = String(name[name.index(after: dot)...])
        }
        return name
    }

    private func value(of string: SPFMacroString, _ domain: String) throws(Stop) -> String {
        let validated = string.letters.contains("p") ? try validatedName(domain) : ""
        let subject = subject
        return string.expanded { letter in
            switch letter {
            case "s": subject.sender
            case "l": subject.localPart
            case "o": subject.senderDomain
            case "d": domain
            case "i": subject.client.dotted
            case "p": validated
            case "v": subject.client.isIPv4 ? "in-addr" : "ip6"
            case "h": subject.helo
            case "c": subject.client.text
            case "r": subject.receiver
            default: String(subject.time)
            }
        }
    }

    /// Macro `p`: the domain itself, else a name in it, else any (section 7.3).
    private func validatedName(_ domain: String) throws(Stop) -> String {
        let names = try validatedNames()
        return names.first { $0.lowercased() == domain.lowercased() }
            ?? names.first { Self.isIn($0, domain) } ?? names.first ?? "unknown"
    }

    /// What the domain has to say; nil when anything about it is wrong (section 6.2).
    private mutating func explanation(_ target: SPFMacroString, _ domain: String) throws(Stop) -> String? {
        do throws(Stop) {
            try count()
            let question = DNSQuestion(try expanded(target, domain), .txt)
            let records = try answer(question).records
            guard records.count == 1, case .text(let octets) = records[0], octets.allSatisfy({ $0 < 0x80 }) else {
                return nil
            }
            guard let string = try? SPFMacroString(String(decoding: octets, as: UTF8.self), isExplanation: true)
            else { return nil }
            return try value(of: string, domain)
        } catch {
            if case .missing = error { throw error }
            return nil
        }
    }
}

extension SPFResult {
    init(_ qualifier: SPFQualifier) {
        self =
            switch qualifier {
            case .pass: .pass
            case .fail: .fail
            case .softFail: .softfail
            case .neutral: .neutral
            }
    }
}

extension DNSRecord {
    fileprivate func isAddress(_ address: SPFAddress) -> Bool {
        guard case .address(let text) = self else { return false }
        return SPFAddress(text)?.octets == address.octets
    }
}
