import Glibc
import SystemCalls
import Testing

/// Worked examples of commands specification, section 10, against a running instance whose outgoing channel is stopped.
@Suite(.serialized) struct CommandExampleTests {
    private func instance(_ messages: [(from: String, subject: String)]) throws -> TestInstance {
        let instance = try TestInstance()
        try instance.start()
        try instance.martlet("queue", "stop", "tcp_local")
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        for (from, subject) in messages {
            let reply = try peer.deliver(from: from, to: "b@far.example", "Subject: \(subject)\r\n\r\nx")
            #expect(reply.code == 250)
        }
        #expect(eventually { (try? names(instance))?.count == messages.count })
        return instance
    }

    private func names(_ instance: TestInstance, _ command: String = "directory") throws -> [String] {
        let listing = try instance.attempt(["queue", command, "tcp_local"]).output
        return listing.split { " \n".contains($0) }.filter { $0.hasPrefix("ZZ") }.map(String.init)
    }

    private func qm(_ instance: TestInstance, _ input: String) throws -> String {
        try instance.attempt(["imsimta", "qm"], input: input).output
    }

    /// "`qm clean -subject="short"` -> refused, substring below 24; with `-min_length=5` -> matching messages held, none
    /// deleted."
    @Test func example5() throws {
        let instance = try instance([
            ("a@x.example", "short and sweet"), ("a@x.example", "Short"), ("a@x.example", "long"),
        ])
        let refused = try instance.attempt(["imsimta", "qm", "clean", "-subject=short"])
        #expect(refused.exit == .exited(64) && refused.output.contains("-E-TOOSHORT"), "\(refused.output)")
        #expect(try names(instance, "held").isEmpty)
        let held = try instance.martlet("imsimta", "qm", "clean", "-subject=short", "-min_length=5")
        #expect(held.contains("2 messages match"), "\(held)")
        #expect(try names(instance, "held").count == 2 && names(instance).count == 3)
    }

    /// "`qm clean -from=\<\> -delete tcp_local` -> prints the count, asks, then deletes messages with empty return path
    /// (double bounces); with `-noconfirm` without asking."
    @Test func example6() throws {
        let instance = try instance([("", "bounce"), ("a@x.example", "mail")])
        let clean = ["imsimta", "qm", "clean", "-from=<>", "-delete", "tcp_local"]
        let asked = try instance.attempt(clean, input: "no\n").output
        #expect(asked.contains("1 messages match") && asked.contains("delete 1 messages? [no] "), "\(asked)")
        #expect(try names(instance).count == 2)
        let done = try instance.attempt(clean, input: "yes\n").output
        #expect(done.contains("%QM-I-DELETED, deleted the message file tcp_local/"), "\(done)")
        #expect(eventually { (try? names(instance))?.count == 1 })
        let silent = try instance.attempt([
            "imsimta", "qclean", "-env_from=a@x.example", "-min=3", "-delete", "-noconf",
        ])
        #expect(silent.exit == .exited(0) && !silent.output.contains("? [no]"), "\(silent.output)")
    }

    /// "`qm delete -all` without listing -> error; after a listing -> asks for confirmation; `-noconfirm` -> no prompt";
    /// example 9, "`qm delete -all 3` -> error"; numbers of listings as `1,3` and `1-2`.
    @Test func examples8And9() throws {
        let instance = try instance((1...4).map { ("a@x.example", "message \($0)") })
        let first = try qm(instance, "delete -all\ndirectory tcp_local\ndelete -all 3\ndelete -all\nno\nexit\n")
        #expect(first.contains("-E-NOLIST") && first.contains("-E-BOTH"), "\(first)")
        #expect(first.contains("delete 4 messages? [no] ") && first.contains("-I-NOTHING"))
        #expect(try names(instance).count == 4)
        let second = try qm(instance, "dir tcp_local\ndelete 1,3\nhold 2\nheld\nrelease 1-1\nhelp delete\nquit\n")
        #expect(second.split(separator: "%QM-I-DELETED").count == 3 && !second.contains("[no]"), "\(second)")
        #expect(second.contains("%QM-I-RELEASED") && second.contains("-older=TIME"))
        #expect(eventually { (try? names(instance))?.count == 2 })
        #expect(try !qm(instance, "dir tcp_local\ndelete -all -noconfirm\n").contains("[no]"))
        #expect(eventually { (try? names(instance))?.isEmpty == true })
    }

    /// Examples 22 ("submits channel `l`"), 23, 30 ("source line says queue cache") and 32.
    @Test func furtherExamples() throws {
        let instance = try instance([("a@x.example", "mail")])
        #expect(try instance.martlet("imsimta", "submit").contains("l has 0 messages ready"))
        let name = try #require(try names(instance).first)
        let both = try qm(instance, "view -database\ndirectory\nview -directory_tree\ndirectory\nsummarize\ndate\n")
        #expect(both.contains("Data gathered from the queue cache"), "\(both)")
        #expect(both.contains("Data gathered from the queue directory tree"))
        for (words, exit, text) in [
            (["-change", "-template=tcp_*", "-job_limit=5"], 64, "-E-TEMPLATE"),
            (["-change", "-global", "-channel=tcp_local", "-job_limit=5"], 64, "-E-TARGET"),
            (["-change", "-channel=tcp_local", "job_limit=5"], 0, "channel tcp_local is changed"),
            (["-change", "-channel_template=tcp_*", "master_job=/bin/true"], 0, "channel tcp_intranet is changed"),
            (["-change", "-template=none_*", "-master_job=/bin/true"], 2, "no channel is derived"),
            (["-walk"], 0, "-I-WALK"),
            (["-sync", "-norecipient"], 0, "-I-SYNC"), (["-close"], 0, "-I-NOTHING"),
            (["-sync", "-json"], 0, #"{"count":0}"#),
            (["-rebuild", "-json"], 0, #""gone":[],"unknown":[]}"#),
        ] as [([String], Int32, String)] {
            let done = try instance.attempt(["imsimta", "cache"] + words)
            #expect(done.exit == .exited(exit) && done.output.contains(text), "\(words): \(done.output)")
        }
        #expect(try instance.martlet("imsimta", "process", "-json").contains("/job_controller\"}"))
        #expect(try instance.martlet("queue", "walk").contains("job_controller.log"))
        #expect(try instance.martlet("imsimta", "clbuild", "pmdf.cld").hasPrefix("%CLBUILD-I-NOTHING"))
        #expect(try instance.martlet("imsimta", "version").hasPrefix("Martlet "))
        #expect(try instance.attempt(["imsimta", "crdb", "a", "b"]).output.contains("%CLI-E-NOTSUPP"))
        // Example 32: the last component of a path is taken.
        let path = "/opt/SUNWmsgsr/data/queue/tcp_local/002/"
        #expect(try instance.martlet("imsimta", "return", path + name).contains("%RETURN-I-RETURNED"))
        let none = try instance.attempt(["imsimta", "return", path + "ZZf0r4i0Wdy50.00"])
        #expect(none.exit == .exited(1) && none.output.contains("%RETURN-W-NOSUCH"), "\(none.output)")
    }
}
