import Channels
import Configuration
import Envelope
import Spool

/// Keyword `master_debug` for programs without a dialogue: what came of each recipient of a copy, in the program's log
/// (channels specification, 4.14).
struct DeliveryTrace {
    private let lines: [String]

    /// Nil unless the channel is traced; with `reprocess` the channel that has put the message there decides too.
    init?(_ copy: ChannelProgram.Copy, _ outcomes: [RecipientOutcome], _ channel: Channel, _ channels: ChannelTable) {
        let message = copy.stored.message
        let isTraced =
            channel.isMasterDebugging
            || channel.name.hasPrefix("reprocess")
                && channels.channel(named: message.sourceChannel)?.isMasterDebugging == true
        guard isTraced else { return nil }
        let name = "\(message.id)/\(copy.number)"
        lines =
            [
                "\(name) from <\(message.sender)> of channel \(message.sourceChannel), \(copy.stored.content.size) octets,"
                    + " attempt \(copy.attempts + 1)"
            ]
            + outcomes.map { outcome in
                let recipients = copy.entry.recipients
                let address =
                    recipients.indices.contains(outcome.recipient) ? recipients[outcome.recipient].address : "?"
                return "\(name) to <\(address)>: \(outcome.result) \(outcome.status) \(outcome.text)"
            }
    }

    /// Without control characters, which a sender could put into an address.
    func write(_ say: (String) -> Void) {
        for line in lines {
            say(
                String(
                    String.UnicodeScalarView(line.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : $0 })))
        }
    }
}
