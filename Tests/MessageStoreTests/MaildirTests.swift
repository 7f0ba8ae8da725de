import Glibc
import SystemCalls
import Testing

@testable import MessageStore

@Suite struct MaildirTests {
    @Test func visibleOnlyWhenComplete() throws {
        let scratch = try Scratch()
        let maildir = Maildir("\(scratch.path)/example.com/anna")
        var delivery = try maildir.deliver(name: "1.M1E0R0.host")
        try delivery.append(Array("Subject: x\r\n\r\n".utf8))
        #expect(scratch.names("example.com/anna") == ["cur", "new", "tmp"])
        #expect(scratch.names("example.com/anna/new").isEmpty)
        #expect(scratch.names("example.com/anna/tmp") == ["\(getpid())_1.M1E0R0.host"])
        try delivery.append(Array("body\r\n".utf8))
        try delivery.finish()
        #expect(scratch.names("example.com/anna/tmp").isEmpty)
        #expect(scratch.names("example.com/anna/new") == ["1.M1E0R0.host"])
        #expect(scratch.text("example.com/anna/new/1.M1E0R0.host") == "Subject: x\n\nbody\n")
        var information = stat()
        stat("\(scratch.path)/example.com/anna/new/1.M1E0R0.host", &information)
        #expect(information.st_mode & 0o777 == 0o600)
    }

    @Test func sameNameReplaces() throws {
        let scratch = try Scratch()
        let maildir = Maildir("\(scratch.path)/anna")
        for text in ["first, and longer", "second"] {
            var delivery = try maildir.deliver(name: "n")
            try delivery.append(Array(text.utf8))
            try delivery.finish()
        }
        #expect(scratch.names("anna/new") == ["n"])
        #expect(scratch.text("anna/new/n") == "second")
    }

    /// What a crash left in `tmp` is written over.
    @Test func leftover() throws {
        let scratch = try Scratch()
        let maildir = Maildir("\(scratch.path)/anna")
        try maildir.create()
        try maildir.create()
        try Files.replace("\(scratch.path)/anna/tmp/\(getpid())_n", with: Array("a long left-over".utf8))
        var delivery = try maildir.deliver(name: "n")
        try delivery.append(Array("new".utf8))
        try delivery.finish()
        #expect(scratch.text("anna/new/n") == "new")
    }

    /// A mailbox whose making was interrupted is completed.
    @Test(arguments: [["cur"], ["cur", "new"], []])
    func interruptedCreation(_ parts: [String]) throws {
        let scratch = try Scratch()
        for part in parts { try Files.createDirectory("\(scratch.path)/anna/\(part)") }
        var delivery = try Maildir("\(scratch.path)/anna").deliver(name: "n")
        try delivery.append([65])
        try delivery.finish()
        #expect(scratch.names("anna/new") == ["n"])
    }

    @Test func nothingIsLeftAfterAFailure() throws {
        let scratch = try Scratch()
        let maildir = Maildir("\(scratch.path)/anna")
        let abandoned = try maildir.deliver(name: "a")
        abandoned.abandon()
        // The name in `new` is taken by a directory: the rename fails.
        try Files.createDirectory("\(scratch.path)/anna/new/b")
        let failure = Self.failure { () throws(SystemCallError) in
            var blocked = try maildir.deliver(name: "b")
            try blocked.append([65])
            try blocked.finish()
        }
        #expect(failure?.call == "rename")
        #expect(scratch.names("anna/tmp").isEmpty)
        #expect(scratch.names("anna/new") == ["b"])
    }

    @Test func fullDisk() throws {
        let scratch = try Scratch()
        let maildir = Maildir("\(scratch.path)/anna")
        try maildir.create()
        symlink("/dev/full", "\(scratch.path)/anna/tmp/\(getpid())_n")
        var delivery = try maildir.deliver(name: "n")
        do throws(SystemCallError) {
            try delivery.append([65])
            Issue.record("written to a full disk")
        } catch {
            #expect(error.isOutOfSpace)
        }
        delivery.abandon()
        #expect(scratch.names("anna/tmp").isEmpty)
        #expect(scratch.names("anna/new").isEmpty)
    }

    @Test func mailboxThatCannotBeMade() throws {
        let scratch = try Scratch()
        try Files.replace("\(scratch.path)/anna", with: [])
        #expect(
            Self.failure { () throws(SystemCallError) in
                let delivery = try Maildir("\(scratch.path)/anna").deliver(name: "n")
                delivery.abandon()
            }?.code == ENOTDIR)
    }

    private static func failure(_ body: () throws(SystemCallError) -> Void) -> SystemCallError? {
        do throws(SystemCallError) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}

@Suite struct LineEndConversionTests {
    private static func convert(_ chunks: [ArraySlice<UInt8>]) -> String {
        var conversion = LineEndConversion()
        var output: [UInt8] = []
        for chunk in chunks { output += conversion.convert(Array(chunk)) }
        return String(decoding: output + conversion.rest, as: UTF8.self)
    }

    /// Every way to cut the text into three chunks, empty ones included.
    @Test(arguments: [
        ("", ""), ("a", "a"), ("\r\n", "\n"), ("\n", "\n"), ("\r", "\r"), ("a\r\nb\r\n", "a\nb\n"),
        ("\r\r\n", "\r\n"), ("\r\n\r\n", "\n\n"), ("a\rb\r", "a\rb\r"), ("\r\r\r", "\r\r\r"), ("\n\r\n\r", "\n\n\r"),
        ("\r\n.\r\n\n\r\r\n", "\n.\n\n\r\n"), ("x\0\r\ny", "x\0\ny"),
    ])
    func splits(_ text: String, _ expected: String) {
        let bytes = Array(text.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let chunks = [bytes[..<first], bytes[first..<second], bytes[second...]]
                #expect(Self.convert(chunks) == expected)
            }
        }
        let octets: [ArraySlice<UInt8>] = bytes.map { [$0] }
        #expect(Self.convert(octets) == expected)
    }
}
