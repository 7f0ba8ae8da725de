import TransactionLog

/// The page of `martlet web`: where a picture says more than the tables of `martlet status`. Made of answers of the
/// daemons and of counters, nothing else.
struct QueuePage {
    /// A channel with the hosts that hold most of it.
    struct Channel {
        var status: QueueStatus.Channel
        var hosts: [QueueHost] = []
        var traffic: TrafficRow?

        var total: Int { status.ready + status.active + status.delayed + status.held }
    }

    /// Bars of ages and attempts, from the entries themselves.
    struct Spread: Hashable {
        var ages = [Int](repeating: 0, count: QueuePage.ageBounds.count + 1)
        /// Failed attempts: 0, 1, 2 … and more.
        var attempts = [Int](repeating: 0, count: 8)

        /// `now`: seconds since 1970.
        init(_ items: [QueueItem], now: Int64) {
            for item in items {
                let age = now - item.arrival / 1000
                ages[QueuePage.ageBounds.firstIndex { age < $0.seconds } ?? QueuePage.ageBounds.count] += 1
                attempts[min(max(0, item.attempts), attempts.count - 1)] += 1
            }
        }
    }

    static let ageBounds: [(title: String, seconds: Int64)] = [
        ("1 min", 60), ("10 min", 600), ("1 h", 3600), ("4 h", 14_400), ("12 h", 43_200), ("1 d", 86_400),
        ("3 d", 259_200), ("7 d", 604_800),
    ]

    var title: String
    /// Seconds since 1970.
    var now: Int64
    /// Nil: the Job Controller does not answer.
    var channels: [Channel]?
    /// Nil: there are too many entries to look at each.
    var spread: Spread?
    /// Problems, for the top of the page.
    var warnings: [String] = []

    var html: String {
        var page = HTMLText()
        page.add("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        page.add("<meta http-equiv=\"refresh\" content=\"10\">")
        page.add("<meta name=\"viewport\" content=\"width=device-width\">")
        page.element("title", "Queues of \(title)")
        page.add("<style>\(Self.style)</style></head><body>")
        page.element("h1", "Queues of \(title)")
        page.element("p", class: "faint", LocalTime.heading(now))
        for warning in warnings { page.element("p", class: "warning", warning) }
        if let channels {
            addChannels(channels, to: &page)
            for channel in channels where !channel.hosts.isEmpty { addHosts(channel, to: &page) }
            addSpread(to: &page)
            addTraffic(channels.compactMap(\.traffic), to: &page)
        } else {
            page.element("p", class: "warning", "The Job Controller does not answer: nothing is delivered.")
        }
        page.add("</body></html>")
        return page.text
    }

    private static let style = """
        :root{color-scheme:light dark;font:15px/1.4 system-ui,sans-serif}body{margin:2em auto;max-width:70em;padding:0 1em}
        table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2em .8em .2em 0;white-space:nowrap}
        th{font-weight:600;border-bottom:1px solid #8886}td.n,th.n{text-align:right}td.wide{width:50%}
        .bar{width:100%;height:1em;background:#8882;border-radius:2px}.faint{opacity:.65}
        .ready{fill:#2f9e62}.active{fill:#2a78d6}.delayed{fill:#d99a1c}.held{fill:#c2453d}
        .warning{color:#c2453d;font-weight:600}span.key{margin-right:1.2em}span.key svg{width:.9em;height:.9em}
        """

    // MARK: Parts

    private static let states = ["ready", "active", "delayed", "held"]

    private func addChannels(_ channels: [Channel], to page: inout HTMLText) {
        let keys = Self.states.map { "<span class=\"key\">\(HTMLText.bar([($0, 1)], of: 1)) \($0)</span>" }
        page.add("<p>" + keys.joined() + "</p>")
        let shown = channels.filter { $0.total > 0 || $0.status.stopped == true }
        guard !shown.isEmpty else { return page.element("p", "No messages in the queues.") }
        page.add(
            "<table><tr><th>Channel</th><th class=\"wide\"></th><th class=\"n\">Messages</th>"
                + "<th class=\"n\">Oldest</th><th class=\"n\">Jobs</th><th>Pool</th></tr>")
        let most = shown.map(\.total).max() ?? 1
        for channel in shown {
            let status = channel.status
            let parts = zip(Self.states, [status.ready, status.active, status.delayed, status.held])
            page.add("<tr>" + Self.cell(status.name + (status.stopped == true ? " (stopped)" : "")))
            page.add("<td class=\"wide\">\(HTMLText.bar(parts.map { ($0, $1) }, of: most))</td>")
            page.add(Self.cell("\(channel.total)", isNumber: true))
            page.add(Self.cell(status.oldest.map { LocalTime.span(now - Int64($0)) } ?? "", isNumber: true))
            page.add(Self.cell("\(status.jobs)", isNumber: true) + Self.cell(status.pool) + "</tr>")
        }
        page.add("</table>")
    }

    /// The hosts that hold most of a channel.
    private func addHosts(_ channel: Channel, to page: inout HTMLText) {
        page.element("h2", "Hosts of \(channel.status.name)")
        page.add(
            "<table><tr><th>Host</th><th class=\"wide\"></th><th class=\"n\">Ready or running</th>"
                + "<th class=\"n\">Waiting for a retry</th></tr>")
        let most = channel.hosts.map { $0.active + $0.delayed }.max() ?? 1
        for host in channel.hosts {
            page.add("<tr>" + Self.cell(host.host.isEmpty ? "(all)" : host.host))
            let bar = HTMLText.bar([("ready", host.active), ("delayed", host.delayed)], of: most)
            page.add("<td class=\"wide\">\(bar)</td>")
            page.add(Self.cell("\(host.active)", isNumber: true) + Self.cell("\(host.delayed)", isNumber: true))
            page.add("</tr>")
        }
        page.add("</table>")
    }

    private func addSpread(to page: inout HTMLText) {
        guard let spread, spread.ages.contains(where: { $0 > 0 }) else { return }
        page.element("h2", "Ages")
        let titles = Self.ageBounds.map { "below \($0.title)" } + ["longer"]
        page.add(Self.bars(zip(titles, spread.ages).map { ($0, $1) }, "ready"))
        page.element("h2", "Failed attempts")
        let last = spread.attempts.count - 1
        let counts = spread.attempts.enumerated().map { index, count in
            (index == 0 ? "not tried yet" : "\(index)\(index == last ? " and more" : "")", count)
        }
        page.add(Self.bars(counts, "delayed"))
    }

    private func addTraffic(_ rows: [TrafficRow], to page: inout HTMLText) {
        let busy = rows.filter { $0[.receivedMessages] != 0 || $0[.deliveredMessages] != 0 }
        guard !busy.isEmpty else { return }
        page.element("h2", "Traffic since the start")
        page.add(
            "<table><tr><th>Channel</th><th class=\"n\">Received</th><th class=\"n\">Left the queue</th>"
                + "<th class=\"n\">Deferred</th><th class=\"n\">Bounced</th><th class=\"n\">Mean time</th></tr>")
        for row in busy {
            let numbers = [
                row[.receivedMessages], row[.deliveredMessages], row[.attemptedRecipients], row[.failedRecipients],
            ]
            let mean = row[.queueMilliseconds] / max(1, row[.queueCount]) / 1000
            page.add("<tr>" + Self.cell(row.channel))
            page.add(numbers.map { Self.cell("\($0)", isNumber: true) }.joined())
            page.add(Self.cell(row[.queueCount] == 0 ? "" : LocalTime.span(Int64(mean)), isNumber: true) + "</tr>")
        }
        page.add("</table>")
        let reasons = FailureReason.allCases.map { reason in
            ("\(reason)", busy.reduce(0) { $0 + $1.deferred(reason) + $1.bounced(reason) })
        }.filter { $0.1 > 0 }
        guard !reasons.isEmpty else { return }
        page.element("h2", "Why recipients were put off or returned")
        page.add(Self.bars(reasons, "held"))
    }

    private static func bars(_ counts: [(String, Int)], _ style: String) -> String {
        let most = counts.map(\.1).max() ?? 1
        let rows = counts.map { title, count in
            "<tr>\(cell(title))<td class=\"wide\">\(HTMLText.bar([(style, count)], of: most))</td>"
                + "\(cell("\(count)", isNumber: true))</tr>"
        }
        return "<table>\(rows.joined(separator: "\n"))</table>"
    }

    private static func cell(_ words: String, isNumber: Bool = false) -> String {
        HTMLText.element("td", class: isNumber ? "n" : "", words)
    }
}
