import Testing

@testable import MessageStore

/// Channel-programs specification, 5.
@Suite struct MailboxNameTests {
    @Test(arguments: [
        ("anna@ims-ms-daemon", "store/example.com/anna"), ("jdoe%sesta.com@ims-ms-daemon", "store/sesta.com/jdoe"),
        ("jdoe%SESTA.com@ims-ms-daemon", "store/sesta.com/jdoe"),
        ("anna+lists@ims-ms-daemon", "store/example.com/anna"),
        ("anna+@ims-ms-daemon", "store/example.com/anna"), ("anna+a+b@ims-ms-daemon", "store/example.com/anna"),
        ("jdoe%sesta.com+lists@ims-ms-daemon", "store/sesta.com/jdoe"),
        ("+odd@ims-ms-daemon", "store/example.com/+odd"),
        // What stands behind the plus is the sender's and leads nowhere.
        ("anna+50%off@ims-ms-daemon", "store/example.com/anna"),
        ("anna+x%sesta.com@ims-ms-daemon", "store/example.com/anna"),
        ("\"anna+../../x\"@ims-ms-daemon", "store/example.com/anna"),
        ("\"anna+ b\"@ims-ms-daemon", "store/example.com/anna"),
        ("a.b@ims-ms-daemon", "store/example.com/a.b"), ("\"a b\"@ims-ms-daemon", "store/example.com/a b"),
        ("anna", "store/example.com/anna"),
    ])
    func directory(_ recipient: String, _ directory: String) {
        let name = MailboxName(recipient: recipient, defaultDomain: "example.com")
        #expect(name?.directory(below: "store") == directory)
        #expect(name?.directory(below: "store/") == directory)
    }

    @Test(arguments: [
        "\"../x\"@ims-ms-daemon", "\"a/b\"@ims-ms-daemon", "\".x\"@ims-ms-daemon", "\"..\"@ims-ms-daemon",
        "\".\"@ims-ms-daemon", "\"\"@ims-ms-daemon", "\"a\u{0}b\"@ims-ms-daemon", "a/b@ims-ms-daemon",
        "\"anna%../x\"@ims-ms-daemon", "\"anna%..\"@ims-ms-daemon", "\"anna%.x\"@ims-ms-daemon", "anna%@ims-ms-daemon",
        "%sesta.com@ims-ms-daemon", "\"a\rb\"@ims-ms-daemon", "\"a\u{7F}\"@ims-ms-daemon", "", "@", "<>",
        "anna%a/b@ims-ms-daemon", "\"../x+detail\"@ims-ms-daemon",
    ])
    func hostileNames(_ recipient: String) {
        #expect(MailboxName(recipient: recipient, defaultDomain: "example.com") == nil)
    }

    @Test func longNames() {
        let long = String(repeating: "a", count: 201)
        #expect(MailboxName(recipient: "\(long)@ims-ms-daemon", defaultDomain: "example.com") == nil)
        #expect(MailboxName(recipient: "\(long.dropLast())@ims-ms-daemon", defaultDomain: "example.com") != nil)
    }
}
