import Testing

@testable import ProcessPool

@Suite struct ControlMessageTests {
    @Test(arguments: [
        (ControlMessage("REDY"), "REDY\n"),
        (ControlMessage("ACPT", ["id": "7"]), "ACPT\nid=7\n"),
        (
            ControlMessage("DONE", groups: [["id": "1", "reason": "a=b"], ["id": "2"]]),
            "DONE\nid=1\nreason=a=b\n\nid=2\n"
        ),
        (ControlMessage("CONN", ["ident": "", "log": "grün"]), "CONN\nident=\nlog=grün\n"),
    ])
    func writtenAndRead(message: ControlMessage, wire: String) throws {
        #expect(String(decoding: try message.encoded(), as: UTF8.self) == wire)
        #expect(try ControlMessage(bytes: Array(wire.utf8)) == message)
    }

    @Test(arguments: ["REDY", "REDY\n", "ACPT\nid=7", "ACPT\nid=7\n\nid=8"])
    func lastLineNeedsNoLineFeed(wire: String) throws {
        let message = try ControlMessage(bytes: Array(wire.utf8))
        #expect(message.groups.count == (wire.contains("8") ? 2 : 1))
    }

    @Test(arguments: [
        "", "RED", "redy", "REDYx", "REDY x=1", "ACPT\nid", "ACPT\n=7\n", "ACPT\nid=\u{0}\n", "12345",
    ])
    func garbageIsRefused(wire: String) {
        #expect(throws: ControlMessageError.self) { try ControlMessage(bytes: Array(wire.utf8)) }
    }

    @Test func notUTF8IsRefused() {
        #expect(throws: ControlMessageError.self) {
            try ControlMessage(bytes: Array("ACPT\nid=".utf8) + [0xFF, 0xFE])
        }
    }

    @Test func neverTraps() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("ACPT\n\n\n=id7\u{0}é".utf8) + [0xFF]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in alphabet.randomElement() ?? 0 }
            guard let message = try? ControlMessage(bytes: bytes) else { continue }
            #expect((try? ControlMessage(bytes: message.encoded())) == message)
        }
    }

    @Test(arguments: [("a", "x\ny"), ("a", "x\u{0}"), ("a=b", "x"), ("", "x"), ("a\n", "x")])
    func unsendableFieldsAreRefused(key: String, value: String) {
        var fields = Fields()
        fields.append(key, value)
        #expect(throws: ControlMessageError.self) { try ControlMessage("CONN", fields).encoded() }
    }

    @Test func lengthIsBounded() {
        let long = ControlMessage("CONN", ["log": String(repeating: "x", count: 8192)])
        #expect(throws: ControlMessageError.self) { try long.encoded() }
        #expect(throws: ControlMessageError.tooLong(8193)) {
            try ControlMessage(bytes: [UInt8](repeating: 0x41, count: 8193))
        }
    }
}
