import Glibc
import SystemCalls
import Testing

/// Users in a real Dovecot, asked over its authentication socket.
@Suite(.serialized) struct DovecotAuthenticationTests {
    /// A Dovecot that does nothing but authentication.
    private final class Dovecot {
        let socket: String
        private let configuration: String
        private let scratch: String
        private var running: Program?

        init(scratch: String) throws {
            self.scratch = scratch
            socket = "\(scratch)/dovecot/auth-client"
            configuration = "\(scratch)/dovecot.conf"
            try Files.createDirectory("\(scratch)/dovecot", mode: 0o755)
            try Files.replace(
                "\(scratch)/dovecot-users", with: Array("anna@example.test:{PLAIN}dove secret\nzoe:{PLAIN}zz\n".utf8),
                mode: 0o644)
            // Whatever the umask of another test is at this moment.
            try Program("chmod", ["755", scratch, "\(scratch)/dovecot-users"], scratch: scratch).wait()
            try Files.replace(configuration, with: Array(text.utf8))
        }

        private var text: String {
            let user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
            let owner =
                getuid() == 0 ? "" : "default_internal_user = \(user)\ndefault_login_user = \(user)\n"
            return """
                base_dir = \(scratch)/dovecot
                state_dir = \(scratch)/dovecot
                log_path = \(scratch)/dovecot.log
                protocols =
                ssl = no
                disable_plaintext_auth = no
                auth_mechanisms = plain login scram-sha-256 cram-md5
                auth_failure_delay = 0
                \(owner)service anvil {
                  chroot =
                  unix_listener anvil-auth-penalty {
                    mode = 0
                  }
                }
                service auth {
                  unix_listener auth-client {
                    mode = 0666
                  }
                }
                passdb {
                  driver = passwd-file
                  args = scheme=PLAIN username_format=%u \(scratch)/dovecot-users
                }

                """
        }

        func start() throws {
            running = try Program("dovecot", ["-F", "-c", configuration], scratch: scratch)
            guard eventually({ Files.exists(socket) }) else {
                throw Program.Failure(description: "no Dovecot: \(running?.output ?? "") \(log)")
            }
        }

        func stop() throws {
            running?.signal(SIGTERM)
            try running?.wait()
            running = nil
        }

        var log: String { String(decoding: (try? Files.read("\(scratch)/dovecot.log")) ?? [], as: UTF8.self) }
    }

    private static let script = """
        def plain(name, password): return secure().docmd("AUTH PLAIN " + b64("\\0" + name + "\\0" + password))
        c = secure()
        print("offer", " ".join(c.esmtp_features["auth"].split()[:4]))
        print("good", plain("anna@example.test", "dove secret"))
        print("bare", plain("zoe", "zz"))
        print("bad", plain("anna@example.test", "dove"), plain("nobody", "zz")[0], plain("bert", "a secret of tests")[0])
        c = secure()
        c.docmd("AUTH LOGIN " + b64("anna@example.test"))
        print("mistyped", c.docmd(b64("dove sercet"))[0])
        c = secure()
        c.user, c.password = "anna@example.test", "dove secret"
        print("login", c.auth("LOGIN", c.auth_login))
        c = secure()
        print("cancelled", c.docmd("AUTH LOGIN"), c.docmd("*"))
        c.user, c.password = "anna@example.test", "dove secret"
        print("again", c.auth("PLAIN", c.auth_plain))
        c.sendmail("anna@example.test", ["bert@example.test"], "Subject: dovecot\\r\\n\\r\\nx\\r\\n")

        """

    @Test func usersOfDovecot() throws {
        let instance = try TestInstance(settings: [("mta.log_connection", "255")])
        let dovecot = try Dovecot(scratch: instance.scratch)
        try instance.set("base.auth_socket", dovecot.socket)
        try instance.addUser("bert")
        try dovecot.start()
        try instance.start()
        let finished = try instance.python(
            Self.script + MechanismTests.scram
                + #"print("scram", scram(secure(), "SCRAM-SHA-256", "n,,", "dove secret", user="anna@example.test"))"#)
        let output = finished.output
        #expect(finished.exit == .exited(0), "\(output)\n\(dovecot.log)")
        #expect(output.contains("offer PLAIN LOGIN SCRAM-SHA-256"), "\(output)")
        #expect(output.contains("good (235, b'2.7.0 PLAIN authentication successful.')"), "\(output)")
        #expect(output.contains("bare (235, "), "\(output)")
        #expect(
            output.contains("bad (535, b'5.7.8 Bad username or password (Authentication failed).') 535 535"),
            "\(output)")
        #expect(output.contains("mistyped 535"), "\(output)")
        #expect(!instance.mailLog.contains { $0.contains("sercet") }, "a password never stands in the log")
        #expect(output.contains("login (235, "), "\(output)")
        #expect(output.contains("(501, b'5.7.0 Authentication cancelled.')"), "\(output)")
        #expect(output.contains("again (235, "), "\(output)")
        #expect(output.contains("scram 235"), "\(output)")
        #expect(instance.arrivals("bert").first?.contains(" with ESMTPSA") == true)
        #expect(instance.log("").contains("zoe@example.test"), "\(instance.log(""))")
    }

    /// While Dovecot is away, authentication fails for now and sessions go on; when it is back, it works.
    @Test func dovecotThatGoesAndComesBack() throws {
        let instance = try TestInstance()
        let dovecot = try Dovecot(scratch: instance.scratch)
        try instance.set("base.auth_socket", dovecot.socket)
        try instance.start()
        let script = """
            c = secure()
            print(c.docmd("AUTH PLAIN " + b64("\\0anna@example.test\\0dove secret")), c.noop())
            """
        let away = try instance.python(script).output
        #expect(
            away.contains("(454, b'4.7.0 Temporary authentication failure') (250, b'2.5.0 Ok.')"), "\(away)")
        try dovecot.start()
        #expect(
            try eventually(seconds: 120) { try instance.python(script).output.contains("(235, ") }, "\(dovecot.log)")
        try dovecot.stop()
        #expect(try eventually(seconds: 120) { try instance.python(script).output.contains("(454, ") })
        try dovecot.start()
        #expect(
            try eventually(seconds: 120) { try instance.python(script).output.contains("(235, ") }, "\(dovecot.log)")
    }
}
