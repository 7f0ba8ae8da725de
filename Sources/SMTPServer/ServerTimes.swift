import NIOCore
import OptionSyntax

/// The time limits of a session (smtp specification, 6.1): channel options of the initial channel.
struct ServerTimes: Hashable, Sendable {
    /// COMMAND_RECEIVE_TIME: wait for the next command.
    var command: TimeAmount
    /// DATA_RECEIVE_TIME: wait for more of the message.
    var data: TimeAmount
    /// STATUS_TRANSMIT_TIME: wait until the client takes a reply.
    var transmit: TimeAmount

    /// Values may be fractions; their unit is TIMEOUT_MULTIPLIER seconds, usually a minute.
    init(_ options: [String: String]) {
        let unit = options["timeout_multiplier"].flatMap(Double.init).flatMap { $0 > 0 ? $0 : nil } ?? 60
        func time(_ name: String, _ usual: Double) -> TimeAmount {
            let value = options[name].flatMap(Double.init).flatMap { $0 > 0 && $0.isFinite ? $0 : nil } ?? usual
            return .milliseconds(Int64(min(value * unit, 365 * 86_400) * 1000))
        }
        command = time("command_receive_time", 10)
        data = time("data_receive_time", 5)
        transmit = time("status_transmit_time", 10)
    }

    /// How often a session looks at the clock.
    var tick: TimeAmount {
        let shortest = min(command, data, transmit)
        return .nanoseconds(max(100_000_000, min(15_000_000_000, shortest.nanoseconds / 8)))
    }
}
