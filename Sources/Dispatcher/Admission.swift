/// Access control of one connection after PORT_ACCESS let it in: DNS lists, and the wait before the banner, at once.
///
/// A value: events and times go in, the next step comes out. Dispatcher specification, sections 6.2 and 9.
package struct Admission: Hashable, Sendable {
    package enum Step: Hashable, Sendable {
        case wait(until: Int64)
        /// Look whether the client has talked already and say so with ``heard(speech:)``.
        case listen
        case admit
        case refuse(AdmissionRefusal)
    }

    /// No connection waits for longer, whatever it waits for.
    package static let deadline = seconds(10)

    private var unanswered: [String]
    private let listsUntil: Int64
    private let quietUntil: Int64?
    /// The list that has the client.
    package private(set) var listedBy: String?
    private var hasSpoken: Bool?

    /// `asksLists` is false when a PORT_ACCESS entry was applied.
    package init(_ rules: AdmissionRules, asksLists: Bool, isImplicitTLS: Bool, at now: Int64) {
        unanswered = asksLists ? rules.lists : []
        listsUntil = now + min(rules.listBudget, Self.deadline)
        // The client talks first on a port with implicit TLS.
        let isWatched = rules.pregreetDelay > 0 && !isImplicitTLS
        quietUntil = isWatched ? now + min(rules.pregreetDelay, Self.deadline) : nil
    }

    /// The lists whose answer is not known.
    package var lists: [String] { unanswered }

    /// A list answered, or failed to; failing means that the client is not listed.
    package mutating func heard(_ verdict: DNSListVerdict, from list: String) {
        guard let index = unanswered.firstIndex(of: list) else { return }
        unanswered.remove(at: index)
        if case .listed = verdict, listedBy == nil { listedBy = list }
    }

    package mutating func heard(speech: Bool) { hasSpoken = speech }

    package func step(at now: Int64) -> Step {
        if listedBy != nil { return .refuse(.onDNSList) }
        if !unanswered.isEmpty, now < listsUntil { return .wait(until: listsUntil) }
        guard let quietUntil else { return .admit }
        if now < quietUntil { return .wait(until: quietUntil) }
        guard let hasSpoken else { return .listen }
        return hasSpoken ? .refuse(.spokeFirst) : .admit
    }
}
