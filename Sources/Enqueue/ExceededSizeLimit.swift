package import Channels

/// A limit on the size of messages that a message is over (channels specification, 5: `blocklimit`, `linelimit`). What is
/// said about it depends on when it is found out.
package enum ExceededSizeLimit: Hashable, Sendable {
    /// Octets that are allowed.
    case octets(Int)
    /// Lines that are allowed.
    case lines(Int)
}

extension Channel {
    /// The limit of this destination channel that a message is over; nil: none. `lines` nil: nobody counted them.
    package func exceededSizeLimit(octets: Int64, lines: Int64?, blockSize: Int) -> ExceededSizeLimit? {
        if let blockLimit {
            let (allowed, overflow) = max(0, blockLimit).multipliedReportingOverflow(by: blockSize)
            if !overflow, octets > Int64(allowed) { return .octets(allowed) }
        }
        if let lineLimit, let lines, lines > Int64(lineLimit) { return .lines(lineLimit) }
        return nil
    }
}
