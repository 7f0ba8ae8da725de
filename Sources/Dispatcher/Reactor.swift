import SystemCalls

/// Who a ready descriptor belongs to; travels through epoll as 64 bits.
enum EventSource: Hashable {
    case signals
    case commands
    case commandClient(Int)
    case listener(service: Int, port: Int)
    case worker(service: Int, number: Int)
    case workerExit(service: Int, number: Int)
    /// Answers of DNS lists.
    case lists
    case ident(Int)

    var token: UInt64 {
        switch self {
        case .signals: 0
        case .commands: 1
        case .commandClient(let number): Self.token(2, 0, number)
        case .listener(let service, let port): Self.token(3, service, port)
        case .worker(let service, let number): Self.token(4, service, number)
        case .workerExit(let service, let number): Self.token(5, service, number)
        case .lists: 6
        case .ident(let number): Self.token(7, 0, number)
        }
    }

    init?(token: UInt64) {
        let service = Int(token >> 8 & 0xFFFF)
        let number = Int(token >> 24)
        switch token & 0xFF {
        case 0: self = .signals
        case 1: self = .commands
        case 2: self = .commandClient(number)
        case 3: self = .listener(service: service, port: number)
        case 4: self = .worker(service: service, number: number)
        case 5: self = .workerExit(service: service, number: number)
        case 6: self = .lists
        case 7: self = .ident(number)
        default: return nil
        }
    }

    /// 8 bits of kind, 16 of service, 40 of number.
    private static func token(_ kind: UInt64, _ service: Int, _ number: Int) -> UInt64 {
        kind | UInt64(truncatingIfNeeded: service & 0xFFFF) << 8 | UInt64(truncatingIfNeeded: number) << 24
    }
}

/// The one epoll of the Dispatcher. Confined to its thread.
final class Reactor {
    private var poller: Poller

    init() throws(SystemCallError) {
        poller = try Poller()
    }

    func watch(_ descriptor: Int32, _ source: EventSource) throws(SystemCallError) {
        try poller.add(descriptor, token: source.token)
    }

    /// Also waits for room to write, or no longer.
    func watchWriting(_ descriptor: Int32, _ source: EventSource, _ on: Bool) {
        try? poller.change(descriptor, on ? [.readable, .writable] : .readable, token: source.token)
    }

    func forget(_ descriptor: Int32) {
        poller.remove(descriptor)
    }

    /// Ready descriptors; the array is filled before anything is done, because what is done changes the epoll.
    func wait(milliseconds: Int32, into ready: inout [(source: EventSource, event: Poller.Event)])
        throws(SystemCallError)
    {
        ready.removeAll(keepingCapacity: true)
        try poller.wait(milliseconds: milliseconds) { event in
            if let source = EventSource(token: event.token) { ready.append((source, event)) }
        }
    }
}
