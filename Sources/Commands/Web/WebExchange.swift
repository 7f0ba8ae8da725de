import Glibc
import SystemCalls

/// What is wanted of a request: its first line, and Host.
struct WebRequest: Hashable {
    var method: String
    /// Without what stands behind a question mark.
    var path: String
    /// The host that is asked for, without port, in small letters; nil: not said.
    var host: String?

    /// Nil when it is none of HTTP/1 (RFC 9112, section 3), or has several hosts (section 3.2).
    init?(_ head: Substring) {
        var lines = head.split(omittingEmptySubsequences: false) { $0 == "\r\n" || $0 == "\n" }
        let line = lines.removeFirst()
        let hosts = lines.filter { $0.lowercased().hasPrefix("host:") }
        guard hosts.count <= 1 else { return nil }
        host = hosts.first.map { Self.host($0.dropFirst(5)) }
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1."), words[1].hasPrefix("/") else { return nil }
        method = String(words[0])
        path = String(words[1].prefix { $0 != "?" })
    }

    /// `name:port`, `192.0.2.1:port` or `[::1]:port`.
    private static func host(_ value: Substring) -> String {
        let value = value.filter { $0 != " " && $0 != "\t" }.lowercased()
        let host = value.hasPrefix("[") ? value.dropFirst().prefix { $0 != "]" } : value.prefix { $0 != ":" }
        return String(host)
    }
}

struct WebAnswer: Hashable {
    enum Kind: String {
        case html = "text/html; charset=utf-8"
        case metrics = "text/plain; version=0.0.4; charset=utf-8"
        case plain = "text/plain; charset=utf-8"
    }

    var status: Int
    var type: Kind
    var body: String

    init(status: Int = 200, type: Kind, _ body: String) {
        self.status = status
        self.type = type
        self.body = body
    }

    private static let reasons = [
        200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 421: "Misdirected Request",
    ]

    /// The connection ends with the answer. Nothing is loaded from elsewhere, and no program in the page would run.
    func bytes(isHead: Bool) -> [UInt8] {
        let head = [
            "HTTP/1.1 \(status) \(Self.reasons[status] ?? "Error")", "Content-Type: \(type.rawValue)",
            "Content-Length: \(body.utf8.count)", "Connection: close", "Cache-Control: no-store",
            "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            "X-Content-Type-Options: nosniff", "", "",
        ].joined(separator: "\r\n")
        return Array((isHead ? head : head + body).utf8)
    }
}

/// One request and its answer. A client that does not ask, or does not take its answer, has a few seconds for each.
struct WebExchange: ~Copyable {
    private let socket: OwnedDescriptor
    /// Nanoseconds.
    private let patience: Int64
    private static let longestHead = 8192

    init(owning socket: consuming OwnedDescriptor, patience: Int64 = 3_000_000_000) {
        self.socket = socket
        self.patience = patience
    }

    /// `answer` is asked when the whole head is there.
    consuming func serve(_ answer: (WebRequest) -> WebAnswer) {
        guard let head = readHead() else { return }
        guard let request = WebRequest(head) else {
            return write(WebAnswer(status: 400, type: .plain, "That is no request.\n").bytes(isHead: false))
        }
        write(answer(request).bytes(isHead: request.method == "HEAD"))
    }

    /// Up to the blank line; nil when it is too long, too late or not there.
    private func readHead() -> Substring? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        let end = SystemClock.monotonicNanoseconds + patience
        while bytes.count <= Self.longestHead, waits(for: Int16(POLLIN), until: end) {
            let count = recv(socket.number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            if text.contains("\r\n\r\n") || text.contains("\n\n") { return text[...] }
        }
        return nil
    }

    private func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        let end = SystemClock.monotonicNanoseconds + patience
        while !rest.isEmpty, waits(for: Int16(POLLOUT), until: end) {
            let count = rest.withUnsafeBytes {
                send(socket.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            }
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// False: it is `end`, of the monotonic clock.
    private func waits(for events: Int16, until end: Int64) -> Bool {
        let left = (end - SystemClock.monotonicNanoseconds) / 1_000_000
        guard left > 0 else { return false }
        var wanted = pollfd(fd: socket.number, events: events, revents: 0)
        return poll(&wanted, 1, Int32(clamping: left)) != 0
    }
}
