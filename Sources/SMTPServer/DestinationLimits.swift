import Channels
import Configuration
import Enqueue
import SMTP

/// What the destination channels of a message allow, looked at once its size is known (channels specification, 5:
/// `blocklimit`, `linelimit`; MTA option `line_limit`).
struct DestinationLimits {
    let configuration: MTAConfiguration

    /// The refusal of the whole message; nil when every recipient's channel takes it. A copy for the bitbucket goes
    /// nowhere.
    func refusal(_ recipients: [RoutedRecipient], octets: Int64, lines: Int64) -> Reply? {
        let mta = configuration.mta
        if mta.lineLimit > 0, lines > Int64(mta.lineLimit) { return Self.tooManyLines(mta.lineLimit) }
        var seen: Set<String> = []
        for recipient in recipients where seen.insert(recipient.channel).inserted {
            guard let channel = configuration.channels.channel(named: recipient.channel), channel.name != "bitbucket"
            else { continue }
            switch channel.exceededSizeLimit(octets: octets, lines: lines, blockSize: mta.blockSize) {
            case .octets(let allowed): return .sizeLimitExceeded(Int64(allowed))
            case .lines(let allowed): return Self.tooManyLines(allowed)
            case nil: break
            }
        }
        return nil
    }

    private static func tooManyLines(_ limit: Int) -> Reply {
        Reply(552, "5.3.4", "channel limit of \(limit) lines on message size exceeded")
    }
}
