import Configuration
import OptionSyntax
import ProcessPool
import SystemCalls

/// The versions `name-uniqueid` of log files (dispatcher specification, section 5.3). Age is judged from the id.
struct LogVersions {
    struct Version: Hashable {
        var path: String
        /// Microseconds since 1970.
        var began: UInt64
    }

    /// By name without the id, sorted; the oldest version first.
    let logs: [(name: String, versions: [Version])]
    /// Files that match and have no id: the cumulative ones, such as mail.log_current.
    let others: [String]

    /// `pattern`: a file name with `*` for any text and `%` for one character, perhaps with directory or symbolic name;
    /// without one, in the log directory.
    init(_ pattern: String, _ paths: InstancePaths) throws(SystemCallError) {
        let expanded = paths.symbols().expandingPath(pattern)
        let path = expanded.hasPrefix("/") ? expanded : "\(paths.log)/\(expanded)"
        let directory = Files.parent(of: path)
        let wanted = Array(path.split(separator: "/", omittingEmptySubsequences: false).last ?? "")
        var found: [String: [Version]] = [:]
        var others: [String] = []
        for name in try Files.list(directory) {
            let hyphen = name.lastIndex(of: "-")
            let id = hyphen.flatMap { VersionedLogFile.wallMicroseconds(ofID: name[name.index(after: $0)...]) }
            let base = id == nil ? name : String(name[..<(hyphen ?? name.endIndex)])
            guard Self.matches(wanted[...], Array(base)[...]) || Self.matches(wanted[...], Array(name)[...])
            else { continue }
            if let id {
                found[base, default: []].append(Version(path: "\(directory)/\(name)", began: id))
            } else {
                others.append("\(directory)/\(name)")
            }
        }
        logs = found.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted { $0.path < $1.path }) }
        self.others = others.sorted()
    }

    /// The n-th version from the oldest or the newest, counted from 0; without either the newest. A pattern that fits
    /// several logs looks at the versions of all of them.
    func version(first: Int?, last: Int?) -> String? {
        let all = logs.flatMap(\.versions).sorted { ($0.began, $0.path) < ($1.began, $1.path) }
        if all.isEmpty { return others.last }
        let index = first ?? all.count - 1 - (last ?? 0)
        return all.indices.contains(index) ? all[index].path : nil
    }

    /// What `purge` removes: of each log all but the newest `keeping` versions, and with `olderThan` (microseconds since
    /// 1970) what was begun before, the newest excepted.
    func purgeable(keeping: Int?, olderThan: UInt64?) -> [String] {
        logs.flatMap { log -> [String] in
            log.versions.enumerated().filter { index, version in
                if let olderThan { return version.began < olderThan && index < log.versions.count - 1 }
                return index < log.versions.count - max(1, keeping ?? 5)
            }.map(\.element.path)
        }
    }

    private static func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" {
            return (text.startIndex...text.endIndex).contains { matches(pattern.dropFirst(), text[$0...]) }
        }
        guard let character = text.first, first == "%" || first == character else { return false }
        return matches(pattern.dropFirst(), text.dropFirst())
    }
}
