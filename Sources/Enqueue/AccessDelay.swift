/// How long access tables want a client to wait, flag `$D` (access-and-filtering specification, 5.3 and 6).
package struct AccessDelay: Hashable, Sendable {
    /// Hundredths of a second before the reply to this address.
    package var address = 0
    /// Hundredths of a second before every reply of the transaction from now on.
    package var transaction = 0

    package init() {}

    /// Longest single wait: 300 seconds (section 6).
    package static let limit = 30_000

    /// `argument`: hundredths of a second, negative for this address alone; what is no number counts as none.
    init(_ argument: some StringProtocol) {
        guard let value = Int(argument), value != .min else { return }
        let wait = min(abs(value), Self.limit)
        if value < 0 { address = wait } else { transaction = wait }
    }

    /// The hundredths of a second before the reply to the address itself.
    package var beforeReply: Int { max(address, transaction) }

    /// Keeps the longer of each.
    mutating func formUnion(_ other: AccessDelay) {
        address = max(address, other.address)
        transaction = max(transaction, other.transaction)
    }
}
