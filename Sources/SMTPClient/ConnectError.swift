import Glibc
import NIOCore
import NIOPosix
import SMTP

/// Words for errors of connecting, as a postmaster knows them.
enum ConnectError {
    static func words(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout: "connection timed out"
        case let error as NIOConnectionError: error.connectionErrors.first.map { words($0.error) } ?? "\(error)"
        default: "\(error)"
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
        case .loop:
            self.init(
                .loop, status: "5.4.6", text: "SMTP client-server loop: the host is this installation", remote: remote)
        }
    }
}
