import SystemCalls
import Testing

/// TLS sessions that clients take up again (RFC 8446 section 2.2, RFC 5077): a worker gives tickets, and knows its own.
@Suite(.serialized) struct TLSSessionTests {
    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func resumed(_ version: String) throws {
        let instance = try TestInstance(settings: [
            ("dispatcher.service:SMTP.min_procs", "1"), ("dispatcher.service:SMTP.max_procs", "1"),
        ])
        try instance.start()
        let file = "\(instance.scratch)/session"
        func connect(_ option: String) throws -> String {
            let arguments = [
                "s_client", "-starttls", "smtp", "-connect", "127.0.0.1:\(instance.port)", "-crlf", "-ign_eof", version,
                option, file,
            ]
            let finished = try Program("openssl", arguments, scratch: instance.scratch, input: "NOOP\nQUIT\n").wait()
            #expect(finished.output.contains("221 2.3.0 Bye received. Goodbye."), "\(finished.output)")
            return finished.output
        }
        #expect(try connect("-sess_out").contains("\nNew, TLSv1"))
        #expect(try connect("-sess_in").contains("\nReused, TLSv1"))
    }
}
