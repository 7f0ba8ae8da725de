package import SystemCalls

/// The file `queue/stopped`: channels that `qm stop` has stopped, one a line. It is there for the Job Controller's next
/// start, and may be changed while none runs (job-controller specification, 6.9).
package struct StoppedChannels: Equatable, Sendable {
    package private(set) var names: Set<String>

    package init(_ names: Set<String> = []) { self.names = names }

    /// Reads the file; none is the same as an empty one.
    package init(path: String) {
        let content = (try? Files.read(path, limit: 1 << 20)) ?? []
        names = Set(content.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) })
    }

    /// Changes the list and replaces the file.
    package mutating func set(_ name: String, isStopped: Bool, path: String) throws(SystemCallError) {
        if isStopped { names.insert(name) } else { names.remove(name) }
        let text = names.sorted().map { $0 + "\n" }.joined()
        try Files.replace(path, with: Array(text.utf8))
    }
}
