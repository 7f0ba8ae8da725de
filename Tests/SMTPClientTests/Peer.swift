import Glibc
import Synchronization
import SystemCalls

/// An SMTP server over real sockets that says what a test tells it to say.
final class Peer: Sendable {
    enum Stage: Hashable, Sendable { case banner, ehlo, helo, mail, rcpt, data, chunk, dot, rset, quit, other }

    struct Event: Sendable {
        /// Counted from 0.
        var connection: Int
        /// MAIL commands before this one on the connection.
        var transaction: Int
        var stage: Stage
        /// The command; for `dot` the data as received.
        var line: String
    }

    enum Reply: Sendable {
        /// Lines without the final CRLF.
        case say(String)
        /// Closes the connection.
        case drop
        case sayAndDrop(String)
        /// Never answers.
        case silence
        case usual
    }

    struct Message: Sendable {
        var connection: Int
        var mail = ""
        var recipients: [String] = []
        /// Without the final dot.
        var data = ""
    }

    struct Record: Sendable {
        var connections = 0
        var commands: [String] = []
        var messages: [Message] = []
        /// What each read(2) gave.
        var reads: [String] = []
    }

    typealias Script = @Sendable (Event) -> Reply

    static let chunkOffer = "250-peer.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-CHUNKING\r\n250-DSN\r\n250 SIZE"
    static let fullOffer = "250-peer.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250 SIZE"

    private let listener: OwnedDescriptor
    private let script: Script
    private let content = Mutex(Record())
    let port: UInt16

    init(host: String = "127.0.0.1", port: UInt16 = 0, _ script: @escaping Script = { _ in .usual }) throws {
        listener = try Sockets.listen(SocketAddress(host: host, port: port), backlog: 64)
        Sockets.setNonBlocking(listener.number, false)
        self.port = Sockets.localAddress(listener.number).port
        self.script = script
    }

    /// Begins to accept. The threads end with the process; the listener is closed by ``stop()``.
    func start() -> Peer {
        SystemThread.start("peer") { [self] in
            while case .connection(let socket, _) = Sockets.accept(listener.number) {
                let number = content.withLock { record in
                    record.connections += 1
                    return record.connections - 1
                }
                SystemThread.start("peer session") { [self] in
                    Sockets.setNonBlocking(socket, false)
                    PeerSession(self, socket, number).run()
                    close(socket)
                }
            }
        }
        return self
    }

    func stop() { shutdown(listener.number, Int32(SHUT_RDWR)) }

    var record: Record { content.withLock { $0 } }

    fileprivate func answer(_ event: Event) -> Reply {
        content.withLock { if event.stage != .banner, event.stage != .dot { $0.commands.append(event.line) } }
        return script(event)
    }

    fileprivate func note(command: String) { content.withLock { $0.commands.append(command) } }
    fileprivate func note(_ message: Message) { content.withLock { $0.messages.append(message) } }
    fileprivate func note(read: String) { content.withLock { $0.reads.append(read) } }
}

/// One connection of a ``Peer``; runs on its own thread.
private final class PeerSession {
    private let peer: Peer
    private let socket: Int32
    private let number: Int
    private var buffer: [UInt8] = []
    private var message: Peer.Message
    private var transaction = -1

    init(_ peer: Peer, _ socket: Int32, _ number: Int) {
        self.peer = peer
        self.socket = socket
        self.number = number
        message = Peer.Message(connection: number)
    }

    func run() {
        guard say(.banner, "", usual: "220 peer.example ESMTP ready") else { return }
        while let line = readLine() {
            guard command(line) else { return }
        }
    }

    private func command(_ line: String) -> Bool {
        let verb = line.prefix { $0 != " " && $0 != ":" }.uppercased()
        switch verb {
        case "EHLO", "LHLO": return say(.ehlo, line, usual: Peer.fullOffer)
        case "HELO": return say(.helo, line, usual: "250 peer.example")
        case "MAIL":
            transaction += 1
            message = Peer.Message(connection: number, mail: line)
            return say(.mail, line, usual: "250 2.1.0 ok")
        case "RCPT":
            message.recipients.append(line)
            return say(.rcpt, line, usual: "250 2.1.5 ok")
        case "DATA":
            var isGo = false
            guard say(.data, line, usual: "354 go on", { isGo = $0.hasPrefix("354") }) else { return false }
            return isGo ? data() : true
        case "BDAT": return chunk(line)
        case "RSET": return say(.rset, line, usual: "250 2.0.0 ok")
        case "QUIT":
            _ = say(.quit, line, usual: "221 2.0.0 bye")
            return false
        default: return say(.other, line, usual: "500 5.5.1 what")
        }
    }

    private func data() -> Bool {
        var lines: [String] = []
        while let line = readLine() {
            guard line == "." else {
                lines.append(line)
                continue
            }
            message.data = lines.map { $0 + "\r\n" }.joined()
            peer.note(message)
            return say(.dot, message.data, usual: "250 2.5.0 stored")
        }
        return false
    }

    /// A chunk, kept as it came; the last one is answered as a final dot is.
    private func chunk(_ line: String) -> Bool {
        let words = line.split(separator: " ")
        guard words.count >= 2, let size = Int(words[1]), let bytes = read(exactly: size) else { return false }
        message.data += String(decoding: bytes, as: UTF8.self)
        guard words.last == "LAST" else { return say(.chunk, line, usual: "250 2.0.0 go on") }
        peer.note(command: line)
        peer.note(message)
        return say(.dot, message.data, usual: "250 2.5.0 stored")
    }

    private func read(exactly count: Int) -> ArraySlice<UInt8>? {
        while buffer.count - lineStart < count { guard fill() else { return nil } }
        defer { lineStart += count }
        return buffer[lineStart..<lineStart + count]
    }

    /// False when the connection is to end.
    private func say(
        _ stage: Peer.Stage, _ line: String, usual: String, _ heard: (String) -> Void = { _ in }
    ) -> Bool {
        let event = Peer.Event(connection: number, transaction: max(0, transaction), stage: stage, line: line)
        switch peer.answer(event) {
        case .usual:
            heard(usual)
            return send(usual)
        case .say(let text):
            heard(text)
            return send(text)
        case .sayAndDrop(let text):
            _ = send(text)
            return false
        case .drop: return false
        case .silence:
            while fill() {}
            return false
        }
    }

    private func send(_ text: String) -> Bool {
        let bytes = Array((text + "\r\n").utf8)
        return Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    private func fill() -> Bool {
        var piece = [UInt8](repeating: 0, count: 256 << 10)
        let count = Glibc.read(socket, &piece, piece.count)
        guard count > 0 else { return false }
        buffer += piece[..<count]
        if count < 10_000 { peer.note(read: String(decoding: piece[..<count], as: UTF8.self)) }
        return true
    }

    /// A line that ended in CRLF, without it; a bare LF stays in the line.
    private var lineStart = 0
    private func readLine() -> String? {
        var searched = lineStart
        while true {
            while searched + 1 < buffer.count {
                if buffer[searched] == 13, buffer[searched + 1] == 10 {
                    let line = String(decoding: buffer[lineStart..<searched], as: UTF8.self)
                    lineStart = searched + 2
                    if lineStart > 1 << 20 {
                        buffer.removeFirst(lineStart)
                        lineStart = 0
                    }
                    return line
                }
                searched += 1
            }
            guard fill() else { return nil }
        }
    }
}
