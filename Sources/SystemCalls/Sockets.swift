import CSystemCalls
import Glibc

/// Listening, accepting and passing sockets on.
package enum Sockets {
    /// What ``accept(_:)`` found.
    package enum Accepted {
        case connection(Int32, peer: SocketAddress)
        /// No connection waits.
        case none
        /// EMFILE or ENFILE: no descriptor is left.
        case outOfDescriptors
        case failed(SystemCallError)
    }

    /// A listening TCP socket. `address.host` empty: all addresses, IPv6 with IPv4 (dual stack), or IPv4 alone
    /// where there is no IPv6.
    package static func listen(_ address: SocketAddress, backlog: Int32) throws(SystemCallError) -> OwnedDescriptor {
        if address.host.isEmpty {
            do throws(SystemCallError) {
                return try listen(SocketAddress(host: "::", port: address.port), backlog: backlog)
            } catch {
                guard error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL else { throw error }
                return try listen(SocketAddress(host: "0.0.0.0", port: address.port), backlog: backlog)
            }
        }
        guard let (storage, length) = address.kernelForm else {
            throw SystemCallError(call: "bind", code: EINVAL, object: address.description)
        }
        let family = address.isIPv6 ? AF_INET6 : AF_INET
        let socket = OwnedDescriptor(
            owning: try checked("socket") { martlet_socket(family, Int32(SOCK_STREAM.rawValue), 1) })
        try set(socket.number, SOL_SOCKET, SO_REUSEADDR, 1)
        if address.isIPv6 { try set(socket.number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, address.host == "::" ? 0 : 1) }
        try withUnsafePointer(to: storage) { pointer throws(SystemCallError) in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer throws(SystemCallError) in
                _ = try checked("bind", address.description) { bind(socket.number, pointer, length) }
            }
        }
        try checked("listen", address.description) { Glibc.listen(socket.number, backlog) }
        return socket
    }

    /// Sets another depth for the queue of a socket that listens already.
    package static func listen(again socket: Int32, backlog: Int32) throws(SystemCallError) {
        try checked("listen") { Glibc.listen(socket, backlog) }
    }

    package static func isListening(_ socket: Int32) -> Bool {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0
    }

    package static func set(
        _ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32
    ) throws(SystemCallError) {
        var value = value
        try checked("setsockopt") { setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) }
    }

    /// accept4(2), never blocking when the listener is non-blocking.
    package static func accept(_ listener: Int32) -> Accepted {
        var storage = sockaddr_storage()
        var length = socklen_t(0)
        for _ in 0..<64 {
            let socket = martlet_accept(listener, &storage, &length)
            if socket >= 0 {
                return .connection(socket, peer: SocketAddress(storage) ?? SocketAddress(host: "", port: 0))
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            // Errors of the connection at hand, to be treated like EAGAIN by trying again (accept(2)).
            case ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH, EPERM: continue
            case EAGAIN: return .none
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .outOfDescriptors
            default: return .failed(.current("accept4"))
            }
        }
        return .none
    }

    /// The local address of a socket; host empty when it has none.
    package static func localAddress(_ socket: Int32) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        return result == 0
            ? SocketAddress(storage) ?? SocketAddress(host: "", port: 0) : SocketAddress(host: "", port: 0)
    }

    /// A connected pair of sequenced-packet sockets: one message sent is one message received.
    package static func sequencedPacketPair() throws(SystemCallError) -> (Int32, Int32) {
        var pair: (Int32, Int32) = (-1, -1)
        try withUnsafeMutablePointer(to: &pair) { pointer throws(SystemCallError) in
            try pointer.withMemoryRebound(to: Int32.self, capacity: 2) { pointer throws(SystemCallError) in
                _ = try checked("socketpair") { martlet_seqpacket_pair(pointer) }
            }
        }
        return pair
    }

    package static func setNonBlocking(_ descriptor: Int32, _ on: Bool = true) {
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK)
    }

    /// Sends one datagram, with one descriptor beside it when given. False when the socket's buffer is full.
    package static func send(
        _ socket: Int32, _ bytes: UnsafeRawBufferPointer, descriptor: Int32? = nil, wait: Bool = false
    ) throws(SystemCallError) -> Bool {
        let flags = wait ? 0 : Int32(MSG_DONTWAIT)
        while true {
            let sent = martlet_send_with_descriptor(socket, bytes.baseAddress, bytes.count, descriptor ?? -1, flags)
            if sent >= 0 { return true }
            switch errno {
            case EINTR: continue
            case EAGAIN: return false
            default: throw .current("sendmsg")
            }
        }
    }

    /// One received datagram: its length, and the descriptor that came with it, which the caller now owns.
    package enum Received {
        case message(count: Int, descriptor: Int32?, lost: Loss)
        /// Nothing waits.
        case none
        /// The other side is gone.
        case end
    }

    /// What of a datagram could not be received.
    package enum Loss {
        case nothing
        /// It was longer than the buffer.
        case bytes
        /// A descriptor came that could not be installed, because this process has no number left; the bytes are whole.
        case descriptor
    }

    package static func receive(
        _ socket: Int32, into buffer: UnsafeMutableRawBufferPointer, wait: Bool = false
    ) throws(SystemCallError) -> Received {
        var descriptor: Int32 = -1
        var truncated: Int32 = 0
        let flags = wait ? 0 : Int32(MSG_DONTWAIT)
        while true {
            let count = martlet_receive_with_descriptor(
                socket, buffer.baseAddress, buffer.count, &descriptor, &truncated, flags)
            if count > 0 {
                return .message(
                    count: count, descriptor: descriptor >= 0 ? descriptor : nil,
                    lost: truncated & 1 != 0 ? .bytes : truncated & 2 != 0 ? .descriptor : .nothing)
            }
            if count == 0 {
                if descriptor >= 0 { close(descriptor) }
                return .end
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .none
            case ECONNRESET, EPIPE: return .end
            default: throw .current("recvmsg")
            }
        }
    }

    /// User and process id of the process at the other end of a Unix socket.
    package static func peerCredentials(_ socket: Int32) throws(SystemCallError) -> (user: UInt32, process: Int32) {
        var user: UInt32 = 0
        var process: Int32 = 0
        try checked("getsockopt") { martlet_peer_credentials(socket, &user, &process) }
        return (user, process)
    }
}

/// Unix-domain sockets with a name in the file system; to connect, also `@name` of the abstract space (unix(7)).
package enum UnixSockets {
    package enum Kind { case stream, sequencedPacket, datagram }

    private static func create(_ kind: Kind) throws(SystemCallError) -> OwnedDescriptor {
        let type =
            switch kind {
            case .stream: SOCK_STREAM
            case .sequencedPacket: SOCK_SEQPACKET
            case .datagram: SOCK_DGRAM
            }
        return OwnedDescriptor(owning: try checked("socket") { martlet_socket(AF_UNIX, Int32(type.rawValue), 0) })
    }

    private static func withAddress<Value>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemCallError) -> Value
    ) throws(SystemCallError) -> Value {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 }
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemCallError(call: "bind", code: ENAMETOOLONG, object: path)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // An abstract name ends with the address, any other with its NUL.
        let length = isAbstract ? MemoryLayout<sa_family_t>.size + bytes.count : MemoryLayout<sockaddr_un>.size
        return try withUnsafePointer(to: address) { pointer throws(SystemCallError) in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer throws(SystemCallError) in
                try body(pointer, socklen_t(length))
            }
        }
    }

    /// A listening socket at `path`, mode 0660. A file left there by a dead process is replaced; the caller holds a
    /// lock that says that no live process uses it.
    package static func listen(_ path: String, _ kind: Kind) throws(SystemCallError) -> OwnedDescriptor {
        let socket = try create(kind)
        unlink(path)
        try withAddress(path) { pointer, length throws(SystemCallError) in
            _ = try checked("bind", path) { bind(socket.number, pointer, length) }
        }
        try checked("chmod", path) { chmod(path, 0o660) }
        try checked("listen", path) { Glibc.listen(socket.number, 64) }
        Sockets.setNonBlocking(socket.number)
        return socket
    }

    /// `timeoutSeconds`: how long connecting, sending and receiving wait at most, each; the error is then EAGAIN.
    package static func connect(
        _ path: String, _ kind: Kind, timeoutSeconds: Int? = nil
    ) throws(SystemCallError) -> OwnedDescriptor {
        let socket = try create(kind)
        if let timeoutSeconds {
            var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
            for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
                setsockopt(socket.number, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
            }
        }
        try withAddress(path) { pointer, length throws(SystemCallError) in
            _ = try checked("connect", path) { Glibc.connect(socket.number, pointer, length) }
        }
        return socket
    }

    /// A datagram socket without a name, non-blocking.
    package static func datagram() throws(SystemCallError) -> OwnedDescriptor {
        OwnedDescriptor(owning: try checked("socket") { martlet_socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 1) })
    }

    /// Sends one datagram to the socket at `path`; false when it is not there or does not take it at once.
    package static func send(_ bytes: [UInt8], from socket: Int32, to path: String) -> Bool {
        let sent = try? withAddress(path) { pointer, length throws(SystemCallError) in
            sendto(socket, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), pointer, length)
        }
        return sent == bytes.count
    }
}
