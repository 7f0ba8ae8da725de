import DNS
import ProcessPool
import Synchronization
import SystemCalls

/// The DNS lists that clients are looked up in. Questions go to the resolver's thread, answers come back through
/// ``descriptor``; the Dispatcher's thread, to which this object is confined, never waits.
final class DNSLists {
    /// A list answered, for one connection.
    struct Answer {
        var waiter: DNSListCache.Waiter
        var verdict: DNSListVerdict
    }

    /// Answers on their way from the resolver's thread.
    private final class Mailbox: Sendable {
        let wakeup: Wakeup
        private let answers = Mutex<[DNSAnswer]>([])

        init() throws(SystemCallError) { wakeup = try Wakeup() }

        func put(_ answer: DNSAnswer) {
            answers.withLock { $0.append(answer) }
            wakeup.ring()
        }

        func take() -> [DNSAnswer] {
            wakeup.clear()
            return answers.withLock { answers in
                defer { answers = [] }
                return answers
            }
        }
    }

    private let resolver: any DNSResolver
    private let mailbox: Mailbox
    private let log: DispatcherLog
    private var cache: DNSListCache

    init(_ resolver: any DNSResolver, log: DispatcherLog) throws(SystemCallError) {
        self.resolver = resolver
        self.log = log
        cache = DNSListCache(asksWhy: log.shows(.denials))
        mailbox = try Mailbox()
    }

    /// Readable when answers wait for ``collect(at:)``.
    var descriptor: Int32 { mailbox.wakeup.descriptor }

    /// The verdict when it is known; otherwise it comes with ``collect(at:)``.
    func look(up client: [UInt8], in list: String, for connection: AdmissionID, at now: Int64) -> DNSListVerdict? {
        let name = DNSListLookup(client, list: list).name
        switch cache.look(up: name, for: .init(connection: connection, list: list), at: now) {
        case .known(let verdict): return verdict
        case .underWay: return nil
        case .ask(let question):
            ask(question)
            return nil
        }
    }

    func collect(at now: Int64) -> [Answer] {
        var found: [Answer] = []
        for answer in mailbox.take() {
            let settled = cache.heard(answer, at: now)
            if let next = settled.next { ask(next) }
            report(settled, answer.question.name)
            guard let verdict = settled.verdict else { continue }
            found += settled.waiters.map { Answer(waiter: $0, verdict: verdict) }
        }
        return found
    }

    private func report(_ settled: DNSListCache.Settled, _ name: String) {
        if let list = settled.resting {
            log.notice("DNS list \(list) does not answer: it is not asked for 30 seconds, and lists nobody")
        }
        if let text = settled.explanation { log.debug(.denials, "access_control: \(name): \(text)") }
        switch settled.verdict {
        case .listed(let text) where !text.isEmpty: log.debug(.denials, "access_control: \(name): \(text)")
        case .unknown(let reason): log.debug(.denials, "access_control: \(name) not known: \(reason)")
        default: break
        }
    }

    private func ask(_ question: DNSQuestion) {
        let mailbox = mailbox
        resolver.resolve(question) { mailbox.put($0) }
    }
}
