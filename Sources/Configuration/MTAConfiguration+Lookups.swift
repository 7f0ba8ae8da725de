package import Mappings
import OptionSyntax
import Synchronization
import SystemCalls

extension MTAConfiguration {
    /// What mapping templates and rewrite rules of this configuration may reach outside their own tables: general
    /// database, sequence files. A caller adds what only it has, such as routines and a directory. `report` gets a line
    /// for each sequence file that cannot be counted up and for each entry that costs too much, once.
    package func mappingContext(report: @escaping @Sendable (String) -> Void) -> MappingContext {
        let paths = paths
        let told = OnceEach(report)
        var context = MappingContext()
        if let general = databases.general { context.generalDatabase = { general.value(for: $0) } }
        context.nextSequenceNumber = { file, modulus in
            do throws(SystemCallError) {
                return try SequenceFile.next(paths.expand(file), modulus: modulus)
            } catch {
                told.say(file, "the sequence file \(file) cannot be counted up: \(error)")
                return nil
            }
        }
        context.matchGivenUp = { place in
            told.say(
                place.description,
                "\(place): a probe needed too many attempts and counts as no match; use fewer wildcards")
        }
        return context
    }
}

/// Says each thing once.
private final class OnceEach: Sendable {
    private let report: @Sendable (String) -> Void
    private let said = Mutex<Set<String>>([])

    init(_ report: @escaping @Sendable (String) -> Void) { self.report = report }

    func say(_ key: String, _ text: String) {
        if said.withLock({ $0.insert(key).inserted }) { report(text) }
    }
}
