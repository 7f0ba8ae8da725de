package import SystemCalls

/// The file `queue/stopped`: what `qm stop` has stopped, one a line: a channel, or a channel and one of its hosts. It is
/// there for the Job Controller's next start, and may be changed while none runs (job-controller specification, 6.9).
package struct StoppedChannels: Equatable, Sendable {
    /// A channel, or one destination host of it.
    package struct Target: Hashable, Comparable, Sendable {
        package var channel: String
        /// In lower case; nil: the whole channel.
        package var host: String?

        package init(_ channel: String, host: String? = nil) {
            self.channel = channel
            self.host = host?.lowercased()
        }

        init?(line: some StringProtocol) {
            let words = line.split(separator: " ")
            guard let channel = words.first, words.count <= 2 else { return nil }
            self.init(String(channel), host: words.count > 1 ? String(words[1]) : nil)
        }

        /// As a line of the file.
        package var text: String { host.map { "\(channel) \($0)" } ?? channel }

        package static func < (left: Target, right: Target) -> Bool { left.text < right.text }
    }

    package private(set) var targets: Set<Target>

    package init(_ targets: Set<Target> = []) { self.targets = targets }

    /// Reads the file; none is the same as an empty one.
    package init(path: String) {
        let content = (try? Files.read(path, limit: 1 << 20)) ?? []
        let lines = content.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        targets = Set(lines.compactMap { Target(line: $0) })
    }

    /// Channels that are stopped as a whole.
    package var names: Set<String> { Set(targets.filter { $0.host == nil }.map(\.channel)) }

    /// The stopped hosts of a channel, in order.
    package func hosts(of channel: String) -> [String] {
        targets.filter { $0.channel == channel }.compactMap(\.host).sorted()
    }

    /// Changes the list and replaces the file; when that fails the list stays as it is.
    package mutating func set(_ target: Target, isStopped: Bool, path: String) throws(SystemCallError) {
        let changed = isStopped ? targets.union([target]) : targets.subtracting([target])
        let text = changed.sorted().map { $0.text + "\n" }.joined()
        try Files.replace(path, with: Array(text.utf8))
        targets = changed
    }
}

extension StoppedChannels {
    /// Changes the file while no Job Controller runs; false when one does, which then has to be told instead. The lock of
    /// the queue keeps one from starting meanwhile.
    package static func change(
        _ target: Target, isStopped: Bool, queue: String, disk: any Disk = RealDisk()
    ) throws(SpoolError) -> Bool {
        do throws(SystemCallError) {
            let lock = try disk.open(QueueLayout(queue).lock, .create)
            guard lock.lock() else { return false }
            let path = "\(queue)/stopped"
            var stopped = StoppedChannels(path: path)
            try stopped.set(target, isStopped: isStopped, path: path)
            return true
        } catch { throw SpoolError(error, doing: "change the list of stopped channels in \(queue)") }
    }
}
