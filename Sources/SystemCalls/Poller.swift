import CSystemCalls
import Glibc

/// epoll(7): which of many descriptors are ready. Used by the accept loop and by the supervisors.
package struct Poller: ~Copyable {
    /// What is ready on a descriptor.
    package struct Event {
        /// The value given at ``Poller/add(_:events:token:)``.
        package var token: UInt64
        package var isReadable: Bool
        package var isWritable: Bool
        /// The other side is gone, or the descriptor is in error.
        package var isClosed: Bool
    }

    /// What to wait for.
    package struct Interest: OptionSet {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let readable = Interest(rawValue: EPOLLIN.rawValue)
        package static let writable = Interest(rawValue: EPOLLOUT.rawValue)
    }

    private let epoll: OwnedDescriptor
    private var tokens = [UInt64](repeating: 0, count: 64)
    private var events = [UInt32](repeating: 0, count: 64)

    package init() throws(SystemCallError) {
        epoll = OwnedDescriptor(owning: try checked("epoll_create1") { martlet_epoll_create() })
    }

    package func add(_ descriptor: Int32, _ interest: Interest = .readable, token: UInt64) throws(SystemCallError) {
        try checked("epoll_ctl") {
            martlet_epoll_change(epoll.number, EPOLL_CTL_ADD, descriptor, interest.rawValue, token)
        }
    }

    package func change(_ descriptor: Int32, _ interest: Interest, token: UInt64) throws(SystemCallError) {
        try checked("epoll_ctl") {
            martlet_epoll_change(epoll.number, EPOLL_CTL_MOD, descriptor, interest.rawValue, token)
        }
    }

    package func remove(_ descriptor: Int32) {
        _ = martlet_epoll_change(epoll.number, EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    /// Waits for at most `milliseconds` (-1: for ever) and calls `body` for each ready descriptor, at most 64.
    package mutating func wait(milliseconds: Int32, _ body: (Event) -> Void) throws(SystemCallError) {
        let count = martlet_epoll_wait(epoll.number, &tokens, &events, 64, milliseconds)
        if count < 0 {
            if errno == EINTR { return }
            throw .current("epoll_wait")
        }
        for index in 0..<Int(count) {
            let flags = events[index]
            body(
                Event(
                    token: tokens[index],
                    isReadable: flags & EPOLLIN.rawValue != 0,
                    isWritable: flags & EPOLLOUT.rawValue != 0,
                    isClosed: flags & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0))
        }
    }
}

/// An eventfd that any thread may ring to end a ``Poller/wait(milliseconds:_:)``.
package final class Wakeup: Sendable {
    private let event: OwnedDescriptor

    package init() throws(SystemCallError) {
        event = try OwnedDescriptor.event()
    }

    package var descriptor: Int32 { event.number }

    package func ring() {
        var one: UInt64 = 1
        _ = write(event.number, &one, 8)
    }

    package func clear() {
        var count: UInt64 = 0
        _ = read(event.number, &count, 8)
    }
}
