package import DNS

/// Which connection asks: number of the service, and of the connection in it.
package struct AdmissionID: Hashable, Sendable {
    package var service: Int
    package var connection: ConnectionID

    package init(service: Int, connection: ConnectionID) {
        self.service = service
        self.connection = connection
    }
}

/// Answers of DNS lists, kept for their time to live, and questions under way, each asked once however many connections
/// want to know. A value; memory is bounded.
package struct DNSListCache: Sendable {
    package struct Waiter: Hashable, Sendable {
        package var connection: AdmissionID
        package var list: String
    }

    package enum Finding: Hashable, Sendable {
        case known(DNSListVerdict)
        /// Nobody has asked yet.
        case ask(DNSQuestion)
        case underWay
    }

    /// What an answer brought about.
    package struct Settled: Hashable, Sendable {
        package var verdict: DNSListVerdict?
        package var waiters: [Waiter] = []
        package var next: DNSQuestion?
        /// A list that has failed so often that it is left alone for a while.
        package var resting: String?
        /// What the list says about an address that it was known to have.
        package var explanation: String?
    }

    private struct Entry {
        var verdict: DNSListVerdict
        var until: Int64
    }

    /// Failures of a list in a row.
    private struct Failures {
        var count = 0
        var restsUntil = Int64.min
    }

    /// After so many failures in a row a list is not asked for ``rest``: clients do not wait for it one by one.
    package static let mostFailures = 5
    package static let rest = seconds(30)

    private let mostEntries: Int
    private let asksWhy: Bool
    private var entries: [String: Entry] = [:]
    private var waiting: [String: [Waiter]] = [:]
    /// Names that are listed by an A record, and whose TXT record was asked for.
    private var explaining: Set<String> = []
    /// By list.
    private var failures: [String: Failures] = [:]

    /// `asksWhy`: the TXT record is asked for beside an A record; its text only goes to the log, so nobody waits.
    package init(mostEntries: Int = 20_000, asksWhy: Bool = false) {
        self.mostEntries = mostEntries
        self.asksWhy = asksWhy
    }

    package var count: Int { entries.count }

    package mutating func look(up name: String, for waiter: Waiter, at now: Int64) -> Finding {
        if let entry = entries[name] {
            if now < entry.until { return .known(entry.verdict) }
            entries[name] = nil
        }
        if let list = failures[waiter.list], now < list.restsUntil { return .known(.unknown("it does not answer")) }
        waiting[name, default: []].append(waiter)
        return waiting[name]?.count == 1 ? .ask(DNSQuestion(name, .a)) : .underWay
    }

    package mutating func heard(_ answer: DNSAnswer, at now: Int64) -> Settled {
        let name = answer.question.name
        if answer.question.type == .txt, explaining.remove(name) != nil {
            return Settled(explanation: answer.status == .answered ? DNSListLookup.text(answer) : nil)
        }
        switch DNSListLookup.step(after: answer) {
        case .ask(let question): return Settled(next: question)
        case .verdict(let verdict, let time):
            keep(verdict, name, until: now + seconds(time), at: now)
            var settled = Settled(verdict: verdict, waiters: waiting.removeValue(forKey: name) ?? [])
            if let list = settled.waiters.first?.list, note(list, failed: answer.isTemporary, at: now) {
                settled.resting = list
            }
            if asksWhy, case .listed(text: "") = verdict, explaining.insert(name).inserted {
                settled.next = DNSQuestion(name, .txt)
            }
            return settled
        }
    }

    /// True when the list rests from now on.
    private mutating func note(_ list: String, failed: Bool, at now: Int64) -> Bool {
        guard failed else {
            failures[list] = nil
            return false
        }
        var state = failures[list] ?? Failures()
        state.count = min(state.count + 1, Self.mostFailures)
        let begins = state.count == Self.mostFailures && now >= state.restsUntil
        if begins { state.restsUntil = now + Self.rest }
        failures[list] = state
        return begins
    }

    /// When there is no room, first what is past its time goes, then everything: the resolver has it still.
    private mutating func keep(_ verdict: DNSListVerdict, _ name: String, until: Int64, at now: Int64) {
        if entries.count >= mostEntries { entries = entries.filter { now < $0.value.until } }
        if entries.count >= mostEntries { entries = [:] }
        entries[name] = Entry(verdict: verdict, until: until)
    }
}
