import AddressRewriting
package import Aliases
import Configuration
import OptionSyntax
import Synchronization
import SystemCalls

/// The directory file of the instance, read again when it has changed; a broken new version is reported and the old one
/// stays in use (default configuration, 5).
package final class DirectoryStore: Sendable {
    private struct State {
        var directory: any Directory
        var stamp: FileStamp?
        var checkedAt: Int64
        var generation = 0
    }

    private let path: String?
    private let report: @Sendable (String) -> Void
    private let clock: @Sendable () -> Int64
    private let state: Mutex<State>

    /// `path`: nil for a configuration without a directory. `report` gets a line for each thing that is wrong with it.
    package convenience init(path: String?, report: @escaping @Sendable (String) -> Void) {
        self.init(path: path, clock: { SystemClock.monotonicNanoseconds }, report: report)
    }

    /// `clock`: nanoseconds that never go back.
    init(path: String?, clock: @escaping @Sendable () -> Int64, report: @escaping @Sendable (String) -> Void) {
        self.path = path
        self.clock = clock
        self.report = report
        state = Mutex(State(directory: DirectoryFile(), stamp: nil, checkedAt: Int64.min))
    }

    /// The directory as it is now, and a number that changes with it.
    package var current: (directory: any Directory, generation: Int) {
        guard let path else { return (DirectoryFile(), 0) }
        let now = clock()
        return state.withLock { state in
            if state.checkedAt == Int64.min || now - state.checkedAt > 1_000_000_000 {
                state.checkedAt = now
                refresh(&state, path)
            }
            return (state.directory, state.generation)
        }
    }

    private func refresh(_ state: inout State, _ path: String) {
        let stamp = FileStamp(path)
        if stamp != nil, stamp == state.stamp { return }
        do throws(SystemCallError) {
            var diagnostics = Diagnostics()
            let text = String(decoding: try Files.read(path), as: UTF8.self)
            let file = DirectoryFile(parsing: text, file: path, diagnostics: &diagnostics)
            for diagnostic in diagnostics.all { report(diagnostic.description) }
            let isFirst = state.generation == 0
            // The stamp is taken in any case: a broken version is reported once.
            state.stamp = stamp
            if diagnostics.hasErrors, !isFirst { return }
            state.directory = file
            state.generation += 1
        } catch {
            if state.generation == 0 || !(state.directory is UnavailableDirectory) {
                report("the directory file cannot be read: \(error)")
                state.directory = UnavailableDirectory(reason: error.description)
                state.generation += 1
            }
            state.stamp = nil
        }
    }
}

/// What `$V` and `$Z` of rewrite rules ask, answered by a directory.
struct DirectoryLocality: DirectoryLookups {
    let directory: any Directory
    let ownHosts: [String]
    let options: MTAOptions.Addresses

    func locality(ofDomain domain: String) -> DomainLocality {
        AddressRewriting.locality(ofDomain: domain, ownHosts: ownHosts, searchesUplevel: options.searchesUplevel) {
            switch directory.domain($0) {
            case .found(let found): .some(DomainEntry(routingHosts: found.values(options.routingHostsAttribute)))
            case .notFound: .some(nil)
            case .unavailable: nil
            }
        }
    }

    /// The host that mail for a domain of ours goes to, when another one serves it and `route_to_routing_host` asks for
    /// a route (rewrite-rules specification, section 9).
    func routingHost(ofDomain domain: String) -> String? {
        guard options.routesToRoutingHost, case .nonLocal = locality(ofDomain: domain) else { return nil }
        var name = domain[...]
        while !name.isEmpty {
            if case .found(let found) = directory.domain(String(name)) {
                return found.values(options.routingHostsAttribute).first
            }
            guard options.searchesUplevel, let dot = name.firstIndex(of: ".") else { return nil }
            name = name[name.index(after: dot)...]
        }
        return nil
    }
}
