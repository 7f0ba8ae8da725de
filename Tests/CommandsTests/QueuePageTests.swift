import Configuration
import Glibc
import SystemCalls
import Testing
import TransactionLog

@testable import Commands

/// The page of `martlet web`.
@Suite struct QueuePageTests {
    private func channel(_ name: String, ready: Int, held: Int = 0, stopped: Bool = false) -> QueuePage.Channel {
        .init(
            status: .init(
                name: name, pool: "SMTP_POOL", jobs: 1, ready: ready, delayed: 3, active: 1, held: held,
                stopped: stopped, oldest: 400))
    }

    /// Names come from strangers.
    @Test func everythingIsEscaped() {
        let nasty = "<script>alert('x')</script>&\"\u{1B}[2J"
        var page = QueuePage(title: nasty, now: 1000)
        var one = channel(nasty, ready: 2, stopped: true)
        one.hosts = [QueueHost(host: nasty, active: 2, delayed: 3)]
        one.traffic = TrafficRow(channel: nasty)
        one.traffic?[.receivedMessages] = 1
        page.channels = [one]
        page.warnings = [nasty]
        let html = page.html
        #expect(!html.contains("<script") && !html.contains("\u{1B}") && !html.contains("'x'"))
        #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;?[2J (stopped)"))
        // Every element that begins ends.
        for name in ["table", "tr", "td", "th", "p", "h1", "h2", "svg", "span", "body", "html"] {
            let opened =
                html.split(separator: "<\(name)>", omittingEmptySubsequences: false).count
                + html.split(separator: "<\(name) ", omittingEmptySubsequences: false).count
            let closed = html.split(separator: "</\(name)>", omittingEmptySubsequences: false).count
            #expect(opened == closed + 1, "\(name): \(opened) \(closed)")
        }
    }

    @Test func barsAgesAndRetries() {
        var page = QueuePage(title: "/srv/mail", now: 1000)
        page.channels = [channel("tcp_local", ready: 6, held: 10), channel("ims-ms", ready: 1)]
        func item(_ arrival: Int64, _ attempts: Int) -> QueueItem {
            QueueItem(
                name: "ZZ00000000001.00", channel: "tcp_local", host: "", state: "ready", priority: "normal",
                arrival: arrival * 1000, next: nil, attempts: attempts, size: 1, pending: [0], held: nil,
                lastAttempt: 0,
                outcomes: [], segment: "s", offset: 0, length: 0)
        }
        page.spread = QueuePage.Spread([item(990, 0), item(500, 2), item(-700_000, 1295), item(2000, 0)], now: 1000)
        #expect(page.spread?.ages == [2, 1, 0, 0, 0, 0, 0, 0, 1])
        #expect(page.spread?.attempts == [2, 0, 1, 0, 0, 0, 0, 1])
        let html = page.html
        // 20 of 20, of which 6 are ready.
        #expect(html.contains(#"<rect class="ready" x="0.00" width="30.00" height="10"/>"#))
        #expect(html.contains(#"<rect class="held" x="50.00" width="50.00" height="10"/>"#))
        #expect(
            html.contains("<td class=\"n\">10 min</td>") && html.contains("7 and more") && html.contains("below 1 h"))
    }

    @Test func withoutJobControllerOrMessages() {
        #expect(QueuePage(title: "x", now: 0).html.contains("The Job Controller does not answer"))
        var page = QueuePage(title: "x", now: 0)
        page.channels = []
        #expect(page.html.contains("No messages in the queues."))
    }

    @Test(
        arguments: [
            ("GET / HTTP/1.1", "GET /"), ("HEAD /metrics?x=1 HTTP/1.0", "HEAD /metrics"), ("GET /", nil), ("", nil),
            ("GET http://x/ HTTP/1.1", nil), ("GET / HTTP/1.1 x", nil), ("EHLO x", nil),
        ] as [(String, String?)])
    func requests(line: String, request: String?) {
        #expect(WebRequest(line[...]).map { "\($0.method) \($0.path)" } == request)
    }

    /// Under another name a page of a stranger could read ours (DNS rebinding); two hosts are no request (RFC 9112,
    /// section 3.2).
    @Test(
        arguments: [
            ("Host: 192.0.2.1:9725", 200), ("Host: [::1]:9725", 200), ("hOST:LocalHost", 200), ("X: y", 200),
            ("Host: mx1.example:9725\r\nX: y", 200), ("Host: stranger.example:9725", 421), ("Host:", 421),
            ("Host: localhost.stranger.example", 421), ("Host: localhost\r\nHost: stranger.example", nil),
        ] as [(String, Int?)])
    func hosts(fields: String, status: Int?) {
        let site = WebSite(paths: InstancePaths(instanceRoot: "/nonexistent"), names: ["localhost", "MX1.example"])
        let request = WebRequest("GET / HTTP/1.1\r\n\(fields)\r\n\r\n")
        #expect(request.map { site.answer($0).status } == status)
    }

    /// Making the answer takes longer than the client has to ask: it is sent all the same.
    @Test func slowAnswer() throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let client = OwnedDescriptor(owning: ends[0])
        let request = Array("GET / HTTP/1.1\r\n\r\n".utf8)
        #expect(send(client.number, request, request.count, 0) == request.count)
        WebExchange(owning: OwnedDescriptor(owning: ends[1]), patience: 100_000_000).serve { _ in
            usleep(200_000)
            return WebAnswer(type: .plain, "late")
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = max(0, recv(client.number, &buffer, buffer.count, 0))
        #expect(String(decoding: buffer[..<count], as: UTF8.self).hasSuffix("\r\n\r\nlate"))
    }

    /// Not even its connections are taken: no question waits for longer than it should.
    @Test func daemonThatHangs() throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/s"
        defer {
            unlink(path)
            rmdir(Files.parent(of: path))
        }
        let listener = try UnixSockets.listen(path, .stream)
        try #require(Glibc.listen(listener.number, 0) == 0)
        // The one connection for which there is room.
        let first = try UnixSockets.connect(path, .stream)
        do {
            _ = try UnixSockets.connect(path, .stream, timeoutSeconds: 1)
            Issue.record("connected")
        } catch { #expect(error.code == EAGAIN) }
        _ = first.number
    }

    @Test(
        arguments: [
            ("127.0.0.1:9725", "127.0.0.1", 9725), ("[::1]:80", "::1", 80), ("localhost", nil, 0), (":80", nil, 0),
            ("127.0.0.1:99999", nil, 0),
        ] as [(String, String?, UInt16)])
    func addresses(text: String, host: String?, port: UInt16) {
        let address = WebCommand.address(text)
        #expect(address?.host == host && (address?.port ?? 0) == port)
    }

    @Test func answers() {
        let answer = WebAnswer(type: .plain, "grün")
        let text = String(decoding: answer.bytes(isHead: false), as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.hasSuffix("\r\n\r\ngrün"))
        #expect(text.contains("\r\nContent-Length: 5\r\n"))
        #expect(String(decoding: answer.bytes(isHead: true), as: UTF8.self).hasSuffix("\r\n\r\n"))
    }
}
