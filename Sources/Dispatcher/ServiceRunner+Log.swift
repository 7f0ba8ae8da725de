/// The lines of dispatcher.log about one service. Dispatcher specification, section 10 (minimum set).
extension ServiceRunner {
    func report(_ fact: PoolFact) {
        switch fact {
        case .ready(let id): log.notice("\(name(of: id)) ready")
        case .draining(let id, let reason): log.notice("\(name(of: id)) drains: \(reason.rawValue)")
        case .cutOff(let id, let reason): log.error("\(name(of: id)) is killed: \(reason)")
        case .ended(_, _, _, let lost):
            if lost > 0 { log.error("service \(settings.name): \(lost) sessions ended with their worker") }
        case .backingOff(let failures, let pause):
            log.error(
                "service \(settings.name): start \(failures) of a worker in a row failed; "
                    + "the next one follows in \(pause / 1_000_000_000) seconds; see \(settings.logFile)-*")
        case .heldDown(let id):
            log.error(
                "service \(settings.name) is held down: \(name(of: id)) reported a configuration error "
                    + "(exit 78); see \(settings.logFile)-*, correct it, then restart \(settings.name)")
        case .connectionMoved(let connection, let id):
            log.notice("connection \(connection) of \(settings.name) moves on from \(name(of: id))")
        case .connectionDropped(let connection, let reason):
            log.error("connection \(connection) of \(settings.name) closed: \(reason)")
        case .capacityReached(let capacity):
            log.notice("service \(settings.name) at capacity (MAX_PROCS*MAX_CONNS=\(capacity))")
        case .capacityLeft: log.notice("service \(settings.name) no longer at capacity")
        }
    }
}
