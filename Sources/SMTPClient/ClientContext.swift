package import DNS
import NIOCore
import Synchronization
import SystemCalls

/// What the delivery threads of one process share. Belongs to one event loop; nothing of it is used off that loop.
final class ClientContext {
    let settings: ClientSettings
    let loop: any EventLoop
    let notifier: FailureNotifier
    let log: any DeliveryLog
    let tls: ClientTLS
    private let resolver: LazyResolver
    var cache: HostCache
    /// Connections whose thread has turned to another host, for the next entry of theirs.
    private var spare: [(route: HostRoute, connection: ClientConnection)] = []
    private static let mostSpare = 16

    init(
        settings: ClientSettings, loop: any EventLoop, resolver: LazyResolver, notifier: @escaping FailureNotifier,
        log: any DeliveryLog
    ) {
        self.settings = settings
        self.loop = loop
        self.resolver = resolver
        self.notifier = notifier
        self.log = log
        tls = ClientTLS(
            trustedCertificates: settings.trustedCertificates, own: settings.security.certificate)
        cache = HostCache(settings.cache)
    }

    /// Keeps a connection for whoever wants that place next; it says QUIT when nobody does in time.
    func keep(_ connection: ClientConnection, _ route: HostRoute) {
        guard connection.isReady, connection.inFlight.isEmpty, spare.count < Self.mostSpare else {
            return connection.quit()
        }
        connection.onReadyForNext = nil
        spare.append((route, connection))
        let bound = NIOLoopBound((self, connection), eventLoop: loop)
        loop.scheduleTask(in: TimeAmount(seconds: settings.timeouts.idle)) {
            let (context, connection) = bound.value
            guard let index = context.spare.firstIndex(where: { $0.connection === connection }) else { return }
            context.spare.remove(at: index)
            connection.quit()
        }
    }

    /// A connection that was kept for this place and still stands.
    func takeSpare(_ route: HostRoute) -> ClientConnection? {
        spare.removeAll { !$0.connection.isReady }
        guard let index = spare.firstIndex(where: { $0.route == route }) else { return nil }
        return spare.remove(at: index).connection
    }

    /// The end of the run.
    func closeSpare() {
        for (_, connection) in spare { connection.quit() }
        spare = []
    }

    /// Nanoseconds of a clock that never jumps.
    var now: Int64 { SystemClock.monotonicNanoseconds }

    /// Addresses of a place; `completion` runs on the loop, perhaps at once.
    func lookUp(
        _ place: HostRoute.Place, _ route: HostRoute,
        _ completion: @escaping (Result<[ConnectionTarget], RoutingFailure>) -> Void
    ) {
        switch place {
        case .address(let address):
            let host = address.contains(":") ? "[IPv6:\(address)]" : "[\(address)]"
            completion(.success([ConnectionTarget(host: host, address: address, port: route.port)]))
        case .socket(let path):
            completion(.success([ConnectionTarget(host: path, address: path, port: 0)]))
        case .name(let name, let usesMX):
            let bound = NIOLoopBound(completion, eventLoop: loop)
            let loop = loop
            let policy = settings.lookupPolicy(route, usesMX: usesMX)
            resolver.lookUp(name, policy: policy, own: settings.own) { result in
                loop.execute { bound.value(result) }
            }
        }
    }
}

/// A resolver that is set up when the first name is looked up: a channel that goes to one address needs none.
package final class LazyResolver: Sendable {
    private let make: @Sendable () throws(ResolverSetupError) -> any DNSResolver
    private let made = Mutex<Result<any DNSResolver, ResolverSetupError>?>(nil)

    package init(_ make: @escaping @Sendable () throws(ResolverSetupError) -> any DNSResolver) {
        self.make = make
    }

    /// The system's resolver.
    package convenience init(_ configuration: ResolverConfiguration = ResolverConfiguration()) {
        self.init { () throws(ResolverSetupError) in try UnboundResolver(configuration) }
    }

    func lookUp(
        _ name: String, policy: DestinationLookup.Policy, own: OwnHost,
        _ completion: @escaping @Sendable (Result<[ConnectionTarget], RoutingFailure>) -> Void
    ) {
        let resolver = made.withLock { made in
            if let made { return made }
            let result = Result { () throws(ResolverSetupError) in try make() }
            made = result
            return result
        }
        switch resolver {
        case .success(let resolver):
            resolver.lookUp(name, policy: policy, own: own, completion)
        case .failure(let error):
            completion(.failure(RoutingFailure(isPermanent: false, status: "4.3.5", text: "no resolver: \(error)")))
        }
    }
}
