import Envelope
import Glibc
import MessageStore
import Notifications
import Spool
import SystemCalls
import Testing

@testable import ChannelPrograms

/// Channel-programs specification, 5.
@Suite struct StoreDeliveryTests {
    private func store(_ instance: Instance, addsReturnPath: Bool = true) -> MailboxStore {
        MailboxStore(
            root: "\(instance.scratch.path)/store/", defaultDomain: "example.com", host: "mail.example.com",
            addsReturnPath: addsReturnPath)
    }

    @Test func delivered() async throws {
        let instance = try Instance()
        let copy = try await instance.copy(
            ["anna@ims-ms-daemon", "bert%hosted.example@ims-ms-daemon"], on: "ims-ms", from: "tcp_local")
        let outcomes = copy.pending.map { store(instance).deliver(copy, to: $0) }
        #expect(outcomes.map(\.result) == [.delivered, .delivered])
        #expect(outcomes.map(\.recipient) == [0, 1])
        let name = "1700000000.M\(copy.stored.message.id)E0R"
        let expected = "Return-path: <bob@remote.example>\nSubject: x\n\nbody\n"
        #expect(instance.scratch.text("store/example.com/anna/new/\(name)0.mail.example.com") == expected)
        #expect(instance.scratch.text("store/hosted.example/bert/new/\(name)1.mail.example.com") == expected)
        // The same attempt again, as after a crash, is the same message.
        #expect(store(instance).deliver(copy, to: 0).result == .delivered)
        #expect(instance.scratch.names("store/example.com/anna/new").count == 1)
    }

    @Test func returnPath() async throws {
        let instance = try Instance()
        let bounce = try await instance.copy(["anna@ims-ms-daemon"], on: "ims-ms", from: "process", sender: "")
        _ = store(instance).deliver(bounce, to: 0)
        let other = try await instance.copy(["bert@ims-ms-daemon"], on: "ims-ms", from: "process")
        _ = store(instance, addsReturnPath: false).deliver(other, to: 0)
        func text(_ user: String) -> String? {
            let directory = "store/example.com/\(user)/new"
            return instance.scratch.names(directory).first.flatMap { instance.scratch.text("\(directory)/\($0)") }
        }
        #expect(text("anna")?.hasPrefix("Return-path: <>\nSubject: x\n") == true)
        #expect(text("bert")?.hasPrefix("Subject: x\n") == true)
    }

    @Test func hostileName() async throws {
        let instance = try Instance()
        let copy = try await instance.copy(["\"../x\"@ims-ms-daemon"], on: "ims-ms", from: "tcp_local")
        let outcome = store(instance).deliver(copy, to: 0)
        #expect(outcome.result == .failedPermanently)
        #expect(outcome.status == "5.1.1")
        #expect(instance.scratch.names("store").isEmpty)
        #expect(instance.scratch.names("x").isEmpty)
    }

    @Test func failuresAreTemporary() async throws {
        let instance = try Instance()
        let copy = try await instance.copy(["anna@ims-ms-daemon"], on: "ims-ms", from: "tcp_local")
        let name = "1700000000.M\(copy.stored.message.id)E0R0.mail.example.com"
        let tmp = "\(instance.scratch.path)/store/example.com/anna/tmp"
        try Files.createDirectory(tmp)
        symlink("/dev/full", "\(tmp)/\(getpid())_\(name)")
        let full = store(instance).deliver(copy, to: 0)
        #expect(full.result == .failedTemporarily)
        #expect(full.status == "4.2.2")
        #expect(try Files.list(tmp).isEmpty)
        rmdir(tmp)
        try Files.replace(tmp, with: [])
        let broken = store(instance).deliver(copy, to: 0)
        #expect(broken.result == .failedTemporarily)
        #expect(broken.status == "4.3.0")
        #expect(broken.text.contains("tmp"))
    }

    /// Content read in pieces, from its file.
    @Test func largeMessage() async throws {
        let instance = try Instance()
        let line = Array((String(repeating: "x", count: 76) + "\r\n").utf8)
        let content = [Array("Subject: x\r\n\r\n".utf8)] + [[UInt8]](repeating: line, count: 20_000)
        let copy = try await instance.copy(["anna@ims-ms-daemon"], on: "ims-ms", from: "tcp_local", content: content)
        #expect(store(instance).deliver(copy, to: 0).result == .delivered)
        let directory = "store/example.com/anna/new"
        let name = try #require(instance.scratch.names(directory).first)
        let text = try #require(instance.scratch.text("\(directory)/\(name)"))
        let added = "Return-path: <bob@remote.example>\nSubject: x\n\n"
        #expect(text.hasPrefix(added))
        #expect(text.utf8.count == added.utf8.count + 77 * 20_000)
        #expect(!text.utf8.contains(13))
    }

    /// A notification reads from any offset, also back.
    @Test func contentFromAnyOffset() async throws {
        let instance = try Instance()
        let bytes = (0..<1_000).map { UInt8($0 % 251) }
        let copy = try await instance.copy(["anna@ims-ms-daemon"], on: "ims-ms", from: "l", content: [bytes])
        let content = ReturnedContent(copy.stored.content)
        #expect(content.size == 1_000)
        for (offset, maximum) in [(0, 10), (500, 300), (100, 5_000), (999, 1), (1_000, 5), (2_000, 5), (0, 1_000)] {
            let read = try content.read(offset, maximum)
            #expect(read == Array(bytes.dropFirst(offset).prefix(maximum)), "\(offset) \(maximum)")
        }
    }
}
