package import AddressRewriting
package import Aliases
import Mappings
package import OptionSyntax

/// The way of one address through the router, step by step in the order in which things happened, for
/// `martlet explain`. A router that is given none spends nothing on it.
package final class RouteTrace {
    /// One thing the router did.
    package enum Step: Sendable {
        /// An address without a host, and the host it gets.
        case completed(address: String, host: String)
        /// `looksUpAliases`: whether the channel that was found asks the alias sources.
        case rewritten(
            address: String, outcome: RewriteEngine.Outcome, trace: [RewriteTraceStep], looksUpAliases: Bool)
        case asked(AccessQuestion)
        case lookedUp(AliasLookup)
        /// FORWARD mapping and forward database, where there are any.
        case forwarded(ForwardingQuestion)
    }

    package private(set) var steps: [Step] = []

    package init() {}

    func add(_ step: Step) { steps.append(step) }
}

/// An access table that was asked, or that the configuration does not have.
package struct AccessQuestion: Hashable, Sendable {
    package var table: String
    package var probe: String
    /// False when the configuration has no such table: then everything is allowed.
    package var isPresent: Bool
    /// Where the entry that answered stands; nil when none did.
    package var entry: SourceLocation?
    /// The flags that the entry set, in ascending order; empty when none did.
    package var flags = ""
    /// What the entry gave.
    package var output = ""
    /// What the client would be told; nil when the table allows.
    package var refusal: RoutingRefusal?
    package var isHeld = false
}
