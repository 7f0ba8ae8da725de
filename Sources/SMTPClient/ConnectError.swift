import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import SMTP

/// Words for errors of connecting, as a postmaster knows them.
enum ConnectError {
    static func words(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout: "connection timed out"
        case let error as NIOConnectionError: error.connectionErrors.first.map { words($0.error) } ?? "\(error)"
        case NIOSSLError.handshakeFailed(let error): tlsWords("\(error)")
        case let error as NIOSSLError: tlsWords("\(error)")
        default: "\(error)"
        }
    }

    private static func tlsWords(_ text: String) -> String {
        switch TLSErrorText.reason(text) {
        case "certificate verify failed": "the certificate of the server cannot be verified"
        case "wrong version number": "the server does not speak TLS"
        case let reason: reason ?? text
        }
    }
}

extension ConnectionFailure {
    /// What the end of a session means for the choice of hosts.
    init(_ failure: ClientSession.Failure, remote: String) {
        switch failure {
        case .refusedForGood(let reply):
            self.init(.permanent, status: reply.status, text: reply.text, remote: remote)
        case .refusedForNow(let reply):
            self.init(.temporary, status: reply.status, text: reply.text, remote: remote)
        case .connectionLost(let atEHLO):
            self.init(atEHLO ? .droppedAtEHLO : .temporary, status: "4.4.2", text: "connection lost", remote: remote)
        case .timedOut(let phase):
            self.init(
                phase == .banner ? .bannerTimedOut : .temporary, status: "4.4.2",
                text: "timeout while waiting for a reply",
                remote: remote)
            mayBeRepeated = false
        case .malformed(let text):
            self.init(.temporary, status: "4.5.0", text: "malformed reply: \(text)", remote: remote)
            mayBeRepeated = false
        case .tlsMissing(let text):
            self.init(.temporary, status: "4.7.5", text: "TLS is required: \(text)", remote: remote)
            mayBeRepeated = false
        case .authenticationMissing(let text):
            self.init(
                .temporary, status: "4.7.8", text: "authentication is required: \(text)", remote: remote)
            mayBeRepeated = false
        case .handshakeFailed(let text):
            self.init(.handshakeFailed, status: "4.7.5", text: text, remote: remote)
        case .loop:
            self.init(
                .loop, status: "5.4.6", text: "SMTP client-server loop: the host is this installation", remote: remote)
        }
    }
}
