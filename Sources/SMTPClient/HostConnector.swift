import DNS
import NIOCore
import NIOPosix

/// Connects to a destination: finds its addresses, tries them in order, and gives back a session that takes mail, or
/// the reason why there is none.
final class HostConnector {
    typealias Outcome = Result<ClientConnection, ConnectionFailure>

    private let context: ClientContext
    private let route: HostRoute
    private let completion: (Outcome) -> Void
    private var plan = ConnectionPlan(targets: [], lastResort: nil)

    init(_ context: ClientContext, _ route: HostRoute, _ completion: @escaping (Outcome) -> Void) {
        self.context = context
        self.route = route
        self.completion = completion
    }

    func start() {
        context.lookUp(route.place, route) { result in
            switch result {
            case .success(let targets):
                self.plan = ConnectionPlan(targets: targets, lastResort: self.route.lastResort)
                self.advance()
            case .failure(let failure):
                self.completion(
                    .failure(
                        ConnectionFailure(
                            failure.isPermanent ? .permanent : .temporary, status: failure.status, text: failure.text)))
            }
        }
    }

    private func advance() {
        while true {
            switch plan.next() {
            case .failed(let failure):
                return completion(.failure(failure))
            case .lookUpLastResort(let place):
                return context.lookUp(place, route) { result in
                    if case .success(let targets) = result { self.plan.add(lastResort: targets) }
                    self.advance()
                }
            case .connect(let target, let manner):
                if let text = context.cache.refusal(Self.key(target), now: context.now) {
                    plan.note(ConnectionFailure(.unreachable, status: "4.4.1", text: text))
                    continue
                }
                return connect(target, manner)
            }
        }
    }

    /// What results of connections are remembered under.
    private static func key(_ target: ConnectionTarget) -> String { "\(target.address) \(target.port)" }

    private func connect(_ target: ConnectionTarget, _ manner: ConnectionPlan.Manner) {
        ClientConnection.open(target, wanted: route.wanted, manner, context: context) { result in
            let key = Self.key(target)
            switch result {
            case .success(let connection):
                self.context.cache.noteSuccess(key)
                self.completion(.success(connection))
            case .failure(let failure):
                self.remember(failure, key)
                self.plan.note(failure)
                self.advance()
            }
        }
    }

    /// A host that answers and is only busy (4yz) is not shut out when it has taken mail in this run: its other
    /// connections go on.
    private func remember(_ failure: ConnectionFailure, _ key: String) {
        switch failure.kind {
        case .unreachable, .bannerTimedOut:
            context.cache.noteFailure(key, failure.text, now: context.now)
        case .temporary where !context.cache.hasSucceeded(key):
            context.cache.noteFailure(key, failure.text, now: context.now)
        case .temporary, .droppedAtEHLO, .handshakeFailed, .permanent, .loop:
            break
        }
    }
}
