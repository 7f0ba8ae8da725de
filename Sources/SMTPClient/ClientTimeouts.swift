import NIOCore

/// How long the client waits, in seconds (SMTP specification, 11.2). The options are in minutes unless
/// TIMEOUT_MULTIPLIER says otherwise.
package struct ClientTimeouts: Hashable, Sendable {
    /// Until the TCP connection stands (RFC 5321 has no number; RFC 1123 section 5.3.2 leaves it to the system).
    package var connect = 30.0
    /// Sending commands, while the connection takes no more.
    package var transmit = 600.0
    package var mailTransmit = 600.0
    package var recipientTransmit = 600.0
    /// Sending message data, without progress.
    package var dataTransmit = 600.0
    /// Sending the end of the data, while the connection takes no more.
    package var dotTransmit = 600.0
    /// The banner, the reply to EHLO and to other commands.
    package var status = 600.0
    package var mail = 600.0
    package var recipient = 600.0
    /// Reply to the final dot, before what ``dataReply(recipients:blocks:)`` adds.
    package var data = 600.0
    package var dataPerRecipient = 5.0
    package var dataPerBlock = 0.1
    package var dataPerRecipientAndBlock = 0.2
    /// A connection without work is closed with QUIT after this.
    package var idle = 3.0
    /// The reply to QUIT.
    package var quit = 5.0

    package init() {}

    /// Reads the channel options, names in lower case. A value that is not a number above 0 leaves the default.
    package init(options: [String: String]) {
        let unit = Self.number(options["timeout_multiplier"]) ?? 60
        func seconds(_ name: String, _ value: inout Double) {
            let minutes = Self.number(options[name]) ?? value / 60
            value = minutes * unit
        }
        seconds("command_transmit_time", &transmit)
        seconds("mail_transmit_time", &mailTransmit)
        seconds("rcpt_transmit_time", &recipientTransmit)
        seconds("data_transmit_time", &dataTransmit)
        seconds("dot_transmit_time", &dotTransmit)
        seconds("status_receive_time", &status)
        seconds("status_mail_receive_time", &mail)
        seconds("status_rcpt_receive_time", &recipient)
        seconds("status_data_receive_time", &data)
        seconds("status_data_recv_per_addr_time", &dataPerRecipient)
        seconds("status_data_recv_per_block_time", &dataPerBlock)
        seconds("status_data_recv_per_addr_per_block_time", &dataPerRecipientAndBlock)
    }

    private static func number(_ text: String?) -> Double? {
        guard let text, let value = Double(text), value.isFinite, value > 0, value <= 1_000_000 else { return nil }
        return value
    }

    /// Seconds to wait for the reply to the final dot. A day is the most.
    package func dataReply(recipients: Int, blocks: Int) -> Double {
        let recipients = Double(recipients)
        let blocks = Double(blocks)
        let total =
            data + recipients * dataPerRecipient + blocks * dataPerBlock
            + recipients * blocks * dataPerRecipientAndBlock
        return min(total, 86_400)
    }
}

extension TimeAmount {
    /// A week is the most.
    init(seconds: Double) {
        self = .nanoseconds(Int64(min(max(seconds, 0), 604_800) * 1e9))
    }
}
