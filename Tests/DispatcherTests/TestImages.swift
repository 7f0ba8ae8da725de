import Glibc
import SystemCalls
import Testing

/// Programs for the tests to run as workers.
enum TestImage: String, CaseIterable, CustomTestStringConvertible {
    case swift, python

    var testDescription: String { rawValue }

    /// Nil when the machine cannot run it.
    var path: String? {
        switch self {
        case .swift: Files.parent(of: Processes.executablePath) + "/echo_worker"
        case .python: Self.example("python-worker/echo_worker.py")
        }
    }

    /// A program in Python below `Examples`; nil when the machine cannot run it.
    static func example(_ name: String) -> String? {
        ["/usr/bin/python3", "/bin/python3"].contains(where: Files.isExecutable)
            ? packageRoot + "/Examples/" + name : nil
    }

    /// The text of a file of the package.
    static func source(_ name: String) throws -> String {
        String(decoding: try Files.read(packageRoot + "/" + name), as: UTF8.self)
    }

    private static let packageRoot = Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))

    static var echo: String { TestImage.swift.path ?? "" }
}

/// A directory that goes away with the value.
final class ScratchDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        let made = mkdtemp(&template)
        path = made.map { String(cString: $0) } ?? "/nonexistent"
    }

    deinit {
        for name in (try? Files.list(path)) ?? [] {
            unlink(path + "/" + name)
            rmdir(path + "/" + name)
        }
        rmdir(path)
    }

    /// Writes an executable shell script and returns its path.
    func script(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try Files.replace(file, with: Array("#!/bin/sh\n\(text)\n".utf8), mode: 0o755)
        return file
    }
}

/// A client that waits at most half a minute for what it reads.
final class TestClient {
    private let socket: OwnedDescriptor
    private var received: [UInt8] = []

    init(owning descriptor: Int32) {
        socket = OwnedDescriptor(owning: descriptor)
        Sockets.setNonBlocking(descriptor, false)
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Nil when nobody listens.
    convenience init?(port: UInt16) {
        let number = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(number)
            return nil
        }
        self.init(owning: number)
    }

    func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = send(socket.number, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Sends no more.
    func end() {
        shutdown(socket.number, Int32(SHUT_WR))
    }

    /// The next line; what came before the end; empty at the end or after half a minute.
    func line() -> String {
        while true {
            if let end = received.firstIndex(of: 0x0A) {
                defer { received.removeSubrange(...end) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(socket.number, &buffer, buffer.count, 0)
            guard count > 0 else {
                defer { received = [] }
                return String(decoding: received, as: UTF8.self)
            }
            received.append(contentsOf: buffer[..<count])
        }
    }

    /// True when something can be read now, without waiting.
    var hasInput: Bool {
        var poll = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) == 1
    }

    /// The process id in the greeting of the echo workers.
    func greetingPID() -> Int32? {
        Int32(line().split(separator: " ").dropFirst(2).first ?? "")
    }
}
