import NIOCore
import SMTP

/// Stands between TLS and the socket and reads the cipher suite from the first record that is written.
final class ServerHelloObserver: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// As ``TLSServerHello/name(_:)``; nil before the handshake.
    private(set) var suite: String?
    private var isDone = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if !isDone {
            isDone = true
            suite = unwrapOutboundIn(data).withUnsafeReadableBytes(TLSServerHello.cipherSuite).map(TLSServerHello.name)
        }
        context.write(data, promise: promise)
    }
}
