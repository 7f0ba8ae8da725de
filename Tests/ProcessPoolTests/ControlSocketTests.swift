import Glibc
import SystemCalls
import Testing

@testable import ProcessPool

@Suite struct ControlSocketTests {
    @Test func messageWithDescriptorPasses() throws {
        let (left, right) = try Sockets.sequencedPacketPair()
        var near = ControlSocket(owning: OwnedDescriptor(owning: left))
        var far = ControlSocket(owning: OwnedDescriptor(owning: right))
        let file = try OwnedDescriptor.open("/dev/null", O_RDONLY)
        try near.send(ControlMessage("CONN", ["id": "1"]), descriptor: file.number)
        let received = try far.receive()
        guard let incoming = received else {
            Issue.record("nothing came")
            return
        }
        #expect(incoming.message == ControlMessage("CONN", ["id": "1"]))
        let passed = incoming.descriptor != nil
        #expect(passed)
        let more = try far.receive() != nil
        #expect(!more)
    }

    @Test func queueIsBoundedAndKeepsOrder() throws {
        let (left, right) = try Sockets.sequencedPacketPair()
        var near = ControlSocket(owning: OwnedDescriptor(owning: left), queueLimit: 10)
        var far = ControlSocket(owning: OwnedDescriptor(owning: right))
        var sent = 0
        var failure: ControlSocket.Failure?
        while failure == nil, sent < 1_000_000 {
            do throws(ControlSocket.Failure) {
                try near.send(ControlMessage("PING", ["n": String(sent)]))
                sent += 1
            } catch { failure = error }
        }
        #expect(failure == .overflow(10))
        for expected in 0..<sent {
            if near.wantsToWrite { try near.flush() }
            let number = try far.receive()?.message.integer("n")
            #expect(number == expected)
        }
        let waits = near.wantsToWrite
        #expect(!waits)
    }

    /// A process that ends without having read everything has still said what it said.
    @Test func lastWordsAreHeard() throws {
        let (left, right) = try Sockets.sequencedPacketPair()
        var near = ControlSocket(owning: OwnedDescriptor(owning: left))
        try near.send(ControlMessage("PING", [:]))
        for number in 0..<3 {
            let message = try ControlMessage("DONE", ["id": String(number)]).encoded()
            _ = try message.withUnsafeBytes { try Sockets.send(right, $0) }
        }
        close(right)
        for number in 0..<3 {
            let message = try near.receive()?.message
            #expect(message == ControlMessage("DONE", ["id": String(number)]))
        }
        var failure: ControlSocket.Failure?
        do throws(ControlSocket.Failure) { _ = try near.receive() } catch { failure = error }
        #expect(failure == .closed)
    }

    @Test func garbageAndEndAreErrors() throws {
        let (left, right) = try Sockets.sequencedPacketPair()
        var far = ControlSocket(owning: OwnedDescriptor(owning: right))
        _ = try [UInt8](repeating: 7, count: 20).withUnsafeBytes { try Sockets.send(left, $0) }
        _ = try [UInt8](repeating: 0x41, count: 9000).withUnsafeBytes { try Sockets.send(left, $0) }
        close(left)
        var failures: [ControlSocket.Failure] = []
        for _ in 0..<3 {
            do throws(ControlSocket.Failure) { _ = try far.receive() } catch { failures.append(error) }
        }
        #expect(failures.count == 3)
        #expect(failures.last == .closed)
    }
}
