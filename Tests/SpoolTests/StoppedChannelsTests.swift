import Spool
import SystemCalls
import Testing

@Suite struct StoppedChannelsTests {
    /// What the operator was told had failed must not come into force with the next change.
    @Test func aChangeThatCannotBeWrittenIsNone() throws {
        let queue = try TemporaryQueue()
        var stopped = StoppedChannels([.init("tcp_a")])
        let before = stopped
        #expect(throws: SystemCallError.self) {
            try stopped.set(.init("tcp_b"), isStopped: true, path: queue.path + "/none/stopped")
        }
        #expect(throws: SystemCallError.self) {
            try stopped.set(.init("tcp_a"), isStopped: false, path: queue.path + "/none/stopped")
        }
        #expect(stopped == before)
        try stopped.set(.init("tcp_b"), isStopped: true, path: queue.path + "/stopped")
        #expect(StoppedChannels(path: queue.path + "/stopped").names == ["tcp_a", "tcp_b"])
    }
}
