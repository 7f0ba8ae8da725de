import SystemCalls
import Testing

@testable import Spool

@Suite struct SpoolErrorTests {
    @Test func aFullDiskIsRecognised() {
        let full = SpoolError(SystemCallError(call: "pwritev", code: 28, object: "a.seg"), doing: "append")
        #expect(full.isOutOfSpace)
        #expect(full.description.hasPrefix("cannot append: pwritev a.seg"))
        #expect(!SpoolError(SystemCallError(call: "fdatasync", code: 5), doing: "append").isOutOfSpace)
    }
}
