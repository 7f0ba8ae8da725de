import ProcessPool
import SystemCalls

/// From accept to admission or refusal. Dispatcher specification, section 9.
extension ServiceRunner {
    /// A connection that waits for its admission.
    struct Applicant {
        var admission: Admission
        var until: Int64
    }

    /// True when a connection may be taken from the port now: for a worker, or to be turned away.
    func takesConnections(_ port: Int, at now: Int64) -> Bool {
        mayAdmit(port, at: now) || pool.turnsAway(at: now, busyAfter: rules.busyAfter)
    }

    func mayAdmit(_ port: Int, at now: Int64) -> Bool {
        pool.mayAccept(port, at: now) && !(rules.mayWait && shared.desk.isFull)
    }

    /// At capacity for too long: the client is told and closed.
    func turnAway(_ socket: consuming OwnedDescriptor, _ number: Int) {
        let port = ports[number]
        pool.turnedAway()
        let text = AdmissionRefusal.busy(port: port.address.port, rules, isImplicitTLS: port.isImplicitTLS)
        HeldConnection.sayLast(text, socket.number)
    }

    func accept(
        _ socket: consuming OwnedDescriptor, _ remote: SocketAddress, _ number: Int,
        _ access: ConnectionAdmission, at now: Int64
    ) {
        let local = ports[number].localAddress(of: socket.number)
        let connection = HeldConnection(
            socket: socket, local: local, remote: remote, isImplicitTLS: ports[number].isImplicitTLS)
        let client = AdmissionClient(remote)
        let id = pool.accepted(listener: number, client: client, at: now)
        let probe = ConnectionAdmission.probe(local: local, remote: remote)
        switch access.decide(probe) {
        case .refuse(let bytes, let reason, let notes, let isRecorded):
            shared.desk.note(notes)
            if isRecorded { shared.settings.recordRefusal(settings, probe, reason) }
            log.debug(.denials, "access_control: \(probe) rejected by PORT_ACCESS: \(reason)")
            connection.sayLast(bytes)
            perform(pool.refused(id, .portAccess, at: now), at: now)
        case .admit(let text, let logText, let notes):
            shared.desk.note(notes)
            connection.accessText = text
            connection.logText = logText
            apply(id, connection, client, at: now)
        case .notMentioned:
            connection.asksLists = true
            apply(id, connection, client, at: now)
        }
    }

    /// PORT_ACCESS lets the connection in: what else is asked begins, all at once.
    func apply(_ id: ConnectionID, _ connection: HeldConnection, _ client: AdmissionClient?, at now: Int64) {
        held[id] = connection
        if rules.mostPerClient > 0, let client, pool.connectionCount(of: client) > rules.mostPerClient {
            return refuse(id, .tooManyOfClient, at: now)
        }
        let number = AdmissionID(service: index, connection: id)
        if rules.asksIdent {
            shared.desk.idents.start(number, local: connection.local, remote: connection.remote, at: now)
        }
        let hasLists = connection.asksLists && shared.desk.lists != nil
        var admission = Admission(rules, asksLists: hasLists, isImplicitTLS: connection.isImplicitTLS, at: now)
        if hasLists, let address = connection.remote.addressBytes {
            for list in admission.lists {
                guard let verdict = shared.desk.lists?.look(up: address, in: list, for: number, at: now) else {
                    continue
                }
                admission.heard(verdict, from: list)
            }
        }
        proceed(id, admission, at: now)
    }

    /// Takes the next step of an admission.
    private func proceed(_ id: ConnectionID, _ admission: Admission, at now: Int64) {
        var admission = admission
        while true {
            switch admission.step(at: now) {
            case .listen:
                admission.heard(speech: held[id].map { Sockets.peek($0.socket.number) == .something } ?? false)
            case .wait(let until):
                if applicants.updateValue(Applicant(admission: admission, until: until), forKey: id) == nil {
                    shared.desk.waiting += 1
                }
                nextAdmission = min(nextAdmission, until)
                return
            case .admit:
                leave(id)
                return perform(pool.admitted(id, at: now), at: now)
            case .refuse(let refusal):
                leave(id)
                return refuse(id, refusal, at: now)
            }
        }
    }

    private func leave(_ id: ConnectionID) {
        if applicants.removeValue(forKey: id) != nil { shared.desk.waiting -= 1 }
    }

    private func refuse(_ id: ConnectionID, _ refusal: AdmissionRefusal, at now: Int64) {
        guard let connection = held.removeValue(forKey: id) else { return }
        let host = connection.remote.host
        switch refusal {
        case .portAccess: break
        case .onDNSList: log.debug(.denials, "access_control: host \(host) found on DNS list and rejected")
        case .tooManyOfClient:
            log.debug(.denials, "access_control: host \(host) has \(rules.mostPerClient) connections and is rejected")
        case .spokeFirst: log.debug(.denials, "access_control: host \(host) spoke before the greeting and is rejected")
        }
        connection.sayLast(
            refusal.bytes(port: connection.local.port, rules, isImplicitTLS: connection.isImplicitTLS))
        perform(pool.refused(id, refusal, at: now), at: now)
    }

    // MARK: What comes later

    func heard(_ verdict: DNSListVerdict, from list: String, _ id: ConnectionID, at now: Int64) {
        guard var admission = applicants[id]?.admission else { return }
        admission.heard(verdict, from: list)
        proceed(id, admission, at: now)
    }

    /// The client's host named a user: in time for the handoff, or for the statistics only.
    func identified(_ id: ConnectionID, as user: String) {
        guard pool.connections[id] != nil else { return }
        log.debug(.statistics, "connection \(id) of \(settings.name) is from user \(user), says IDENT")
        held[id]?.identUser = user
        journal.identified(id, user: user)
    }

    /// Waits that are over.
    func expireAdmissions(at now: Int64) {
        guard now >= nextAdmission else { return }
        nextAdmission = .max
        let due = applicants.filter { now >= $0.value.until }.keys.sorted()
        for applicant in applicants.values where now < applicant.until {
            nextAdmission = min(nextAdmission, applicant.until)
        }
        for id in due {
            if let admission = applicants[id]?.admission { proceed(id, admission, at: now) }
        }
    }
}
