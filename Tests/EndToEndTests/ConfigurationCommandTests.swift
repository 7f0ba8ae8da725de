import Glibc
import SystemCalls
import Testing

/// Changes of the configuration that can be looked at and taken back, and the family's name for the command.
@Suite struct ConfigurationCommandTests {
    @Test func aChangeCanBeTakenBack() throws {
        let instance = try TestInstance()
        let path = "\(instance.root)/config/martlet.conf"
        let before = try Files.read(path)
        try instance.set("mta.block_limit", "7")
        #expect(
            try instance.martlet("config", "diff") == "- role.mta.block_limit = 51200\n+ role.mta.block_limit = 7\n")
        let history = try instance.martlet("config", "history")
        let last = try #require(history.split(separator: "\n").last)
        #expect(last.hasSuffix("set mta.block_limit"), "\(history)")
        let number = try #require(last.split(separator: " ").first)
        try instance.martlet("config", "revert", String(number))
        #expect(try Files.read(path) == before)
        #expect(try instance.martlet("config", "diff", String(number)).isEmpty)
        #expect(try instance.attempt(["config", "revert", "4711"]).exit == .exited(1))
    }

    @Test func anErrorInAnOldTextIsNotPutBack() throws {
        let instance = try TestInstance()
        try instance.set("mta.block_limit", "7")
        let path = "\(instance.root)/config/martlet.conf"
        let good = try Files.read(path)
        try Files.replace(
            "\(instance.root)/config/history/99.conf", with: Array("! generation 99 | t | u | c\n[x\n".utf8))
        let revert = try instance.attempt(["config", "revert", "99"])
        #expect(revert.exit == .exited(1))
        #expect(revert.output.contains("the change is not made"), "\(revert.output)")
        #expect(try Files.read(path) == good)
    }

    @Test func imsimta() throws {
        let instance = try TestInstance()
        let link = "\(instance.scratch)/imsimta"
        #expect(symlink("\(TestInstance.binaries)/martlet", link) == 0)
        func imsimta(_ arguments: String...) throws -> Program.Finished {
            try Program(link, arguments, scratch: instance.scratch).wait()
        }
        let mapping = try imsimta(
            "test", "-mapping", "-table=INTERNAL_IP", "-root=\(instance.root)", "127.0.0.1")
        #expect(mapping.output == "Output string: \nOutput flags: [89]\n")
        let rewrite = try imsimta("test", "-rewrite", "-nochannel", "-root=\(instance.root)", "a@elsewhere.example")
        #expect(rewrite.output.hasPrefix("forward channel        = tcp_local\nbackward channel       = tcp_local\n"))
        #expect(try imsimta("test", "-frobnicate").exit == .exited(64))
    }
}
