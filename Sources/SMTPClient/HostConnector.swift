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
    /// Addresses of the destination, and how many of them were tried, for IP_ACCESS.
    private var count = 0
    private var tried = 0

    init(_ context: ClientContext, _ route: HostRoute, _ completion: @escaping (Outcome) -> Void) {
        self.context = context
        self.route = route
        self.completion = completion
    }

    func start() {
        context.lookUp(route.place, route) { result in
            switch result {
            case .success(let targets):
                self.count = targets.count
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
            case .connect(var target, let manner):
                if let refusal = judge(&target, manner) {
                    plan.note(refusal)
                    continue
                }
                if let text = context.cache.refusal(Self.key(target), now: context.now) {
                    plan.note(ConnectionFailure(.unreachable, status: "4.4.1", text: text))
                    continue
                }
                return connect(target, manner)
            }
        }
    }

    /// IP_ACCESS; a second attempt at the same address is not asked about again.
    private func judge(_ target: inout ConnectionTarget, _ manner: ConnectionPlan.Manner) -> ConnectionFailure? {
        guard let access = context.settings.addressAccess, !target.isSocketFile else { return nil }
        if manner == ConnectionPlan.Manner() { tried += 1 }
        let verdict = access.verdict(target.address, host: target.host, number: tried, count: max(count, tried))
        switch verdict {
        case .connect: return nil
        case .replace(let address):
            target.address = address
            return nil
        case .skip:
            return ConnectionFailure(
                .unreachable, status: "4.4.1", text: "\(target.host) [\(target.address)] is not to be connected to")
        case .reject(let text):
            // The text is for the log, not for the sender.
            context.log.record(
                ConnectionRecord(
                    action: .failed, channel: context.settings.channel,
                    transport: "TCP|||\(target.address)|\(target.port)",
                    application: "SMTP/\(route.wanted)/\(target.host)", diagnostic: "IP_ACCESS: \(text)"))
            return ConnectionFailure(.permanent, status: "5.1.2", text: "bad destination host \(target.host)")
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
