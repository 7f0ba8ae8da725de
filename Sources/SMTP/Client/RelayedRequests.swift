/// What the client of a message asked for that a server may honour as well: passed on where it offers the extension (RFC
/// 2852 section 4.1.4, RFC 6710 section 4.2).
package struct RelayedRequests: Hashable, Sendable {
    /// BY: seconds that are left; above 0 in mode R.
    package var deliverBy: DeliverByRequest?
    /// MT-PRIORITY, -9 to 9.
    package var priority: Int?

    package init(deliverBy: DeliverByRequest? = nil, priority: Int? = nil) {
        self.deliverBy = deliverBy
        self.priority = priority
    }

    private static let mostSeconds: Int64 = 999_999_999

    /// Parameters of MAIL FROM, each behind a blank.
    func parameters(_ extensions: ServerExtensions) -> String {
        var text = ""
        if extensions.deliverBy, let deliverBy {
            let least: Int64 = deliverBy.mode == .giveBack ? 1 : -Self.mostSeconds
            let seconds = min(max(deliverBy.seconds, least), Self.mostSeconds)
            text += " BY=\(seconds);\(deliverBy.mode == .giveBack ? "R" : "N")\(deliverBy.isTraced ? "T" : "")"
        }
        if extensions.transferPriority, let priority { text += " MT-PRIORITY=\(priority)" }
        return text
    }
}
