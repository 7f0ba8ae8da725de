package import Mappings
import Synchronization
import SystemCalls

/// The routine `conn_throttle` of mapping templates: `$[IMTA_LIB:conn_throttle.so,throttle,address,max-rate]`.
///
/// It fails while the client stays within the rate and succeeds, with nothing, when it is over it. It outlives reloads
/// of the table. Dispatcher specification, section 9.5.
package final class ThrottleCallout: Sendable {
    private let table = Mutex(ThrottleTable())
    private let clock: @Sendable () -> Int64

    /// `clock`: monotonic nanoseconds.
    package init(clock: @escaping @Sendable () -> Int64 = { SystemClock.monotonicNanoseconds }) {
        self.clock = clock
    }

    /// For ``MappingContext/callout``; nil for other routines, and for probes without input flag A, which would count
    /// a connection twice.
    package func answer(_ call: MappingCallout) -> String? {
        guard let form = Self.form(call), call.flags.has("A"), let comma = call.argument.lastIndex(of: ","),
            let rate = Int(call.argument[call.argument.index(after: comma)...].trimmed), rate >= 0
        else { return nil }
        let client = String(call.argument[..<comma].trimmed.prefix(64))
        guard !client.isEmpty else { return nil }
        let isOver = table.withLock { $0.exceeds(form, client: client, rate: rate, at: clock()) }
        return isOver ? "" : nil
    }

    /// What is counted, for a successor of this program.
    package var entries: [ThrottleTable.Entry] {
        get { table.withLock { $0.entries } }
        set { table.withLock { $0.entries = newValue } }
    }

    private static func form(_ call: MappingCallout) -> ThrottleTable.Form? {
        let image = call.imageName.lowercased()
        guard image == "conn_throttle.so" || image == "conn_throttle" else { return nil }
        return ThrottleTable.Form(rawValue: call.routine.lowercased())
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}
