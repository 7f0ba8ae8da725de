import Channels
import Configuration
import Enqueue
import Envelope
import Spool
import SystemCalls
import Testing

@testable import ChannelPrograms

/// Large copies that are made again after a crash or a failure (docs/spool-format.md, Writing).
@Suite struct LargeCopyTests {
    private static let body = [UInt8](repeating: UInt8(ascii: "y"), count: 400_000) + [13, 10]

    private func reprocessor(_ instance: Instance) throws -> Reprocessor {
        Reprocessor(
            configuration: instance.configuration,
            channel: try #require(instance.configuration.channels.channel(named: "reprocess")),
            submitter: instance.submitter, report: { _ in })
    }

    /// A list with copies of its own and another recipient: two messages.
    private func start() async throws -> (instance: Instance, copy: ChannelProgram.Copy) {
        let instance = try Instance(
            added: "[aliases]\n  list@example.com: <IMTA_TABLE:list, owner@example.com\n",
            others: ["list": "anna@example.com\nx@other.example\n"])
        let copy = try await instance.copy(
            ["list@example.com", "z@other.example"], on: "reprocess", from: "tcp_local",
            content: [Array("Subject: x\r\n\r\n".utf8), Self.body])
        return (instance, copy)
    }

    /// As the Job Controller does it: again after a while. The thread that wrote a file may hold it a moment longer.
    private func deliver(_ reprocessor: Reprocessor, _ copy: ChannelProgram.Copy) async throws {
        for _ in 0..<1000 {
            let results = reprocessor.deliver(copy).map(\.result)
            if results == [.delivered, .delivered] { return }
            #expect(results == [.failedTemporarily, .failedTemporarily])
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("not delivered")
    }

    private func files(_ instance: Instance) -> [String] { instance.scratch.names("data/queue/large") }

    private func path(_ instance: Instance, _ name: String) -> String {
        "\(instance.scratch.path)/data/queue/large/\(name)"
    }

    /// Killed before its outcome was durable, whatever number the next attempt has: the same two messages.
    @Test func madeAgain() async throws {
        var (instance, copy) = try await start()
        let reprocessor = try reprocessor(instance)
        for attempt in 0..<3 {
            copy.attempts = attempt
            try await deliver(reprocessor, copy)
            // That of the copy itself and those of the two messages.
            #expect(files(instance).count == 3)
        }
        let made = try instance.finish()
        #expect(made.count == 6)
        #expect(Set(made.map(\.message.id)).count == 2)
        #expect(Set(made.map(\.text)).count == 2)
        #expect(Set(made.map(\.message.envelopeID)).count == 2)
    }

    /// Killed while the file was written: what is there is the beginning, and is gone on with.
    @Test(arguments: [0, 1, 100, 70_000, 399_999])
    func killedHalfWay(_ length: Int) async throws {
        let (first, copy) = try await start()
        #expect(try reprocessor(first).deliver(copy).map(\.result) == [.delivered, .delivered])
        let made = try first.finish()
        let id = try #require(made.first?.message.id)
        // Another queue with the beginning of that file only, as the crash left it.
        let (second, again) = try await start()
        var other = again
        other.stored.message = copy.stored.message
        let whole = try Files.read(path(first, "\(id).msg"))
        try Files.replace(path(second, "\(id).msg"), with: Array(whole.prefix(length)))
        #expect(try reprocessor(second).deliver(other).map(\.result) == [.delivered, .delivered])
        let remade = try second.finish()
        #expect(remade.map(\.message.id) == made.map(\.message.id))
        #expect(remade.map(\.text) == made.map(\.text))
    }

    /// What another configuration made of it is not touched, and the message is sent under another id.
    @Test(arguments: ["other content", "longer"])
    func otherContent(_ kind: String) async throws {
        let (instance, copy) = try await start()
        let id = MessageID.derived(
            from: copy.stored.message.id, entry: 0, attempt: 0, recipients: copy.pending, .requeue)
        let name = "\(id).msg"
        let reprocessor = try reprocessor(instance)
        var former = Array("other content".utf8)
        if kind == "longer" {
            try await deliver(reprocessor, copy)
            former = try Files.read(path(instance, name)) + Array("more".utf8)
        }
        try Files.replace(path(instance, name), with: former)
        try await deliver(reprocessor, copy)
        #expect(try Files.read(path(instance, name)) == former)
        instance.submitter.spool.close()
        #expect(files(instance).count == 4)
    }

    /// Another process that still writes the same message has it; this attempt ends for now.
    @Test func inUse() async throws {
        let (instance, copy) = try await start()
        let id = MessageID.derived(
            from: copy.stored.message.id, entry: 0, attempt: 0, recipients: copy.pending, .requeue)
        let writer = try instance.submitter.spool.beginLargeContent(id)
        #expect(try reprocessor(instance).deliver(copy).map(\.result) == [.failedTemporarily, .failedTemporarily])
        writer.abandon()
        #expect(try reprocessor(instance).deliver(copy).map(\.result) == [.delivered, .delivered])
        #expect(try instance.finish().count == 2)
    }
}
