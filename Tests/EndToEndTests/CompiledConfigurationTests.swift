import Glibc
import SystemCalls
import Testing

/// The compiled configuration on a running instance: unified configuration specification, section 9; commands
/// specification, sections 4.1 and 10.
@Suite(.serialized) struct CompiledConfigurationTests {
    /// The code of a second RCPT TO, which `recipientlimit 1` refuses; nil when nobody answers just now.
    private func secondRecipient(_ instance: TestInstance) -> Int? {
        guard let peer = try? SMTPPeer(port: instance.port), (try? peer.greet()) != nil,
            (try? peer.command("MAIL FROM:<a@example.com>"))?.code == 250,
            (try? peer.command("RCPT TO:<anna@example.test>"))?.code == 250
        else { return nil }
        return (try? peer.command("RCPT TO:<postmaster@example.test>"))?.code
    }

    /// Examples 19 and 20, and 34 of the commands specification: "`cnbuild` never run: edit […], `reload` -> live. After one
    /// `cnbuild`: edit, `reload` -> no change until the next `cnbuild`."
    @Test func examples19And20AndCommands34() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        try instance.martlet("config", "set", "channel:tcp_intranet.recipientlimit", "1")
        try instance.martlet("reload")
        #expect(eventually { secondRecipient(instance) == 452 })
        let build = try instance.martlet("imsimta", "cnbuild")
        #expect(build.contains("is compiled into \(instance.root)/config/advanced/config_data"), "\(build)")
        let set = try instance.martlet("config", "set", "channel:tcp_intranet.recipientlimit", "30")
        #expect(set.contains("a compiled configuration is in use"), "\(set)")
        let stale = try instance.martlet("imsimta", "reload")
        #expect(stale.contains("martlet.conf has changed since cnbuild"), "\(stale)")
        usleep(300_000)
        #expect(secondRecipient(instance) == 452)
        // A test of the image and one of the sources.
        try instance.martlet("config", "set", "mapping:PAGER.rule", "x $Ynew")
        #expect(try instance.attempt(["test", "mapping", "--table", "PAGER", "x"]).exit == .exited(1))
        #expect(try instance.martlet("test", "mapping", "--noimage-file", "--table", "PAGER", "x").contains("new"))
        try instance.martlet("imsimta", "cnbuild")
        #expect(secondRecipient(instance) == 452)
        try instance.martlet("imsimta", "reload")
        #expect(eventually { secondRecipient(instance) == 250 })
        #expect(try instance.martlet("imsimta", "cnbuild", "-remove").contains("is removed"))
        #expect(
            try instance.martlet("imsimta", "cnbuild", "-noimage_file", "-statistics").contains("nothing was written"))
    }

    /// An error leaves the former image, and nobody starts with a damaged one.
    @Test func aBadOneIsNotPublished() throws {
        let instance = try TestInstance()
        try instance.martlet("config", "build")
        let path = "\(instance.root)/config/advanced/config_data"
        let former = try Files.read(path)
        let configuration = try Files.read("\(instance.root)/config/martlet.conf")
        try Files.replace("\(instance.root)/config/martlet.conf", with: configuration + Array("[nonsense\n".utf8))
        let refused = try instance.attempt(["config", "build"])
        #expect(refused.exit == .exited(2) && refused.output.contains("%CNBUILD-E-ERRORS"), "\(refused.output)")
        #expect(try Files.read(path) == former)
        // The image is good: the instance starts.
        try instance.start()
        try instance.stop()
        try Files.replace(path, with: Array(former.dropLast(20)))
        let start = try instance.attempt(["run"])
        #expect(start.exit != .exited(0) && start.output.contains("damaged or of another version"), "\(start.output)")
    }

    /// "configtoxml without -i -> instance name `ims`; restricted.cnf owned by root; a second run without -f refuses to
    /// overwrite (ours: an existing martlet.conf)".
    @Test func example23() throws {
        let instance = try TestInstance()
        let legacy = "\(instance.scratch)/legacy"
        try instance.martlet("config", "export", "legacy", "--output", legacy)
        let isRoot = geteuid() == 0
        try Files.replace("\(legacy)/imta_tailor", with: Array("IMTA_USER=nobody\n".utf8))
        try Program("rm", ["\(instance.root)/config/martlet.conf"], scratch: instance.scratch).wait()
        let first = try instance.attempt(["config", "import", legacy])
        #expect(first.exit == .exited(0), "\(first.output)")
        #expect(
            try instance.martlet("config", "show", "--effective", "base.instancename").contains("ims"))
        if isRoot, Files.exists("\(instance.root)/config/restricted.cnf") {
            #expect(try Files.ownership("\(instance.root)/config/restricted.cnf").user == 0)
        }
        let second = try instance.attempt(["config", "import", legacy])
        #expect(second.exit == .exited(1) && second.output.contains("--force takes its place"), "\(second.output)")
        #expect(try instance.attempt(["config", "import", "--force", legacy]).exit == .exited(0))
    }

    /// Recipes from the command line.
    @Test func recipes() throws {
        let instance = try TestInstance()
        try Files.createDirectory("\(instance.root)/config/recipes")
        try Files.replace(
            "\(instance.root)/config/recipes/Limit.rcp",
            with: Array(
                "set_option(\"mta.block_limit\", get_option(\"mta.block_limit\") / 2);\nprint(\"halved\");\n".utf8))
        #expect(try instance.martlet("config", "run", "--dry-run", "Limit").contains("role.mta.block_limit = 25600"))
        let run = try instance.martlet("config", "run", "Limit")
        #expect(run.contains("halved") && run.contains("martlet.conf is written"), "\(run)")
        #expect(try instance.martlet("config", "show", "mta.block_limit") == "role.mta.block_limit = 25600\n")
        #expect(try instance.martlet("config", "history").contains("run Limit.rcp"))
        #expect(try instance.attempt(["config", "run", "Nothing"]).exit == .exited(1))
    }
}
