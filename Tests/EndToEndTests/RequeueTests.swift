import SystemCalls
import Testing

/// `martlet queue export`, `import` and `requeue` beside a running Job Controller.
@Suite struct RequeueTests {
    /// A message that waits for a host is moved to the channel that can deliver it, and one comes back by import.
    @Test func aMessageMovesToAnotherChannel() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.martlet("queue", "stop", "ims-ms")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let address = "anna@\(TestInstance.domain)"
        #expect(try peer.deliver(from: address, to: address, "Subject: moved\r\n\r\nbody").code == 250)
        #expect(
            eventually { (try? instance.martlet("queue", "directory", "ims-ms").contains(".00")) == true })
        let listing = try instance.martlet("queue", "directory", "ims-ms")
        let name = try #require(listing.split { $0 == " " || $0 == "\n" }.first { $0.hasPrefix("ZZ") }).description
        let directory = "\(instance.scratch)/out"
        #expect(try instance.martlet("queue", "export", "-output=\(directory)", name).contains("%QM-I-EXPORTED"))
        // To a channel that is stopped as well, and back again.
        try instance.martlet("queue", "stop", "tcp_local")
        let moved = try instance.martlet("queue", "requeue", "-channel=tcp_local", name)
        #expect(moved.contains("%QM-I-REQUEUED, moved the message file ims-ms/\(name) to tcp_local/ZZ"), "\(moved)")
        #expect(try instance.attempt(["queue", "directory", "ims-ms"]).exit == .exited(1))
        let copy = try #require(
            try instance.martlet("queue", "directory", "tcp_local").split { $0 == " " || $0 == "\n" }
                .first { $0.hasPrefix("ZZ") }
        ).description
        #expect(copy != name)
        try instance.martlet("queue", "requeue", "-channel=ims-ms", copy)
        try instance.martlet("queue", "start", "ims-ms")
        #expect(instance.arrivals("anna").count == 1)
        #expect(try instance.martlet("queue", "import", directory).contains("%QM-I-IMPORTED"))
        let mailbox = instance.arrivals("anna", count: 2)
        #expect(mailbox.count == 2 && mailbox.allSatisfy { $0.contains("Subject: moved") })
        #expect(instance.log("admin.log").contains(" import "))
        #expect(try instance.martlet("queue", "status").contains("Entries         0"))
    }
}
