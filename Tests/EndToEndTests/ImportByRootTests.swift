import Glibc
import SystemCalls
import Testing

/// `martlet queue import` by root into a queue that is not root's: job-controller specification, section 9.4.
@Suite(.enabled(if: geteuid() == 0 && Users.named("nobody") != nil)) struct ImportByRootTests {
    /// What root has exported nobody else can read; what it imports belongs to the owner of the queue.
    @Test func rootReadsItsOwnFiles() throws {
        let instance = try TestInstance()
        let owner = try #require(Users.named("nobody"))
        let export = "\(instance.scratch)/export"
        try Files.createDirectory(export)
        try Files.replace(
            "\(export)/a.env",
            with: Array(
                "v;1\nt;2026-01-01T00:00:00Z\nm;a@b.example\ne;0;tcp_local;x.example;ready\nc@x.example\n.\n".utf8))
        try Files.replace("\(export)/a.eml", with: Array("Subject: a\r\n\r\nbody\r\n".utf8))
        for path in [instance.scratch, instance.root] { chmod(path, 0o711) }
        #expect(
            try Program("chown", ["-R", "nobody", instance.root], scratch: instance.scratch).wait().exit
                == .exited(0))
        #expect(try instance.martlet("queue", "import", export).contains("%QM-I-IMPORTED"))
        #expect(try instance.martlet("queue", "status").contains("Entries         1"))
        let segments = "\(instance.root)/data/queue/segments"
        let names = try Files.list(segments)
        #expect(!names.isEmpty)
        for name in names { #expect(try Files.ownership("\(segments)/\(name)").user == owner.user, "\(name)") }
    }
}
