import Glibc
package import SystemCalls

/// One end of the SOCK_SEQPACKET pair between a supervisor and a process of its pool. Never blocks.
///
/// What cannot be sent at once waits in a bounded queue; a peer that does not read makes the queue overflow, and
/// that is an error after which the owner closes the socket.
package struct ControlSocket: ~Copyable, Sendable {
    /// Why something was not sent or received. Unless ``isShortage`` the socket is of no more use.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// The other side is gone.
        case closed
        /// The other side does not read: this many messages wait.
        case overflow(Int)
        case malformed(ControlMessageError)
        case system(SystemCallError)

        /// The system lacks something at the moment; the socket is as good as before.
        package var isShortage: Bool {
            if case .system(let error) = self { error.isShortage } else { false }
        }

        package var description: String {
            switch self {
            case .closed: "control socket closed by the other side"
            case .overflow(let count): "the other side does not read its control socket: \(count) messages wait"
            case .malformed(let error): error.description
            case .system(let error): error.description
            }
        }
    }

    /// A received message, with the descriptor that came beside it.
    package struct Incoming: ~Copyable {
        package var message: ControlMessage
        package var descriptor: OwnedDescriptor?
        /// A descriptor came, but this process has no number left for it. The message is whole.
        package var losesDescriptor = false
    }

    private struct Outgoing: Sendable {
        var bytes: [UInt8]
        /// A duplicate that this queue owns.
        var descriptor: Int32?
    }

    private let socket: OwnedDescriptor
    private let queueLimit: Int
    private var queue: [Outgoing] = []
    private var hasEnded = false
    private var buffer = [UInt8](repeating: 0, count: ControlMessage.maximumLength + 1)

    /// `queueLimit` is the most messages that may wait to be sent.
    package init(owning descriptor: consuming OwnedDescriptor, queueLimit: Int = 1024) {
        socket = descriptor
        self.queueLimit = queueLimit
        Sockets.setNonBlocking(socket.number)
    }

    deinit {
        for case let descriptor? in queue.map(\.descriptor) { close(descriptor) }
    }

    /// For a ``Poller``; stays owned by this value.
    package var descriptor: Int32 { socket.number }

    /// Ends the connection in both directions, so that the other side notices at once that no more can be expected.
    package func shutDown() {
        shutdown(socket.number, Int32(SHUT_RDWR))
    }

    /// True while messages wait: ask the poller for writability, then call ``flush()``.
    package var wantsToWrite: Bool { !queue.isEmpty }

    /// Sends, or queues when the socket is full. `descriptor` is passed beside the message and stays the caller's.
    package mutating func send(_ message: ControlMessage, descriptor: Int32? = nil) throws(Failure) {
        let bytes: [UInt8]
        do throws(ControlMessageError) { bytes = try message.encoded() } catch { throw .malformed(error) }
        if queue.isEmpty {
            do throws(Failure) {
                if try transmit(bytes, descriptor) { return }
            } catch {
                // A message alone can wait until there is memory again; a descriptor is the caller's to keep.
                guard error.isShortage, descriptor == nil else { throw error }
            }
        }
        guard queue.count < queueLimit else { throw .overflow(queue.count) }
        var duplicate: Int32?
        if let descriptor {
            do throws(SystemCallError) {
                duplicate = try checked("fcntl") { fcntl(descriptor, F_DUPFD_CLOEXEC, 4) }
            } catch { throw .system(error) }
        }
        queue.append(Outgoing(bytes: bytes, descriptor: duplicate))
    }

    /// What waits, for a successor of this program: descriptors stay this value's.
    package var unsent: [(bytes: [UInt8], descriptor: Int32?)] { queue.map { ($0.bytes, $0.descriptor) } }

    /// Queues what a former program could not send; owns the descriptor from now on.
    package mutating func resume(_ bytes: [UInt8], descriptor: Int32?) {
        queue.append(Outgoing(bytes: bytes, descriptor: descriptor))
    }

    /// Sends what waits, as far as the socket and the memory of the system take it.
    package mutating func flush() throws(Failure) {
        var sent = 0
        defer { queue.removeFirst(sent) }
        while sent < queue.count {
            do throws(Failure) {
                guard try transmit(queue[sent].bytes, queue[sent].descriptor) else { return }
            } catch {
                if error.isShortage { return }
                throw error
            }
            if let descriptor = queue[sent].descriptor { close(descriptor) }
            sent += 1
        }
    }

    private func transmit(_ bytes: [UInt8], _ descriptor: Int32?) throws(Failure) -> Bool {
        let number = socket.number
        let result = bytes.withUnsafeBytes { bytes -> Result<Bool, SystemCallError> in
            do throws(SystemCallError) {
                return .success(try Sockets.send(number, bytes, descriptor: descriptor))
            } catch { return .failure(error) }
        }
        switch result {
        case .success(let sent): return sent
        case .failure(let error):
            throw error.code == EPIPE || error.code == ECONNRESET ? .closed : .system(error)
        }
    }

    /// The next message; nil when none waits. Bytes that are no message are an error: the owner cuts the peer off.
    package mutating func receive() throws(Failure) -> Incoming? {
        let number = socket.number
        let result = buffer.withUnsafeMutableBytes { bytes -> Result<Sockets.Received, SystemCallError> in
            do throws(SystemCallError) {
                return .success(try Sockets.receive(number, into: bytes))
            } catch { return .failure(error) }
        }
        switch result {
        case .failure(let error): throw .system(error)
        case .success(.none): return nil
        case .success(.end):
            // When the other side went without having read everything, ECONNRESET comes once before what it had sent.
            if hasEnded { throw .closed }
            hasEnded = true
            return try receive()
        case .success(.message(let count, let passed, let loss)):
            let descriptor = passed.map { OwnedDescriptor(owning: $0) }
            if case .bytes = loss { throw .malformed(.tooLong(count)) }
            do throws(ControlMessageError) {
                let message = try buffer.withUnsafeBufferPointer { bytes throws(ControlMessageError) in
                    try ControlMessage(UnsafeBufferPointer(rebasing: bytes.prefix(count)))
                }
                return Incoming(message: message, descriptor: descriptor, losesDescriptor: loss == .descriptor)
            } catch { throw .malformed(error) }
        }
    }
}
