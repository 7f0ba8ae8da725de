import Testing

/// Worked examples 48 and 52 of the channels specification: what belongs to the channel that a session started on does not
/// change with the channel. The session is switched by the client's address, as AUTH is still to come.
@Suite(.serialized) struct ChannelExamplesTests {
    @Test func example48LongLinesAreOfTheInitialChannel() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.martlet("config", "unset", "channel:tcp_local.rejectsmtplonglines")
        try instance.martlet("config", "set", "channel:tcp_intranet.rejectsmtplonglines")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let line = String(repeating: "x", count: 1200)
        let reply = try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: l\r\n\r\n\(line)")
        #expect(reply.code == 250)
        #expect(instance.arrivals("anna").first?.contains(line) == false)
    }

    @Test func example52OptionsAreOfTheInitialChannel() throws {
        let instance = try TestInstance(settings: [
            ("channel:tcp_intranet.options.ALLOW_TRANSACTIONS_PER_SESSION", "1")
        ])
        try instance.addUser("anna")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        for number in 1...2 {
            let reply = try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: \(number)\r\n\r\nx")
            #expect(reply.code == 250)
        }
    }
}
