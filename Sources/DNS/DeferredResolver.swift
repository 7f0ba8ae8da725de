import Synchronization

/// A resolver that is made when the first question comes: most configurations never ask.
package final class DeferredResolver: DNSResolver {
    private let make: @Sendable () throws(ResolverSetupError) -> any DNSResolver
    private let report: @Sendable (String) -> Void
    private let made = Mutex<(any DNSResolver)?>(nil)

    /// `report` gets a line each time the resolver cannot be made; its questions then fail for now.
    package init(
        report: @escaping @Sendable (String) -> Void,
        make: @escaping @Sendable () throws(ResolverSetupError) -> any DNSResolver
    ) {
        self.report = report
        self.make = make
    }

    package convenience init(_ configuration: ResolverConfiguration, report: @escaping @Sendable (String) -> Void) {
        self.init(report: report) { () throws(ResolverSetupError) in try UnboundResolver(configuration) }
    }

    package func resolve(_ question: DNSQuestion, _ completion: @escaping @Sendable (DNSAnswer) -> Void) {
        let resolver = made.withLock { made -> (any DNSResolver)? in
            if let made { return made }
            do throws(ResolverSetupError) {
                made = try make()
            } catch {
                report("no resolver: \(error)")
            }
            return made
        }
        guard let resolver else { return completion(DNSAnswer(question, .failed(code: 2))) }
        resolver.resolve(question, completion)
    }
}
