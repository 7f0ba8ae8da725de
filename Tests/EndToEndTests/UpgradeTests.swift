import Glibc
import Synchronization
import SystemCalls
import Testing

/// `martlet upgrade` while mail comes in: nobody is refused, nothing is lost.
@Suite(.serialized) struct UpgradeTests {
    /// Threads that send numbered messages until they are told to end, a few in each session.
    private final class Senders: Sendable {
        private struct Record {
            var accepted: Set<String> = []
            var problems: [String] = []
            var running = 0
            var isEnding = false
        }

        private let record = Mutex(Record())
        private let port: UInt16

        init(_ count: Int, port: UInt16) {
            self.port = port
            record.withLock { $0.running = count }
            for sender in 0..<count {
                SystemThread.start("sender") { [self] in
                    var number = 0
                    while !record.withLock({ $0.isEnding }) {
                        do { try session(sender, &number) } catch { note("number-\(sender)-\(number): \(error)") }
                    }
                    record.withLock { $0.running -= 1 }
                }
            }
        }

        private func session(_ sender: Int, _ number: inout Int) throws {
            let peer = try SMTPPeer(port: port)
            try peer.greet()
            for _ in 0..<3 {
                number += 1
                let name = "number-\(sender)-\(number)."
                let reply = try peer.deliver(
                    from: "a@example.com", to: "anna@\(TestInstance.domain)", "Subject: \(name)\r\n\r\nbody")
                guard reply.code == 250 else { return note("\(name) got \(reply.code) \(reply.text)") }
                record.withLock { _ = $0.accepted.insert(name) }
                // Slow enough for the mailbox to keep up.
                usleep(30_000)
            }
            _ = try peer.command("QUIT")
        }

        private func note(_ problem: String) { record.withLock { $0.problems.append(problem) } }

        var count: Int { record.withLock { $0.accepted.count } }
        var problems: [String] { record.withLock { $0.problems } }

        /// What was answered 250.
        func end() -> Set<String> {
            record.withLock { $0.isEnding = true }
            while record.withLock({ $0.running > 0 }) { usleep(5000) }
            return record.withLock { $0.accepted }
        }
    }

    /// The messages of the senders in the mailbox.
    private static func arrived(_ instance: TestInstance, _ accepted: Set<String>) -> [String] {
        _ = eventually(seconds: 60) { instance.mailbox("anna").count >= accepted.count }
        return instance.mailbox("anna").compactMap { message in
            message.split(separator: "\n").first { $0.hasPrefix("Subject: number-") }.map { String($0.dropFirst(9)) }
        }
    }

    @Test func parallelSendersNoticeNothing() throws {
        let instance = try TestInstance(settings: [("dispatcher.service:SMTP.max_procs", "3")])
        try instance.addUser("anna")
        try instance.start()
        let dispatcher = instance.processes("dispatcher")
        // One session that lasts from the first upgrade to the last.
        let patient = try SMTPPeer(port: instance.port)
        try patient.greet()
        let senders = Senders(6, port: instance.port)
        for round in 1...10 {
            let before = senders.count
            // Every third time the workers are replaced too.
            let words = round % 3 == 0 ? ["upgrade", "--workers"] : ["upgrade"]
            let finished = try instance.attempt(words)
            #expect(finished.exit == .exited(0), "\(finished.output)")
            #expect(eventually { senders.count >= before + 6 }, "mail comes in after upgrade \(round)")
        }
        let accepted = senders.end()
        #expect(senders.problems == [])
        #expect(instance.processes("dispatcher") == dispatcher)
        #expect(try patient.command("NOOP").code == 250)
        let arrived = Self.arrived(instance, accepted)
        #expect(accepted.subtracting(arrived) == [])
        #expect(arrived.count == Set(arrived).count, "nothing came twice")
        #expect(try instance.stop() == .exited(0))
    }

    @Test func jobControllerIsRenewedWhenItsProgramChanged() throws {
        let instance = try TestInstance(ownBinaries: true)
        try instance.addUser("anna")
        try instance.start()
        let first = instance.processes("job_controller")
        #expect(first.count == 1)
        let senders = Senders(3, port: instance.port)
        #expect(eventually { senders.count > 5 })
        try instance.martlet("upgrade")
        #expect(instance.processes("job_controller") == first)
        // As an installer does it: another file, renamed into place.
        let file = "\(instance.binaries)/job_controller"
        try Program("cp", [file, "\(file).new"], scratch: instance.scratch).wait()
        #expect(rename("\(file).new", file) == 0)
        #expect(try instance.martlet("upgrade").contains("the Job Controller is a new process"))
        let second = instance.processes("job_controller")
        #expect(second.count == 1 && second != first)
        let before = senders.count
        #expect(eventually { senders.count > before + 5 })
        let accepted = senders.end()
        #expect(senders.problems == [])
        let arrived = Self.arrived(instance, accepted)
        #expect(accepted.subtracting(arrived) == [])
        #expect(try instance.stop() == .exited(0))
    }
}
