import Glibc
import Testing

@testable import Spool

@Suite struct WriterSlotTests {
    @Test func livingHoldersHaveDifferentSlots() throws {
        var template = Array("/tmp/martlet-slots-XXXXXX".utf8CString)
        #expect(mkdtemp(&template) != nil)
        let queue = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            for number in 0..<3 { unlink("\(queue)/writers/\(number)") }
            rmdir("\(queue)/writers")
            rmdir(queue)
        }
        let first = try WriterSlot(queue: queue)
        do {
            let second = try WriterSlot(queue: queue)
            #expect(second.number == 1)
        }
        let third = try WriterSlot(queue: queue)
        #expect(first.number == 0 && third.number == 1)
        // The second holder of slot 1 makes other ids than the first.
        #expect(first.generation == 0 && third.generation == 1)
    }
}
