import NIOCore
import NIOSSL
import SMTP

/// Stands between the socket and TLS and reads the cipher suite from the first record that comes.
final class ServerHelloReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let handler: NIOSSLClientHandler
    private var suite: String?
    private var isDone = false

    /// `handler`: of the same connection; tells the version.
    init(_ handler: NIOSSLClientHandler) { self.handler = handler }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isDone {
            isDone = true
            let record = unwrapInboundIn(data)
            suite = record.withUnsafeReadableBytes(TLSServerHello.cipherSuite).map(TLSServerHello.name)
        }
        context.fireChannelRead(data)
    }

    /// `TLSv1.3:TLS_AES_256_GCM_SHA384`, once the handshake is done.
    var description: String {
        let version: String? =
            switch handler.tlsVersion {
            case .tlsv13: "1.3"
            case .tlsv12: "1.2"
            default: nil
            }
        return TLSServerHello.description(version: version, suite: suite)
    }
}
