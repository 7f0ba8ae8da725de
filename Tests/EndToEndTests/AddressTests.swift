import SystemCalls
import Testing

/// What becomes of addresses on their way through the running system.
@Suite(.serialized) struct AddressTests {
    private func instance(_ text: String, files: [String: String] = [:]) throws -> TestInstance {
        let instance = try TestInstance()
        for name in ["anna", "bert"] { try instance.addUser(name) }
        let file = "\(instance.root)/config/martlet.conf"
        let configuration = String(decoding: try Files.read(file), as: UTF8.self)
        try Files.replace(file, with: Array("\(configuration)\n\(text)\n".utf8), mode: 0o640)
        for (name, text) in files { try Files.replace("\(instance.root)/config/\(name)", with: Array(text.utf8)) }
        return instance
    }

    /// A list with an owner: its copies come from the owner, with the fields of the list; a post that is too large is
    /// refused at RCPT TO where the client says its size.
    @Test func listCopies() throws {
        let instance = try instance(
            "[aliases]\n  list@example.test: <IMTA_TABLE:list, [blocklimit] 2, owner@example.test, list@example.test*",
            files: ["list": "! members\nanna@example.test\nbert@example.test\n"])
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let reply = try peer.deliver(
            from: "poster@example.test", to: "list@example.test", "Subject: to the list\r\n\r\nx")
        #expect(reply.code == 250)
        for user in ["anna", "bert"] {
            let message = try #require(instance.arrivals(user).first)
            #expect(message.hasPrefix("Return-path: <owner@example.test>\n"))
            #expect(message.contains("\nErrors-to: owner@example.test\n"))
            #expect(message.contains("\nReply-to: list@example.test\n"))
            #expect(message.contains("\nSubject: to the list\n"))
        }
        #expect(try peer.command("MAIL FROM:<poster@example.test> SIZE=5000").code == 250)
        #expect(
            try peer.command("RCPT TO:<list@example.test>")
                == .init(code: 550, text: "5.2.3 list limit of 2 blocks on message size exceeded: list@example.test"))
    }

    private static let first =
        "From: Me <me@inside.example.test> (myself)\r\nTo: root,\r\n  x@y.example\r\nSubject: one\r\n\r\nx"

    /// FROM_ACCESS at MAIL FROM, REVERSE for senders, FORWARD for the recipient; a changed database counts
    /// after `martlet reload`.
    @Test func tables() throws {
        let instance = try instance(
            """
            [mapping:FROM_ACCESS]
              *|MAIL|*|spammer@*|*   $NNot$ from$ you
            [mapping:REVERSE]
              *@inside.example.test  $Y$0@example.test
            [mapping:FORWARD]
              old@*                  $Y$Danna@$0
            """)
        try instance.set("mta.use_text_databases", "4")
        try instance.set("mta.use_forward_database", "1")
        try Files.replace("\(instance.root)/config/forward.txt", with: Array("x@far.example anna@example.test\n".utf8))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(
            try peer.command("MAIL FROM:<spammer@example.com>")
                == .init(code: 550, text: "5.7.1 Not from you: spammer@example.com"))
        #expect(
            try peer.deliver(from: "me@inside.example.test", to: "old@example.test", Self.first).code == 250)
        let one = instance.arrivals("anna").first ?? ""
        #expect(one.contains("\nFrom: Me <me@example.test> (myself)\nTo: root@example.test,\n  x@y.example\n"))
        #expect(instance.arrivals("anna").first?.hasPrefix("Return-path: <me@example.test>\n") == true)
        #expect(try peer.deliver(from: "me@example.test", to: "x@far.example", "Subject: two\r\n\r\nx").code == 250)
        #expect(instance.arrivals("anna", count: 2).contains { $0.contains("Subject: two") })
        try Files.replace("\(instance.root)/config/forward.txt", with: Array("x@far.example bert@example.test\n".utf8))
        _ = try instance.attempt(["reload"])
        let isReloaded = eventually {
            guard let next = try? SMTPPeer(port: instance.port), (try? next.greet()) != nil,
                let reply = try? next.deliver(from: "me@example.test", to: "x@far.example", "Subject: three\r\n\r\nx")
            else { return false }
            return reply.code == 250 && instance.mailbox("bert").contains { $0.contains("Subject: three") }
        }
        #expect(isReloaded)
    }
}
