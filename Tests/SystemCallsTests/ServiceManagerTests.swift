import Glibc
import Synchronization
import Testing

@testable import SystemCalls

@Suite struct ServiceManagerTests {
    /// A socket in the abstract name space, as systemd has one, and what arrives on it.
    private final class Listener {
        let socket = OwnedDescriptor(owning: Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
        var name = ""

        init() {
            // The kernel chooses an abstract name of five digits (unix(7), autobind).
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            var length = socklen_t(MemoryLayout<sa_family_t>.size)
            let number = socket.number
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    _ = bind(number, pointer, length)
                    length = socklen_t(MemoryLayout<sockaddr_un>.size)
                    _ = getsockname(number, pointer, &length)
                }
            }
            name = withUnsafeBytes(of: &address.sun_path) { bytes in
                "@" + String(decoding: bytes[1..<Int(length) - MemoryLayout<sa_family_t>.size], as: UTF8.self)
            }
        }

        var next: String? {
            var buffer = [UInt8](repeating: 0, count: 512)
            let count = recv(socket.number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            return count >= 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }

    @Test func saysWhatTheProcessIsAbout() throws {
        let listener = Listener()
        let name = listener.name
        let manager = try #require(
            ServiceManager { ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000"][$0] })
        manager.ready("serves SMTP\nREADY=0")
        #expect(listener.next == "READY=1\nSTATUS=serves SMTP")
        manager.reloading(at: 5_000_000)
        #expect(listener.next == "RELOADING=1\nMONOTONIC_USEC=5000")
        for time: Int64 in [10, 11, 1_500_000_009, 1_500_000_010] { manager.turned(at: time) }
        #expect(listener.next == "WATCHDOG=1")
        #expect(listener.next == "WATCHDOG=1")
        #expect(listener.next == nil)
        manager.stopping("ends")
        #expect(listener.next == "STOPPING=1\nSTATUS=ends")
    }

    @Test(arguments: [
        [:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "relative"], ["NOTIFY_SOCKET": "/nonexistent/notify"],
        ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)],
    ])
    func nobodyListens(environment: [String: String]) {
        #expect(ServiceManager { environment[$0] } == nil)
    }

    @Test(
        arguments: [
            (nil, nil, nil), ("30000000", nil, 15_000_000_000), ("30000000", "7", 15_000_000_000),
            ("30000000", "8", nil), ("0", nil, nil), ("-1", nil, nil), ("soon", nil, nil),
            ("9223372036854775807", nil, nil),
        ] as [(String?, String?, Int64?)])
    func pulse(microseconds: String?, process: String?, expected: Int64?) {
        #expect(ServiceManager.pulse(microseconds: microseconds, process: process, ownProcess: 7) == expected)
    }

    @Test func loopThatStopsTurningIsNoticedOnce() {
        var judge = StallJudge(limit: 3)
        let looks: [(turns: UInt64, stalled: Bool)] = [
            (0, false), (0, false), (0, false), (5, false), (5, false), (6, false), (6, false), (6, false), (6, true),
        ]
        for look in looks { #expect(judge.hasStalled(turns: look.turns) == look.stalled) }
    }

    @Test func watchedLoopThatHangsIsReported() throws {
        let pipe = try Sockets.sequencedPacketPair()
        defer {
            close(pipe.0)
            close(pipe.1)
        }
        let watch = LoopWatch.start(checks: 2, milliseconds: 5) {
            var byte: UInt8 = 1
            _ = write(pipe.0, &byte, 1)
        }
        watch.turned()
        var byte: UInt8 = 0
        #expect(read(pipe.1, &byte, 1) == 1)
    }
}
