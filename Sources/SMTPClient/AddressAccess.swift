import DNS
package import Mappings

/// IP_ACCESS, asked just before each connection (access-and-filtering specification, 7).
package struct AddressAccess: Sendable {
    package enum Verdict: Hashable, Sendable {
        case connect
        /// `$A`: to this address instead.
        case replace(String)
        /// `$I`: not to this one.
        case skip
        /// `$N`: the message is rejected as for a bad host; the text is for the log.
        case reject(String)
    }

    private let tables: MappingTables
    private let context: MappingContext
    private let channel: String

    /// Nil when there is no such table.
    package init?(_ tables: MappingTables, context: MappingContext, channel: String) {
        guard tables.contains("IP_ACCESS") else { return nil }
        self.tables = tables
        self.context = context
        self.channel = channel
    }

    /// `number`: of this address, from 1; `count`: addresses of the destination.
    package func verdict(_ address: String, host: String, number: Int, count: Int) -> Verdict {
        let probe = "\(channel)|\(number)|\(count)|\(address)|\(host)"
        guard let result = tables.probe("IP_ACCESS", probe, context: context) else { return .connect }
        if result.flags.has("N") { return .reject(result.output) }
        if result.flags.has("I") { return .skip }
        if result.flags.has("A"), let address = AddressLiteral.address("[\(result.output)]") {
            return .replace(address)
        }
        return .connect
    }
}
