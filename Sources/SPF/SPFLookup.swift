package import DNS
import Synchronization

extension DNSResolver {
    /// Runs a check to its end; `completion` is called once, on any thread.
    package func check(_ check: SPFCheck, _ completion: @escaping @Sendable (SPFOutcome) -> Void) {
        SPFLookup(check, self, completion).begin()
    }
}

/// One check in progress; answers may come on any thread.
private final class SPFLookup: Sendable {
    private let check: Mutex<SPFCheck>
    private let resolver: any DNSResolver
    private let completion: @Sendable (SPFOutcome) -> Void

    init(_ check: SPFCheck, _ resolver: any DNSResolver, _ completion: @escaping @Sendable (SPFOutcome) -> Void) {
        self.check = Mutex(check)
        self.resolver = resolver
        self.completion = completion
    }

    func begin() { take(check.withLock { $0.begin() }) }

    private func take(_ step: SPFCheck.Step) {
        switch step {
        case .done(let outcome): completion(outcome)
        case .ask(let questions):
            for question in questions {
                resolver.resolve(question) { answer in
                    self.take(self.check.withLock { $0.receive(answer) })
                }
            }
        }
    }
}
