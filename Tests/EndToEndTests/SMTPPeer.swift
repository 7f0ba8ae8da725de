import Glibc
import SystemCalls

/// A client that says exactly the bytes a test wants it to say, and waits for replies.
final class SMTPPeer {
    struct Reply: Equatable {
        var code: Int
        /// The lines without their code, joined with line feeds.
        var text: String
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let socket: OwnedDescriptor
    private var buffer: [UInt8] = []

    /// Connects; `source`: the loopback address to come from (only 127.0.0.1 is internal to a test instance).
    init(port: UInt16, host: String = "127.0.0.1", source: String? = nil) throws {
        let number = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard number >= 0 else { throw SystemCallError.current("socket") }
        socket = OwnedDescriptor(owning: number)
        if let source { try Self.call("bind", source, 0) { bind(number, $0, $1) } }
        try Self.call("connect", host, port) { connect(number, $0, $1) }
    }

    private static func call(
        _ name: String, _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result < 0 { throw SystemCallError.current(name, "\(host):\(port)") }
    }

    /// Sends the bytes as they are; the text ends where it ends.
    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket.number, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw SystemCallError.current("send") }
            sent += count
        }
    }

    /// The next complete reply; throws when the connection ends or nothing comes for `seconds`.
    func reply(seconds: Int32 = 30) throws -> Reply {
        var lines: [String] = []
        while true {
            guard let line = try line(seconds: seconds) else { throw Failure(description: "closed after \(lines)") }
            guard line.utf8.count >= 3, let code = Int(line.prefix(3)) else {
                throw Failure(description: "not a reply: \(line)")
            }
            lines.append(String(line.dropFirst(4)))
            if line.dropFirst(3).first != "-" { return Reply(code: code, text: lines.joined(separator: "\n")) }
        }
    }

    /// Sends a line with CRLF and waits for the reply.
    func command(_ line: String) throws -> Reply {
        try send(line + "\r\n")
        return try reply()
    }

    /// True when the server closes without another byte; a server that says nothing has not closed.
    func isClosed(seconds: Int32 = 10) -> Bool {
        do { return try line(seconds: seconds) == nil && buffer.isEmpty } catch { return false }
    }

    /// True when the server closes, whatever it says before: replies, an alert of TLS.
    func isClosedAtLast(seconds: Int32 = 10) -> Bool {
        do {
            while try line(seconds: seconds) != nil {}
            return true
        } catch {
            return false
        }
    }

    /// Everything that comes until the server closes.
    func rest(seconds: Int32 = 10) throws -> String {
        while true {
            var ready = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, seconds * 1000) > 0 else { throw Failure(description: "not closed in \(seconds) s") }
            var chunk = [UInt8](repeating: 0, count: 16_384)
            let count = recv(socket.number, &chunk, chunk.count, 0)
            if count <= 0 { return String(decoding: buffer, as: UTF8.self) }
            buffer += chunk[..<count]
        }
    }

    /// From now on the connection ends with a reset (RST) in place of an end in good order.
    func resetAtEnd() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket.number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Says that nothing more will be sent.
    func finishSending() { shutdown(socket.number, Int32(SHUT_WR)) }

    private func line(seconds: Int32) throws -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = buffer[..<end]
                buffer.removeFirst(end + 1)
                return String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
            }
            var ready = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, seconds * 1000) > 0 else { throw Failure(description: "no answer in \(seconds) s") }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = recv(socket.number, &chunk, chunk.count, 0)
            if count <= 0 { return nil }
            buffer += chunk[..<count]
        }
    }

    /// A whole transaction with one recipient; the reply after the final dot, or the first refusal.
    func deliver(from sender: String, to recipient: String, _ content: String) throws -> Reply {
        for line in ["MAIL FROM:<\(sender)>", "RCPT TO:<\(recipient)>"] {
            let reply = try command(line)
            if reply.code != 250 { return reply }
        }
        let go = try command("DATA")
        if go.code != 354 { return go }
        return try command(content + "\r\n.")
    }

    /// Banner and EHLO.
    func greet() throws {
        _ = try reply()
        _ = try command("EHLO client.example")
    }
}
