import ArgumentParser
import Configuration
import Glibc
import SystemCalls
import TransactionLog

/// `martlet web`: the page of the queues, and metrics for Prometheus.
struct WebCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "web", abstract: "A page that shows the queues as bars; with --listen also for Prometheus.",
        discussion: "Without --listen the page goes to standard output once. With it / is the page, /metrics what"
            + " martlet status --prometheus prints; nothing can be changed through it, and nobody is asked for a"
            + " password: listen on an address that only those reach who may see it.")

    @OptionGroup var instance: InstanceOptions

    @Option(help: ArgumentHelp("Serves it there until SIGTERM, as 127.0.0.1:9725.", valueName: "address:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "A name by which it may be asked for, beside localhost, the name of the host and addresses; repeatable.",
            valueName: "host"))
    var name: [String] = []

    /// Clients that are served at the same time; others wait.
    private static let mostClients = 8

    func run() throws {
        let paths = InstancePaths(instanceRoot: try instance.existing())
        let site = WebSite(paths: paths, names: ["localhost", Self.hostName] + name)
        guard let listen else { return Terminal.text(site.page()) }
        guard let address = Self.address(listen) else {
            throw CommandFailure("--listen wants an address and a port, as 127.0.0.1:9725 or [::1]:9725, not \(listen)")
        }
        let listener = try Sockets.listen(address, backlog: 64)
        Terminal.line("martlet: http://\(Self.text(Sockets.localAddress(listener.number)))/ shows the queues")
        signal(SIGPIPE, SIG_IGN)
        let places = Semaphore()
        for _ in 0..<Self.mostClients { places.signal() }
        while true {
            places.wait()
            let number = Self.nextClient(of: listener.number)
            do throws(SystemCallError) {
                try SystemThread.tryStart("web") {
                    WebExchange(owning: OwnedDescriptor(owning: number)).serve(site.answer)
                    places.signal()
                }
            } catch {
                close(number)
                places.signal()
            }
        }
    }

    private static func nextClient(of listener: Int32) -> Int32 {
        while true {
            var wanted = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            poll(&wanted, 1, -1)
            if case .connection(let number, _) = Sockets.accept(listener) { return number }
        }
    }

    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return buffer.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// `127.0.0.1:9725`, `[::1]:9725`; nil for anything else.
    static func address(_ text: String) -> SocketAddress? {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        return SocketAddress(host: String(host), port: port)
    }

    private static func text(_ address: SocketAddress) -> String {
        address.isIPv6 ? "[\(address.host)]:\(address.port)" : "\(address.host):\(address.port)"
    }
}

/// What the pages are made of.
struct WebSite: Sendable {
    let paths: InstancePaths
    /// Under which it may be asked for.
    let names: [String]
    /// Daemons that take longer for an answer hang: that is what the page has to say.
    private static let patience = 2
    /// Most entries that are looked at one by one.
    private static let mostEntries = 20_000
    private static let mostHosts = 10

    init(paths: InstancePaths, names: [String]) {
        self.paths = paths
        self.names = names.map { $0.lowercased() }
    }

    func answer(_ request: WebRequest) -> WebAnswer {
        guard isOurs(request.host) else {
            return WebAnswer(
                status: 421, type: .plain,
                "Ask for this by the address, as localhost, or by a name that martlet web --name was told.\n")
        }
        guard ["GET", "HEAD"].contains(request.method) else {
            return WebAnswer(status: 405, type: .plain, "GET or HEAD\n")
        }
        switch request.path {
        case "/": return WebAnswer(type: .html, page())
        case "/metrics": return WebAnswer(type: .metrics, statusSource.metrics() + "\n")
        default: return WebAnswer(status: 404, type: .plain, "There are / and /metrics.\n")
        }
    }

    /// A page of a stranger in a browser that reaches us must not read ours under a name of its own that leads here (DNS
    /// rebinding). Programs need not name a host.
    private func isOurs(_ host: String?) -> Bool {
        guard let host else { return true }
        return names.contains(host) || SocketAddress(host: host, port: 0).addressBytes != nil
    }

    private var statusSource: StatusSource { StatusSource(root: paths.root, timeoutSeconds: Self.patience) }

    func page() -> String {
        var page = QueuePage(title: paths.root, now: SystemClock.wallSeconds)
        let source = QueueSource(paths: paths, timeoutSeconds: Self.patience)
        guard let status = (try? source.ask(QueueStatus.self, "status")) ?? nil else { return page.html }
        let counters = TrafficCounters(path: paths.counters, creates: false)?.rows() ?? []
        page.channels = status.channels.map { channel in
            var shown = QueuePage.Channel(status: channel)
            shown.traffic = counters.first { $0.channel == channel.name }
            return shown
        }
        do { try addDetails(to: &page, entries: status.queue?.entries ?? 0, source) } catch {
            page.warnings.append("\(error)")
        }
        for channel in status.channels where channel.stopped == true {
            page.warnings.append("\(channel.name) is stopped: martlet queue start \(channel.name)")
        }
        return page.html
    }
    /// Ends with the first question that has no answer: each that hangs would take its time.
    private func addDetails(to page: inout QueuePage, entries: Int, _ source: QueueSource) throws {
        for index in page.channels?.indices ?? 0..<0 {
            guard let channel = page.channels?[index], channel.total > 0 else { continue }
            let hosts = try source.hosts(channel.status.name) ?? []
            if hosts.contains(where: { !$0.host.isEmpty }) {
                page.channels?[index].hosts = Array(hosts.prefix(Self.mostHosts))
            }
        }
        if entries <= Self.mostEntries { page.spread = QueuePage.Spread(try source.items(), now: page.now) }
    }
}
