import SystemCalls
import Testing

/// A channel of one's own with a program of one's own: docs/master-programs.md, "In Swift".
@Suite(.serialized) struct ChannelMasterTests {
    @Test func directoryMaster() throws {
        let instance = try TestInstance()
        let archive = instance.scratch + "/archive"
        try Files.createDirectory(archive)
        try instance.addUser("anna")
        let path = "\(instance.root)/config/martlet.conf"
        let text = String(decoding: try Files.read(path), as: UTF8.self).replacing(
            "[rewrites]\n", with: "[rewrites]\n  archive.example    $U%$D@archive-daemon\n")
        let channel = "\n[channel:archive]\n  official_host_name = archive-daemon\n"
        try Files.replace(path, with: Array((text + channel).utf8), mode: 0o640)
        try instance.set(
            "job_controller.channel_class:archive.master_command", "IMTA_BIN:directory_master \(archive)")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let sender = "anna@\(TestInstance.domain)"
        #expect(try peer.command("MAIL FROM:<\(sender)>").code == 250)
        #expect(try peer.command("RCPT TO:<files@archive.example>").code == 250)
        #expect(try peer.command("RCPT TO:<nobody@archive.example>").code == 250)
        #expect(try peer.command("DATA").code == 354)
        try peer.send("Subject: to keep\r\n\r\n.. a line\r\n.\r\n")
        #expect(try peer.reply().code == 250)
        // The one has it; of the other the sender is told.
        let notification = try #require(instance.arrivals("anna").first, "\(instance.mailLog)")
        #expect(notification.contains("Status: 5.1.1") && notification.contains("nobody@archive.example"))
        let files = try Files.list(archive)
        #expect(files.count == 1 && files.first?.hasSuffix(".00") == true)
        let content = String(decoding: try Files.read("\(archive)/\(files.first ?? "")"), as: UTF8.self)
        #expect(content.contains("Subject: to keep\r\n\r\n. a line\r\n"))
        #expect(instance.mailLog.contains { $0.contains("archive") && $0.contains(" D ") })
        #expect(eventually { (try? instance.attempt(["queue", "directory"]).exit) == .exited(1) })
    }
}
