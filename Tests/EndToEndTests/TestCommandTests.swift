import Glibc
import SystemCalls
import Testing

/// `martlet test …` as a whole: prompts, files instead of the terminal and of the configuration, exit status.
@Suite struct TestCommandTests {
    /// A bare legacy directory with the rules of rewrite-rules specification, 12.6.
    private final class LegacySite {
        let path: String

        init() throws {
            var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            try write(
                "imta.cnf",
                "a     $U@a-daemon\nb     $U@b-daemon\n\nl viaaliasrequired\nlocal-host\n\na_channel\na-daemon\n"
                    + "\nb_channel\nb-daemon\n")
            try write("mappings", "T\n\n  *  $Y$0\n")
            try write("aliases", "root: u@a\n")
        }

        deinit { _ = try? Program("rm", ["-rf", path], scratch: "/tmp").wait() }

        func write(_ name: String, _ text: String) throws {
            try Files.replace("\(path)/\(name)", with: Array(text.utf8))
        }

        /// Standard output alone.
        func martlet(_ arguments: String, input: String = "") throws -> (status: Int32, output: String) {
            try write("input", input)
            let shell =
                "PATH=\(TestInstance.binaries):$PATH; martlet test \(arguments) <input 2>errors >output; echo $?"
            let finished = try Program("/bin/sh", ["-c", shell], scratch: path).wait()
            let status = Int32(finished.output.split(separator: "\n").last ?? "") ?? -1
            return (status, try read("output"))
        }

        func read(_ name: String) throws -> String {
            String(decoding: try Files.read("\(path)/\(name)"), as: UTF8.self)
        }
    }

    /// Rewrite-rules specification, 10.2: 0 if the address was submitted, 1 otherwise.
    @Test(arguments: [
        ("u@a", 0, "ok"), ("u@nowhere", 1, "failed"), ("nobody@local-host", 1, "ok"), ("'a b@a'", 1, "failed"),
        ("root", 0, "ok"),
    ])
    func status(address: String, status: Int32, word: String) throws {
        let result = try LegacySite().martlet("rewrite --config . --json \(address)")
        #expect(result.status == status)
        #expect(result.output.contains(#""status":"\#(word)""#), "\(result.output)")
    }

    @Test func severalAddresses() throws {
        let site = try LegacySite()
        let result = try site.martlet("rewrite --config . --json u@a,v@nowhere,w@b")
        #expect(result.status == 1)
        #expect(result.output.split(separator: "\n").count == 3)
    }

    @Test func alternateFiles() throws {
        let site = try LegacySite()
        try site.write("other", "root: u@b\n")
        #expect(try site.martlet("rewrite --config . root").output.contains("  u@a\n"))
        #expect(try site.martlet("rewrite --config . --alias-file other root").output.contains("  u@b\n"))
        try site.write("rules", try site.read("imta.cnf").replacing("$U@a-daemon", with: "$U%b"))
        let changed = try site.martlet("rewrite --config . --configuration-file rules u@a")
        #expect(changed.output.hasPrefix("forward channel        = b_channel\n"))
        #expect(try site.martlet("rewrite --config . --alias-file none root").status != 0)
        try site.write("martlet.conf", "base.hostname = x.example\n[channel:l]\n  official_host_name = x.example\n")
        #expect(try site.martlet("rewrite --config . --alias-file other root").status == 1)
        #expect(try site.read("errors").contains("martlet.conf holds everything in one file"))
    }

    @Test func filesInsteadOfTheTerminal() throws {
        let site = try LegacySite()
        try site.write("addresses", "u@a\n\nu@b\n")
        let result = try site.martlet("rewrite --config . --json --input addresses --output answers")
        #expect(result.status == 0 && result.output.isEmpty)
        let answers = try site.read("answers").split(separator: "\n")
        #expect(answers.count == 2 && answers.allSatisfy { $0.hasPrefix(#"{"input":"u@"#) }, "\(answers)")
        let mapping = try site.martlet("mapping --config . --table T --debug --input addresses")
        #expect(mapping.output.contains("Entry: mappings:3:3\nOutput string: u@a\nOutput flags: [89]\n"))
    }

    /// A bad pattern does not end the loop, and `--json` keeps the questions apart.
    @Test func matchLoop() throws {
        let site = try LegacySite()
        let input = "$[a\n$D*x\n12x\n*\n"
        let lines = try site.martlet("match", input: input).output
        #expect(lines.contains("Match.\n0 - 12\n"), "\(lines)")
        let json = try site.martlet("match --json", input: input).output.split(separator: "\n")
        #expect(json == [#"{"matched":true,"wildcards":["12"]}"#])
        #expect(try site.read("errors").contains("'$[' without a closing ']'"))
    }

    /// Symbols stand in `--file` for what they stand for in the configuration.
    @Test func symbolsInAMappingFile() throws {
        let site = try LegacySite()
        try site.write("more", "  &/IMTA_HOST/  $Yhost\n")
        try site.write("tables", "S\n\n<IMTA_TABLE:more\n  *  $N\n")
        let result = try site.martlet("mapping --config . --file tables --table S local-host")
        let errors = try site.read("errors")
        #expect(result.output == "Output string: host\nOutput flags: [89]\n", "\(errors)")
    }
}

/// `$D` of the access tables against the running server (mappings specification, 7.6, S4).
@Suite(.serialized) struct TarpitTests {
    /// The reply to a command, and how many seconds it took.
    private func ask(_ peer: SMTPPeer, _ command: String) throws -> (reply: SMTPPeer.Reply, seconds: Double) {
        let start = SystemClock.monotonicNanoseconds
        let reply = try peer.command(command)
        return (reply, Double(SystemClock.monotonicNanoseconds - start) / 1_000_000_000)
    }

    @Test func refusalsComeLate() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.set("mapping:SEND_ACCESS.rule", "*|slow@*|*|* $N$D100|Relaying$ not$ allowed")
        try instance.start()
        let slow = try SMTPPeer(port: instance.port)
        let quick = try SMTPPeer(port: instance.port)
        for (peer, sender) in [(slow, "slow"), (quick, "quick")] {
            try peer.greet()
            #expect(try peer.command("MAIL FROM:<\(sender)@example.test>").code == 250)
        }
        let start = SystemClock.monotonicNanoseconds
        try slow.send("RCPT TO:<anna@example.test>\r\n")
        // Another session is not kept waiting.
        let other = try ask(quick, "RCPT TO:<anna@example.test>")
        #expect(other.reply.code == 250 && other.seconds < 0.9)
        #expect(try slow.reply() == .init(code: 550, text: "5.7.1 Relaying not allowed: anna@example.test"))
        #expect(SystemClock.monotonicNanoseconds - start >= 1_000_000_000)
        // The rest of the transaction waits as well.
        let next = try ask(slow, "RCPT TO:<nobody@example.test>")
        #expect(next.reply.code == 550 && next.seconds >= 1)
        #expect(try slow.command("RSET").code == 250)
        #expect(try slow.command("MAIL FROM:<quick@example.test>").code == 250)
        let free = try ask(slow, "RCPT TO:<anna@example.test>")
        #expect(free.reply.code == 250 && free.seconds < 0.9)
    }
}
