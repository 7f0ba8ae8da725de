package import Configuration
package import Mappings
import Synchronization
import SystemCalls

/// The routines of `check_metermaid.so` in mapping templates: `$[IMTA_LIB:check_metermaid.so,throttle,table,key]` and
/// `greylisting` (access-and-filtering specification, 11). The other routines, and tables that are not defined, fail.
package final class MeterMaidCallout: Sendable {
    private let options: OptionStore
    private let directory: String
    private let report: @Sendable (String) -> Void
    private let clock: @Sendable () -> Double
    private let hasFailed = Mutex(false)

    /// Counts are in files of the run directory. `report` gets a line when they cannot be kept, once.
    package init(
        _ configuration: MTAConfiguration, report: @escaping @Sendable (String) -> Void,
        clock: @escaping @Sendable () -> Double = { Double(SystemClock.wallNanoseconds) / 1e9 }
    ) {
        options = configuration.options
        directory = configuration.paths.run + "/metermaid"
        self.report = report
        self.clock = clock
    }

    /// For ``MappingContext/callout``; nil: the routine fails, and with it its entry.
    package func answer(_ call: MappingCallout) -> String? {
        let image = call.imageName.lowercased()
        guard image == "check_metermaid.so" || image == "check_metermaid",
            let comma = call.argument.firstIndex(of: ","),
            let table = MeterTable(named: String(call.argument[..<comma]), in: options), isOf(call.routine, table)
        else { return nil }
        let key = String(call.argument[call.argument.index(after: comma)...])
        do throws(SystemCallError) {
            try Files.createDirectory(directory)
            let file = MeterFile(path: "\(directory)/\(table.name)", mostEntries: table.mostEntries)
            let now = clock()
            return try file.update(key.lowercased()) { table.hit(&$0, at: now) } ? "" : nil
        } catch {
            // Counts that are lost let mail in rather than stop it.
            let isFirst = hasFailed.withLock { failed in
                defer { failed = true }
                return !failed
            }
            if isFirst { report("MeterMaid table \(table.name) cannot be used: \(error)") }
            return nil
        }
    }

    private func isOf(_ routine: String, _ table: MeterTable) -> Bool {
        switch table.kind {
        case .throttle: routine.lowercased() == "throttle"
        case .greylisting: routine.lowercased() == "greylisting"
        }
    }
}
