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

    func run() throws {
        let site = WebSite(paths: InstancePaths(instanceRoot: try instance.existing()))
        guard let listen else { return Terminal.text(site.page()) }
        guard let address = Self.address(listen) else {
            throw CommandFailure("--listen wants an address and a port, as 127.0.0.1:9725 or [::1]:9725, not \(listen)")
        }
        let listener = try Sockets.listen(address, backlog: 64)
        Terminal.line("martlet: http://\(Self.text(Sockets.localAddress(listener.number)))/ shows the queues")
        signal(SIGPIPE, SIG_IGN)
        while true {
            var wanted = pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0)
            poll(&wanted, 1, -1)
            guard case .connection(let number, _) = Sockets.accept(listener.number) else { continue }
            WebExchange(owning: OwnedDescriptor(owning: number)).serve(site.answer)
        }
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
struct WebSite {
    let paths: InstancePaths
    /// Most entries that are looked at one by one.
    private static let mostEntries = 20_000
    private static let mostHosts = 10

    func answer(_ request: WebRequest) -> WebAnswer {
        guard ["GET", "HEAD"].contains(request.method) else {
            return WebAnswer(status: 405, type: .plain, "GET or HEAD\n")
        }
        switch request.path {
        case "/": return WebAnswer(type: .html, page())
        case "/metrics": return WebAnswer(type: .metrics, StatusSource(root: paths.root).metrics() + "\n")
        default: return WebAnswer(status: 404, type: .plain, "There are / and /metrics.\n")
        }
    }

    func page() -> String {
        var page = QueuePage(title: paths.root, now: SystemClock.wallSeconds)
        let source = QueueSource(paths: paths)
        guard let status = (try? source.ask(QueueStatus.self, "status")) ?? nil else { return page.html }
        let counters = TrafficCounters(path: paths.counters, creates: false)?.rows() ?? []
        page.channels = status.channels.map { channel in
            var shown = QueuePage.Channel(status: channel)
            shown.traffic = counters.first { $0.channel == channel.name }
            guard shown.total > 0 else { return shown }
            shown.hosts = Array(((try? source.hosts(channel.name)) ?? nil ?? []).prefix(Self.mostHosts))
            if shown.hosts.allSatisfy({ $0.host.isEmpty }) { shown.hosts = [] }
            return shown
        }
        if (status.queue?.entries ?? 0) <= Self.mostEntries, let items = try? source.items() {
            page.spread = QueuePage.Spread(items, now: page.now)
        }
        for channel in status.channels where channel.stopped == true {
            page.warnings.append("\(channel.name) is stopped: martlet queue start \(channel.name)")
        }
        return page.html
    }
}
