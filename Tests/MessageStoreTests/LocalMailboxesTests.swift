import InternetMessage
import SystemCalls
import Testing

@testable import MessageStore

/// Channel-programs specification, 3: "A recipient it cannot map to a local mailbox is refused 550 5.1.1, never relayed."
@Suite struct LocalMailboxesTests {
    private func find(
        _ address: String, existing: [String] = [], directory: (String) -> LocalMailboxes.Known = { _ in .unknown }
    ) throws -> LocalMailboxes.Answer {
        let scratch = try Scratch()
        for mailbox in existing { try Maildir("\(scratch.path)/\(mailbox)").create() }
        let mailboxes = LocalMailboxes(
            root: scratch.path, defaultDomain: "example.com", storeHosts: ["ims-ms-daemon", "lmtpcs-daemon"])
        return mailboxes.find(try #require(Mailbox(address)), directory: directory)
    }

    private static func known(_ address: String) -> LocalMailboxes.Known {
        switch address {
        case "anna@example.com", "anna.smith@example.com": .user(name: "anna", domain: "example.com")
        case "bert@hosted.example": .user(name: "bert", domain: "hosted.example")
        case "closed@example.com": .closed
        default: .unknown
        }
    }

    @Test(arguments: [
        ("anna@example.com", "example.com/anna"), ("anna+list@example.com", "example.com/anna"),
        ("anna@ims-ms-daemon", "example.com/anna"), ("anna@LMTPCS-daemon", "example.com/anna"),
        ("bert%hosted.example@ims-ms-daemon", "hosted.example/bert"), ("bert@hosted.example", "hosted.example/bert"),
        ("bert%hosted.example+x@lmtpcs-daemon", "hosted.example/bert"),
        ("anna.smith@example.com", "example.com/anna"),
    ])
    func ofTheDirectory(address: String, mailbox: String) throws {
        guard case .mailbox(let name) = try find(address, directory: Self.known) else {
            Issue.record("\(address) is not found")
            return
        }
        #expect(name.directory(below: "") == "/" + mailbox)
    }

    @Test(arguments: ["cora@example.com", "anna@hosted.example", "anna@elsewhere.example", "\"../anna\"@example.com"])
    func unknown(address: String) throws {
        #expect(try find(address, directory: Self.known) == .unknown)
    }

    @Test func onDisk() throws {
        let expected = try #require(MailboxName(user: "dora", domain: "store.example"))
        let existing = ["store.example/dora"]
        #expect(try find("dora@store.example", existing: existing) == .mailbox(expected))
        #expect(try find("dora+work@store.example", existing: existing) == .mailbox(expected))
        // What is there can be had while the directory cannot.
        #expect(try find("dora@store.example", existing: existing) { _ in .unavailable } == .mailbox(expected))
        #expect(try find("emil@store.example", existing: existing) { _ in .unavailable } == .unavailable)
        #expect(try find("closed@example.com", existing: ["example.com/closed"], directory: Self.known) == .closed)
    }

    @Test func failures() {
        #expect(StoreFailure(SystemCallError(call: "write", code: 28, object: "x")).status == "4.2.2")
        #expect(StoreFailure(SystemCallError(call: "write", code: 5, object: "x")).status == "4.3.0")
    }
}
