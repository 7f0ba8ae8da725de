import Synchronization

extension DNSResolver {
    /// Runs a ``DestinationLookup`` to its end. `completion` is called once, with addresses or with the reason why
    /// there are none.
    package func lookUp(
        _ name: String, policy: DestinationLookup.Policy, own: OwnHost,
        _ completion: @escaping @Sendable (Result<[ConnectionTarget], RoutingFailure>) -> Void
    ) {
        LookupRun(DestinationLookup(name: name, policy: policy, own: own), self, completion).begin()
    }
}

/// One lookup in progress; answers may come on any thread.
private final class LookupRun: Sendable {
    private let lookup: Mutex<DestinationLookup>
    private let resolver: any DNSResolver
    private let completion: @Sendable (Result<[ConnectionTarget], RoutingFailure>) -> Void

    init(
        _ lookup: DestinationLookup, _ resolver: any DNSResolver,
        _ completion: @escaping @Sendable (Result<[ConnectionTarget], RoutingFailure>) -> Void
    ) {
        self.lookup = Mutex(lookup)
        self.resolver = resolver
        self.completion = completion
    }

    func begin() {
        take(lookup.withLock { $0.begin() })
    }

    private func take(_ step: DestinationLookup.Step) {
        switch step {
        case .found(let targets): completion(.success(targets))
        case .failed(let failure): completion(.failure(failure))
        case .ask(let questions):
            for question in questions {
                resolver.resolve(question) { answer in
                    var generator = SystemRandomNumberGenerator()
                    self.take(self.lookup.withLock { $0.receive(answer, using: &generator) })
                }
            }
        }
    }
}
