import OptionSyntax
import ProcessPool
import SystemCalls

/// The command socket `run/dispatcher.sock`. Dispatcher specification, section 8.
extension DispatcherLoop {
    func acceptClient() {
        guard clients.count < CommandSocket.mostClients else { return shared.reactor.forget(commands.descriptor) }
        switch commands.accept() {
        case .client(let client):
            add(client)
        case .refused(let user): shared.log.error("command client of user \(user) refused")
        case .none:
            // Gone already, or no descriptor is left for it: the loop must not spin until there is one.
            shared.reactor.forget(commands.descriptor)
            areCommandsResting = true
        }
    }

    /// To be called once a second. A client that says nothing and reads nothing would keep others out; one that waits
    /// for the answer to `upgrade` may be silent.
    func expireClients(at now: Int64) {
        for (number, client) in clients where number != upgrade?.client {
            guard now - client.lastActive >= shared.settings.commandIdleTime else { continue }
            shared.log.debug(.miscellaneous, "command client \(number) was idle for too long")
            remove(number, client)
        }
        if areCommandsResting {
            areCommandsResting = false
            try? shared.reactor.watch(commands.descriptor, .commands)
        }
    }

    private func remove(_ number: Int, _ client: CommandClient) {
        shared.reactor.forget(client.descriptor)
        clients[number] = nil
        shared.log.debug(.miscellaneous, "command client \(number) is gone")
        // With the limit reached, the listening socket was forgotten.
        if clients.count == CommandSocket.mostClients - 1 {
            try? shared.reactor.watch(commands.descriptor, .commands)
        }
    }

    func add(_ client: CommandClient) {
        lastClient += 1
        do throws(SystemCallError) {
            try shared.reactor.watch(client.descriptor, .commandClient(lastClient))
            clients[lastClient] = client
            shared.log.debug(.miscellaneous, "command client \(lastClient) is connected")
        } catch { shared.log.error("command client not served: \(error)") }
    }

    func serveClient(_ number: Int, _ event: Poller.Event, at now: Int64) {
        guard let client = clients[number] else { return }
        let hadToWrite = client.wantsToWrite
        if event.isWritable { client.flush() }
        if event.isReadable || event.isClosed {
            for line in client.receive() {
                if let answer = answer(to: line, from: number, at: now) { client.answer(answer) }
            }
        }
        if !client.isOpen {
            remove(number, client)
        } else if client.wantsToWrite != hadToWrite {
            shared.reactor.watchWriting(client.descriptor, .commandClient(number), client.wantsToWrite)
        }
    }

    /// Nil when the answer comes later.
    private func answer(to line: String, from client: Int, at now: Int64) -> JSONValue? {
        shared.log.debug(.mainExtra, "command: \(line)")
        let words = line.split(separator: " ").map(String.init)
        switch (words.first?.lowercased() ?? "", words.dropFirst().first, words.count) {
        case ("status", nil, 1): return status
        case ("status", let name?, 2): return order(name) { service in service.status }
        case ("connections", let name?, 2):
            return order(name) { $0.journal.connections(of: $0.settings.name, wall: SystemClock.wallSeconds) }
        case ("history", let name?, 2): return order(name) { $0.journal.history(of: $0.settings.name, at: now) }
        case ("metrics", nil, 1):
            return ["metrics": .string(ServiceMetrics.text(services.map { $0.snapshot(at: now) }, began: began))]
        case ("reload", nil, 1):
            if let failure = reloadAll(at: now) { return Self.failure("reload failed: \(failure)") }
            let unapplied = shared.settings.unapplied()
            return unapplied.isEmpty ? Self.success : ["ok": true, "restart": .array(unapplied.map { .string($0) })]
        case ("shutdown", nil, 1):
            shutDown(at: now)
            return Self.success
        case ("leave", nil, 1):
            leave(at: now)
            return Self.success
        case ("upgrade", let path?, 2):
            return beginUpgrade(to: path, client: client, at: now).map { Self.failure("upgrade failed: \($0)") }
        case ("stop", let name?, 2):
            return order(name) { service in
                service.stop(at: now)
                return Self.success
            }
        case ("restart", "*"?, 2):
            for service in services where service.isStarted && service.pool.phase == .serving {
                service.restart(at: now)
            }
            return Self.success
        case ("restart", let name?, 2): return order(name) { restart($0, at: now) }
        default:
            return Self.failure(
                "unknown command; known: status, connections, history, metrics, stop, restart, reload, "
                    + "upgrade, leave, shutdown")
        }
    }

    private func restart(_ service: ServiceRunner, at now: Int64) -> JSONValue {
        guard !isStopping, service.pool.phase == .serving else {
            return Self.failure(
                "service \(service.settings.name) was shut down; restart the dispatcher to get it back")
        }
        service.restart(at: now)
        return service.state == "disabled" || service.obstacle != nil
            ? Self.failure("service \(service.settings.name) cannot start: \(service.obstacle ?? "it has no ports")")
            : Self.success
    }

    private func order(_ name: String, _ body: (ServiceRunner) -> JSONValue) -> JSONValue {
        guard let service = services.first(where: { $0.settings.name.lowercased() == name.lowercased() }) else {
            let names = services.map(\.settings.name).joined(separator: ", ")
            return Self.failure("no service is named \(name); there are: \(names)")
        }
        return body(service)
    }

    private var status: JSONValue {
        ["services": .array(services.map(\.status)), "generation": .integer(generation)]
    }

    private static let success: JSONValue = ["ok": true]

    private static func failure(_ text: String) -> JSONValue { ["ok": false, "error": .string(text)] }
}
