import Glibc
package import OptionSyntax
package import SystemCalls

/// The listening Unix socket in the run directory through which the commands talk to a resident process: the client
/// sends lines of words, each is answered with one line. Never blocks; clients are few and bounded.
package struct CommandSocket: ~Copyable, Sendable {
    /// Most clients at a time; further ones wait in the kernel until one leaves.
    package static let mostClients = 16

    private let listener: OwnedDescriptor
    package let path: String

    /// The caller holds the lock of its ``PIDFile``: a socket left by a dead process is replaced.
    package init(_ path: String) throws(SystemCallError) {
        self.path = path
        listener = try UnixSockets.listen(path, .stream)
    }

    /// The listening socket that the former image of this process had at `path`.
    package init(_ path: String, adopting listener: consuming OwnedDescriptor) {
        self.path = path
        self.listener = listener
    }

    deinit { unlink(path) }

    package var descriptor: Int32 { listener.number }

    /// Accepts one client; nil when none waits. A client of another user than root, this process's user or
    /// `otherUser` is closed at once and reported with its user id.
    package func accept(otherUser: UInt32? = nil) -> Accepted {
        guard case .connection(let number, _) = Sockets.accept(listener.number) else { return .none }
        let socket = OwnedDescriptor(owning: number)
        guard let peer = try? Sockets.peerCredentials(socket.number) else { return .refused(user: UInt32.max) }
        guard peer.user == 0 || peer.user == geteuid() || peer.user == otherUser else {
            return .refused(user: peer.user)
        }
        return .client(CommandClient(owning: socket))
    }

    package enum Accepted {
        case client(CommandClient)
        case refused(user: UInt32)
        case none
    }
}

/// One connected client of a ``CommandSocket``. Confined to the thread that owns it.
package final class CommandClient {
    /// Longest request line, in bytes.
    package static let longestLine = 4096
    /// Most answer bytes that may wait for a client that does not read.
    package static let mostUnread = 8 << 20

    private let socket: OwnedDescriptor
    private var incoming: [UInt8] = []
    private var outgoing: [UInt8] = []
    /// False from the moment the client is gone, sent too long a line or does not read its answers.
    package private(set) var isOpen = true
    /// When the client last sent something or took some of an answer, monotonic nanoseconds. Clients are few: one that
    /// stays silent keeps others out.
    package private(set) var lastActive = SystemClock.monotonicNanoseconds

    package init(owning socket: consuming OwnedDescriptor) {
        self.socket = socket
    }

    package var descriptor: Int32 { socket.number }
    package var wantsToWrite: Bool { !outgoing.isEmpty }

    /// The complete lines that have arrived, without their line ends, at most 16 in one call's read.
    package func receive() -> [String] {
        var buffer = [UInt8](repeating: 0, count: Self.longestLine)
        let count = recv(socket.number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { isOpen = false }
        guard count > 0 else { return [] }
        lastActive = SystemClock.monotonicNanoseconds
        incoming.append(contentsOf: buffer[..<count])
        var lines: [String] = []
        while let end = incoming.firstIndex(of: 0x0A) {
            let line = incoming[..<end]
            lines.append(String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self))
            incoming.removeSubrange(...end)
        }
        if incoming.count >= Self.longestLine { isOpen = false }
        return lines
    }

    /// Sends one line, now or when the client reads.
    package func answer(_ value: JSONValue) {
        guard isOpen else { return }
        value.write(to: &outgoing)
        outgoing.append(0x0A)
        if outgoing.count > Self.mostUnread { isOpen = false }
        flush()
    }

    package func flush() {
        while isOpen, !outgoing.isEmpty {
            let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
            let sent = send(socket.number, outgoing, outgoing.count, flags)
            if sent < 0 {
                if errno == EINTR { continue }
                if errno != EAGAIN { isOpen = false }
                return
            }
            outgoing.removeFirst(sent)
            lastActive = SystemClock.monotonicNanoseconds
        }
    }
}

extension CommandClient {
    /// The other side, for commands and tests: sends one line to the socket at `path` and waits for the one-line
    /// answer, `timeoutSeconds` at most.
    package static func ask(
        _ path: String, _ command: String, timeoutSeconds: Int = 30
    ) throws(SystemCallError) -> String {
        try CommandConversation(path, timeoutSeconds: timeoutSeconds).ask(command)
    }
}

/// A connection to a ``CommandSocket`` for several questions, one after the other.
package final class CommandConversation {
    private let socket: OwnedDescriptor
    private let path: String

    /// `timeoutSeconds`: how long the other side is waited for, at each step.
    package init(_ path: String, timeoutSeconds: Int = 30) throws(SystemCallError) {
        socket = try UnixSockets.connect(path, .stream, timeoutSeconds: timeoutSeconds)
        self.path = path
    }

    /// Sends one line and waits for the line that answers it.
    package func ask(_ command: String) throws(SystemCallError) -> String {
        let line = Array((command + "\n").utf8)
        let sent = send(socket.number, line, line.count, Int32(MSG_NOSIGNAL))
        guard sent == line.count else { throw .current("send", path) }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while answer.last != 0x0A, answer.count <= CommandClient.mostUnread {
            let count = try checked("recv", path) { recv(socket.number, &buffer, buffer.count, 0) }
            if count == 0 { break }
            answer.append(contentsOf: buffer[..<count])
        }
        return String(decoding: answer.last == 0x0A ? answer.dropLast() : answer[...], as: UTF8.self)
    }
}
