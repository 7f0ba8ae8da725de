import Channels
import Configuration
import Envelope
import Spool
import Testing

@testable import ChannelPrograms

/// Copies for the members of mailing lists (aliases specification, 5 and 10.3).
@Suite struct ListCopyTests {
    private func reprocessor(_ instance: Instance) throws -> Reprocessor {
        Reprocessor(
            configuration: instance.configuration,
            channel: try #require(instance.configuration.channels.channel(named: "reprocess")),
            submitter: instance.submitter, report: { _ in })
    }

    private func instance(_ parameters: String) throws -> Instance {
        try Instance(
            added: "[aliases]\n  foo-list@example.com: <IMTA_TABLE:foo.dis\(parameters)",
            others: ["foo.dis": "anna@example.com\nx@other.example\n"])
    }

    private func copies(
        _ parameters: String, header: String = "Subject: x\r\n", sender: String = "bob@remote.example"
    ) async throws -> [(message: QueuedMessage, text: String)] {
        let instance = try instance(parameters)
        let copy = try await instance.copy(
            ["foo-list@example.com"], on: "reprocess", from: "tcp_local", sender: sender,
            content: [Array("\(header)\r\nbody\r\n".utf8)])
        #expect(try reprocessor(instance).deliver(copy).map(\.result) == [.delivered])
        return try instance.finish()
    }

    /// Q3: a new envelope From, and Errors-To.
    @Test func errorReturnAddress() async throws {
        let copies = try await copies(", sue@example.com")
        #expect(copies.count == 1)
        let (message, text) = try #require(copies.first)
        #expect(message.sender == "sue@example.com")
        #expect(text.contains("\r\nErrors-to: sue@example.com\r\n"))
        #expect(
            message.places == [
                "ims-ms | ims-ms-daemon | anna@ims-ms-daemon", "tcp_local | other.example | x@other.example",
            ])
        #expect(message.sourceChannel == "tcp_local")
    }

    /// Who asked for a receipt hears that the list has the message, and the owner of the list gets no receipts of members.
    @Test(
        arguments: [
            (.success, ", sue@example.com", .relayed, .never),
            ([.success, .failure], ", sue@example.com", .relayed, .failure), ([], ", sue@example.com", .delivered, []),
            (.success, "", .delivered, .success),
        ] as [(NotifyConditions, String, RecipientOutcome.Result, NotifyConditions)])
    func receiptOfAList(
        _ notify: NotifyConditions, _ parameters: String, _ result: RecipientOutcome.Result, _ members: NotifyConditions
    ) async throws {
        let instance = try instance(parameters)
        var copy = try await instance.copy(["foo-list@example.com"], on: "reprocess", from: "tcp_local")
        copy.stored.message.entries[0].recipients[0].notify = notify
        #expect(try reprocessor(instance).deliver(copy).map(\.result) == [result])
        let made = try instance.finish().flatMap(\.message.entries).flatMap(\.recipients)
        #expect(made.count == 2 && made.allSatisfy { $0.notify == members })
    }

    /// Q4 and the positional `/`: the original envelope From.
    @Test(arguments: [", [envelope_from] /, *, *, *, *, hello", ", /, *, *, *, hello"])
    func originalSender(_ parameters: String) async throws {
        let (message, text) = try #require(try await copies(parameters).first)
        #expect(message.sender == "bob@remote.example")
        #expect(text.contains("\r\nComments: hello\r\n"))
    }

    /// Q5 and Q6: the trailing `*`; without it the field takes the place of the other one.
    @Test(arguments: [
        ("list@example.com*", "Reply-To: bob@remote.example\r\n", ["Reply-To: bob@remote.example"]),
        ("list@example.com*", "Subject: x\r\n", ["Reply-to: list@example.com"]),
        ("list@example.com", "Reply-To: bob@remote.example\r\n", ["Reply-to: list@example.com"]),
    ])
    func replyTo(_ parameter: String, _ header: String, _ fields: [String]) async throws {
        let (message, text) = try #require(
            try await copies(", sue@example.com, \(parameter)", header: header).first)
        #expect(message.sender == "sue@example.com")
        #expect(
            text.split(separator: "\r\n").map(String.init).filter { $0.lowercased().hasPrefix("reply-to:") } == fields)
    }

    /// A notification to a list stays one.
    @Test func emptySender() async throws {
        #expect(try await copies(", sue@example.com", sender: "").first?.message.sender.isEmpty == true)
    }

    /// Q2: 101 blocks, and too many lines; the poster is told.
    @Test(arguments: [
        (", [blocklimit] 100", 101 * 1024, "5.2.3"), (", [linelimit] 3", 100, "5.2.3"),
        (", [blocklimit] 100", 50 * 1024, "2.0.0"), (", [linelimit] 4", 100, "2.0.0"),
    ])
    func limits(_ parameters: String, _ size: Int, _ status: String) async throws {
        let instance = try instance(parameters)
        let head = Array("Subject: x\r\n\r\nbody\r\n".utf8)
        let body = [UInt8](repeating: 0x61, count: size - head.count - 2) + [13, 10]
        let copy = try await instance.copy(
            ["foo-list@example.com"], on: "reprocess", from: "tcp_local", content: [head, body])
        let outcomes = try reprocessor(instance).deliver(copy)
        #expect(outcomes.map(\.status) == [status])
        #expect(outcomes.map(\.result) == [status.hasPrefix("2") ? .delivered : .failedPermanently])
        #expect(try instance.finish().count == (status.hasPrefix("2") ? 1 : 0))
    }

    /// Two lists in one alias are two messages, and who is in none of them gets the message as it is.
    @Test func nestedLists() async throws {
        let instance = try Instance(
            added: """
                [aliases]
                  all@example.com: one@example.com, two@example.com, z@other.example
                  one@example.com: <IMTA_TABLE:one, o@example.com
                  two@example.com: <IMTA_TABLE:two, t@example.com
                """, others: ["one": "a@other.example\n", "two": "b@other.example\n"])
        let copy = try await instance.copy(["all@example.com"], on: "reprocess", from: "tcp_local")
        #expect(try reprocessor(instance).deliver(copy).map(\.result) == [.delivered])
        let copies = try instance.finish().map { ($0.message.sender, $0.message.places, $0.message.id) }
        #expect(copies.map(\.0) == ["o@example.com", "t@example.com", "bob@remote.example"])
        #expect(
            copies.map(\.1) == [
                ["tcp_local | other.example | a@other.example"], ["tcp_local | other.example | b@other.example"],
                ["tcp_local | other.example | z@other.example"],
            ])
        #expect(Set(copies.map(\.2)).count == 3)
    }

    /// Channels that want different headers get messages of their own.
    @Test func headerForEachChannel() async throws {
        let instance = try Instance(
            added: "[rewrites]\n  old.example  $U%new.example@tcp-daemon$B$Qtcp_local\n")
        let copy = try await instance.copy(
            ["anna@ims-ms-daemon", "x@other.example"], on: "reprocess", from: "tcp_intranet",
            content: [Array("To: x@old.example\r\n\r\nbody\r\n".utf8)])
        #expect(try reprocessor(instance).deliver(copy).map(\.result) == [.delivered, .delivered])
        let copies = try instance.finish()
        #expect(
            copies.map(\.message.places) == [
                ["ims-ms | ims-ms-daemon | anna@ims-ms-daemon"], ["tcp_local | other.example | x@other.example"],
            ])
        #expect(copies.map { $0.text.contains("\r\nTo: x@old.example\r\n") } == [true, false])
        #expect(copies.map { $0.text.contains("\r\nTo: x@new.example\r\n") } == [false, true])
    }
}
