import Channels
import Configuration
import Enqueue
import Envelope
import Spool
import Testing

@testable import ChannelPrograms

/// Channel-programs specification, 8 and 11.
@Suite struct ReprocessorTests {
    private func reprocessor(_ instance: Instance, _ channel: String) throws -> Reprocessor {
        Reprocessor(
            configuration: instance.configuration,
            channel: try #require(instance.configuration.channels.channel(named: channel)),
            submitter: instance.submitter, report: { _ in })
    }

    /// The second half of M10 of the default configuration specification: a notification on its way to its addressee.
    @Test func notification() async throws {
        let instance = try Instance()
        let copy = try await instance.copy(["anna@example.com"], on: "process", from: "tcp_local", sender: "")
        let outcomes = try reprocessor(instance, "process").deliver(copy)
        #expect(outcomes.map(\.result) == [.delivered])
        // The E record is there before the D record can be written.
        #expect(instance.log.count == 1)
        #expect(instance.log.first?.contains(" process      ims-ms       E 1  rfc822;orig-anna@example.com ") == true)
        let (message, text) = try #require(try instance.finish().first)
        #expect(message.places == ["ims-ms | ims-ms-daemon | anna@ims-ms-daemon"])
        #expect(message.sourceChannel == "process")
        #expect(message.sender.isEmpty)
        #expect(
            message.id
                == MessageID.derived(from: copy.stored.message.id, entry: 0, attempt: 0, recipients: [0], .requeue))
        #expect(message.envelopeID != copy.stored.message.envelopeID)
        #expect(text.hasPrefix("Received: from process-daemon.mail.example.com by mail.example.com\r\n (Martlet "))
        #expect(text.hasSuffix("\r\nSubject: x\r\n\r\nbody\r\n"))
    }

    /// What the envelope said stays.
    @Test func envelopeIsKept() async throws {
        let instance = try Instance()
        let copy = try await instance.copy(["anna@example.com"], on: "process", from: "tcp_local")
        _ = try reprocessor(instance, "process").deliver(copy)
        let message = try #require(try instance.finish().first).message
        let recipient = try #require(message.entries.first?.recipients.first)
        #expect(recipient.given == "given-anna@example.com")
        #expect(recipient.originalRecipient == "rfc822;orig-anna@example.com")
        #expect(recipient.notify == .failure)
        #expect(message.clientEnvelopeID == "client")
        #expect(message.returnContent == .headers)
        #expect(message.body == .eightBitMIME)
        #expect(message.sender == "bob@remote.example")
        #expect(message.messageIDHeader == "<1@remote.example>")
        #expect(message.entries.map(\.priority) == [.urgent])
    }

    /// Section 8: a released copy, when the user is no longer on hold, and when the user still is.
    @Test func releasedFromHold() async throws {
        for (lines, places) in [
            ("", "ims-ms | ims-ms-daemon | anna@ims-ms-daemon"),
            (
                "mailUserStatus: hold",
                "hold | hold-daemon | @hold-daemon:anna@example.com | user or domain status hold"
            ),
        ] {
            let instance = try Instance(users: [("anna", lines)])
            let copy = try await instance.copy(
                ["@hold-daemon:anna@example.com"], on: "hold", from: "tcp_local", held: "user or domain status hold")
            #expect(try reprocessor(instance, "hold").deliver(copy).map(\.result) == [.delivered])
            #expect(try instance.finish().map(\.message.places) == [[places]])
        }
    }

    /// Examples 20 and 21: `reprocess` shows the channel that put the message there, `process` itself.
    @Test(arguments: [("reprocess", "tcp_local"), ("process", "process"), ("hold", "hold")])
    func channelShown(_ channel: String, _ shown: String) async throws {
        let instance = try Instance(added: "[mapping:SEND_ACCESS]\n  *  $N$0")
        let copy = try await instance.copy(["anna@example.com"], on: channel, from: "tcp_local")
        let outcomes = try reprocessor(instance, channel).deliver(copy)
        #expect(outcomes.map(\.text) == ["\(shown)|bob@remote.example|ims-ms|anna@ims-ms-daemon"])
        #expect(outcomes.map(\.result) == [.failedPermanently])
    }

    /// Example 31: ORIG_SEND_ACCESS has judged the list, not its members.
    @Test func membersOutside() async throws {
        let instance = try Instance()
        let copy = try await instance.copy(["member@other.example"], on: "reprocess", from: "tcp_local")
        #expect(try reprocessor(instance, "reprocess").deliver(copy).map(\.result) == [.delivered])
        let message = try #require(try instance.finish().first).message
        #expect(message.places == ["tcp_local | other.example | member@other.example"])
        #expect(message.sourceChannel == "tcp_local")
    }

    /// Each recipient has an outcome of its own; those that are good are enqueued.
    @Test func someAreRefused() async throws {
        let instance = try Instance()
        let copy = try await instance.copy(
            ["nobody@example.com", "anna@example.com", "not an address", "x@other.example"], on: "process",
            from: "tcp_local")
        let outcomes = try reprocessor(instance, "process").deliver(copy).sorted { $0.recipient < $1.recipient }
        #expect(outcomes.map(\.recipient) == [0, 1, 2, 3])
        #expect(outcomes.map(\.result) == [.failedPermanently, .delivered, .failedPermanently, .delivered])
        #expect(outcomes.map(\.status) == ["5.1.1", "2.0.0", "5.1.3", "2.0.0"])
        #expect(
            try instance.finish().map(\.message.places) == [
                [
                    "ims-ms | ims-ms-daemon | anna@ims-ms-daemon", "tcp_local | other.example | x@other.example",
                ]
            ])
    }

    /// A recipient that had to wait is enqueued later, with the attempts at 0 again: not under the id of the first.
    @Test func recipientsEnqueuedOneAfterTheOther() async throws {
        let instance = try Instance()
        var copy = try await instance.copy(["anna@example.com", "x@other.example"], on: "process", from: "tcp_local")
        let reprocessor = try reprocessor(instance, "process")
        for number in 0..<2 {
            copy.pending = [number]
            #expect(reprocessor.deliver(copy).map(\.result) == [.delivered])
        }
        #expect(Set(try instance.finish().map(\.message.id)).count == 2)
    }

    @Test func nothingGood() async throws {
        let instance = try Instance()
        let copy = try await instance.copy(["nobody@example.com"], on: "process", from: "tcp_local")
        #expect(try reprocessor(instance, "process").deliver(copy).map(\.status) == ["5.1.1"])
        #expect(try instance.finish().isEmpty)
    }

    /// Section 11: directory unavailable.
    @Test func withoutTheDirectory() async throws {
        let instance = try Instance(users: nil)
        let copy = try await instance.copy(["anna@example.com"], on: "process", from: "tcp_local")
        let outcomes = try reprocessor(instance, "process").deliver(copy)
        #expect(outcomes.map(\.result) == [.failedTemporarily])
        #expect(outcomes.map(\.status) == ["4.4.3"])
        #expect(try instance.finish().isEmpty)
    }

    /// Only what is pending is tried.
    @Test func pending() async throws {
        let instance = try Instance(users: [("anna", ""), ("bert", "")])
        var copy = try await instance.copy(
            ["anna@example.com", "bert@example.com"], on: "process", from: "tcp_local")
        copy.pending = [1]
        #expect(try reprocessor(instance, "process").deliver(copy).map(\.recipient) == [1])
        #expect(try instance.finish().map(\.message.places) == [["ims-ms | ims-ms-daemon | bert@ims-ms-daemon"]])
    }

    /// An alias loop by way of the queue ends: too many Received lines, and the copy is held.
    @Test func loop() async throws {
        let instance = try Instance()
        let header = String(repeating: "Received: from a by mail.example.com (x); d\r\n", count: 11)
        let copy = try await instance.copy(
            ["anna@example.com"], on: "process", from: "tcp_local", content: [Array("\(header)\r\nbody".utf8)])
        #expect(try reprocessor(instance, "process").deliver(copy).map(\.result) == [.delivered])
        #expect(
            try instance.finish().map(\.message.places) == [
                [
                    "ims-ms | ims-ms-daemon | anna@ims-ms-daemon | loop: 11 Received lines of this host"
                ]
            ])
    }

    /// Large content, and a header as large as the server takes with the trace fields since, stay whole.
    @Test(arguments: [(1, 300_000), (260_000, 10), (262_144, 1), (262_144, 1_000_000), (1, 262_100)])
    func largeContent(_ headerSize: Int, _ bodySize: Int) async throws {
        let instance = try Instance()
        let field = "X-Long: \(String(repeating: "x", count: headerSize))\r\n"
        let body = String(repeating: "y", count: bodySize) + "\r\n"
        let copy = try await instance.copy(
            ["anna@example.com"], on: "process", from: "tcp_local",
            content: [Array("\(field)Subject: x\r\n\r\n\(body)".utf8)])
        #expect(try reprocessor(instance, "process").deliver(copy).map(\.result) == [.delivered])
        let text = try #require(try instance.finish().first).text
        #expect(text.hasPrefix("Received: from process-daemon."))
        #expect(text.hasSuffix("\r\n\(field)Subject: x\r\n\r\n\(body)"))
        let trace = text.utf8.count - field.utf8.count - 14 - body.utf8.count
        #expect(trace > 100 && trace < 300)
    }

    /// Done again, as after a crash before the outcome was durable: the same message.
    @Test func again() async throws {
        let instance = try Instance()
        let copy = try await instance.copy(["anna@example.com"], on: "process", from: "tcp_local")
        let reprocessor = try reprocessor(instance, "process")
        for _ in 0..<2 { #expect(reprocessor.deliver(copy).map(\.result) == [.delivered]) }
        #expect(Set(try instance.finish().map(\.message.id)).count == 1)
    }
}
