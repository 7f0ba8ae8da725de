import SystemCalls
import Testing

/// What a session keeps and forgets when the client becomes another, and when very much is pipelined.
@Suite(.serialized) struct SessionStateTests {
    /// RFC 3207 section 4.2: who has logged in before TLS has not logged in behind it.
    @Test func authenticationInTheClearEndsWithTLS() throws {
        let instance = try TestInstance(settings: [("base.plaintextmincipher", "0")])
        try instance.addUser("anna")
        try instance.start()
        let output = try instance.python(
            """
            c = client()
            c.ehlo()
            word = "AUTH PLAIN " + b64("\\0anna@example.test\\0a secret of tests")
            print("clear", c.docmd(word)[0])
            c.starttls(context=context)
            c.ehlo()
            print("relay", c.docmd("MAIL FROM:<anna@example.test>")[0])
            c.rset()
            print("again", c.docmd(word)[0])
            """
        ).output
        #expect(output.contains("clear 235") && output.contains("again 235"), "\(output)")
    }

    /// XCLIENT within TLS: the next EHLO offers AUTH as to everybody else.
    @Test func authenticationIsOfferedBehindXCLIENT() throws {
        let instance = try TestInstance()
        try instance.set("channel:tcp_local.options.XCLIENT_HOSTS", "127.0.0.1")
        try instance.addUser("anna")
        try instance.start()
        let output = try instance.python(
            """
            c = secure()
            print("before", offered(c)[:1])
            print("xclient", c.docmd("XCLIENT ADDR=203.0.113.9")[0])
            c.ehlo()
            print("behind", offered(c)[:1])
            print("login", c.docmd("AUTH PLAIN " + b64("\\0anna@example.test\\0a secret of tests"))[0])
            """
        ).output
        #expect(output.contains("before ['PLAIN']") && output.contains("behind ['PLAIN']"), "\(output)")
        #expect(output.contains("xclient 220") && output.contains("login 235"), "\(output)")
    }

    /// Thousands of transactions in one burst whose messages are thrown away at once: each is answered, and none stands on
    /// the stack on top of the one before.
    @Test func pipelinedMessagesThatAreThrownAway() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        let file = "\(instance.root)/config/martlet.conf"
        let table = "\n[mapping:FROM_ACCESS]\n  *|thrown@away.example|*   $Y$B\n"
        try Files.replace(file, with: try Files.read(file) + Array(table.utf8))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let rounds = 3000
        let transaction = "MAIL FROM:<thrown@away.example>\r\nRCPT TO:<anna@example.test>\r\nBDAT 0 LAST\r\n"
        for _ in 0..<rounds / 500 {
            try peer.send(String(repeating: transaction, count: 500))
            var replies: Set<Int> = []
            for _ in 0..<1500 { replies.insert(try peer.reply().code) }
            #expect(replies == [250])
        }
        #expect(try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: next\r\n\r\nx").code == 250)
        #expect(instance.arrivals("anna").count == 1)
    }
}
