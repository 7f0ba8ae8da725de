import CSystemCalls
import Glibc

extension Sockets {
    /// Begins a TCP connection from `local` (any port) to `remote` without waiting: the socket becomes writable when it
    /// is made, or is closed when it cannot be. Throws what is known at once.
    package static func beginConnection(
        from local: String, to remote: SocketAddress
    ) throws(SystemCallError) -> OwnedDescriptor {
        let source = SocketAddress(host: local, port: 0)
        guard let from = source.kernelForm, let to = remote.kernelForm, source.isIPv6 == remote.isIPv6 else {
            throw SystemCallError(call: "connect", code: EINVAL, object: remote.description)
        }
        let socket = OwnedDescriptor(
            owning: try checked("socket") {
                martlet_socket(remote.isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 1)
            })
        try withKernelForm(from) { pointer, length throws(SystemCallError) in
            _ = try checked("bind", source.description) { bind(socket.number, pointer, length) }
        }
        try withKernelForm(to) { pointer, length throws(SystemCallError) in
            if connect(socket.number, pointer, length) != 0, errno != EINPROGRESS {
                throw .current("connect", remote.description)
            }
        }
        return socket
    }

    private static func withKernelForm(
        _ form: (storage: sockaddr_storage, length: socklen_t),
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        try withUnsafePointer(to: form.storage) { pointer throws(SystemCallError) in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer throws(SystemCallError) in
                try body(pointer, form.length)
            }
        }
    }

    /// What waits to be read on a socket, without taking it.
    package enum Input: Hashable, Sendable { case nothing, something, end }

    /// Looks at a socket without waiting.
    package static func peek(_ socket: Int32) -> Input {
        var byte: UInt8 = 0
        let count = recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        if count > 0 { return .something }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .end
    }
}
