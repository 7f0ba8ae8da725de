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

extension StoppedChannels {
    /// Changes the file while no Job Controller runs; false when one does, which then has to be told instead. The lock of
    /// the queue keeps one from starting meanwhile.
    package static func change(
        _ names: [String], isStopped: Bool, queue: String, disk: any Disk = RealDisk()
    ) throws(SpoolError) -> Bool {
        do throws(SystemCallError) {
            let lock = try disk.open(QueueLayout(queue).lock, .create)
            guard lock.lock() else { return false }
            let path = "\(queue)/stopped"
            var stopped = StoppedChannels(path: path)
            for name in names { try stopped.set(name, isStopped: isStopped, path: path) }
            return true
        } catch { throw SpoolError(error, doing: "change the list of stopped channels in \(queue)") }
    }
}
