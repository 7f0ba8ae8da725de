import Channels
import DNS
import Enqueue
import InternetMessage
import NIOCore
import SMTP
import SPF
import SystemCalls

/// The name of the client's address: looked up before the banner where the channel's `ident…` keyword says so, for
/// `Received:` and for switching the channel (channels specification, 4.10 and 6.2).
extension SMTPConnection {
    /// After this the session begins without the name.
    private static let nameLimit = TimeAmount.seconds(30)

    /// Learns the name, switches by it, and goes on with `next`.
    func identify(_ next: @escaping (SMTPConnection) -> Void) {
        guard let address = SPFAddress(handed.remoteAddress.host) else { return next(self) }
        let check = ReverseNameCheck(address, forward: channel.forwardCheck)
        wait(
            Self.nameLimit, otherwise: .unknown,
            { (connection, name: ReceivedField.ReverseName) in
                connection.reverseName = name
                connection.switchByName()
                next(connection)
            }
        ) { resolver, done in resolver.run(check, done) }
    }

    /// The name, when the address itself led to no other channel. One that is marked as doubtful does not count.
    func switchByName() {
        guard case .name(let name) = reverseName, ReverseNameCheck.isHostName(name),
            channel.name == context.initialChannel.name
        else { return }
        let found = context.switching.atConnect(
            initial: context.initialChannel, checksSource: context.checksSource, byAddress: nil,
            byName: { context.router.channel(ofClientLiteral: name) })
        guard found.name != channel.name else { return }
        channel = found
        setOptions(usesTLS: session.options.usesTLS)
    }

    /// What `Received:` says about the client (smtp specification, 8.2). CHECK_SOURCE 0 leaves the comment out.
    var clientOrigin: ReceivedField.Origin {
        var address = context.checksSource ? handed.remoteAddress.host : ""
        // Most channels look no name up; the keywords of the others are asked, as the channel may have changed.
        guard context.checksSource, reverseName != .notLookedUp, case let shown = channel.identification,
            shown.showsName
        else { return .client(helo: helo, reverseName: .notLookedUp, address: address) }
        if !shown.showsAddress, case .name = reverseName { address = "" }
        return .client(helo: helo, reverseName: reverseName, address: address)
    }
}
