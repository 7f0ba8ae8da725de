import Testing

/// Worked examples of the default configuration against the running system: a stranger comes from 127.0.0.2, which
/// INTERNAL_IP does not know.
@Suite(.serialized) struct RelayControlTests {
    private static let stranger = "127.0.0.2"

    /// RCPT TO of a stranger and the reply, with the examples they are from.
    private static let refusals: [(String, String)] = [
        ("victim@other.example", "5.7.1 Relaying not allowed: victim@other.example"),  // M2
        ("victim%other.example@example.test", "5.7.1 Relaying not allowed: victim%other.example@example.test"),  // M6
        ("@example.test:victim@other.example", "5.7.1 Relaying not allowed: @example.test:victim@other.example"),
        (
            "@tcp_intranet-daemon:victim@other.example",
            "5.7.1 Relaying not allowed: @tcp_intranet-daemon:victim@other.example"
        ),
        ("nobody@example.test", "5.1.1 unknown or illegal alias: nobody@example.test"),  // M8
        ("anna@ims-ms-daemon", "5.7.1 unknown host or domain: anna@ims-ms-daemon"),  // F3
        ("v@tcp_intranet-daemon", "5.7.1 unknown host or domain: v@tcp_intranet-daemon"),  // F21
        ("@tcp_auth-daemon:v@other.example", "5.7.1 unknown host or domain: @tcp_auth-daemon:v@other.example"),
        ("@process-daemon:v@other.example", "5.7.1 unknown host or domain: @process-daemon:v@other.example"),
        ("\"x|l|y\"@other.example", "5.7.1 Relaying not allowed: \"x|l|y\"@other.example"),  // F11
        ("other.example!v@example.test", "5.7.1 Relaying not allowed: other.example!v@example.test"),  // F22
    ]

    @Test func strangersReachOurUsersAndNobodyElse() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        try peer.greet()
        #expect(try peer.command("MAIL FROM:<bob@remote.example>").code == 250)
        for (recipient, text) in Self.refusals {
            #expect(try peer.command("RCPT TO:<\(recipient)>") == .init(code: 550, text: text))
        }
        // M1, F1, M7
        #expect(
            try peer.command("RCPT TO:<anna@example.test>") == .init(code: 250, text: "2.1.5 anna@example.test OK."))
        #expect(try peer.command("RCPT TO:<anna+lists@example.test>").code == 250)
        #expect(try peer.command("RCPT TO:<postmaster>").code == 250)
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: in\r\n\r\nx\r\n.").code == 250)
        #expect(instance.arrivals("anna").first?.contains("Subject: in") == true)
        #expect(instance.mailLog.contains { $0.contains("tcp_local    ims-ms       EE ") }, "\(instance.mailLog)")
        #expect(
            instance.mailLog.contains { $0.contains(" JE 0 bob@remote.example rfc822;victim@other.example ") },
            "\(instance.mailLog)")
    }

    /// F4: what is internal is not to be addressed from an internal client either.
    @Test func internalClientCannotNameInternalChannels() throws {
        let instance = try TestInstance()
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.command("MAIL FROM:<cron>").code == 250)
        #expect(
            try peer.command("RCPT TO:<joe@conversion>")
                == .init(code: 550, text: "5.7.1 unknown host or domain: joe@conversion"))
        #expect(try peer.command("RCPT TO:<friend@other.example>").code == 250)
    }
}
