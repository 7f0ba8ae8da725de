import Synchronization
import SystemCalls

@testable import Spool

/// A random number generator whose run is fixed by its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    /// The seed is mixed: the numbers of neighbours must not be the same ones, one step later.
    init(seed: UInt64) {
        state = seed
        state = next() ^ seed &* 0xD6E8_FEB8_6659_FD93
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func chance(_ one: Int, in many: Int) -> Bool { Int.random(in: 0..<many, using: &self) < one }
}

/// A disk in memory that forgets, when it crashes, any part of what was not synchronised, and that fails on demand.
final class SimulatedDisk: Sendable {
    /// What the next calls meet.
    struct Plan {
        /// Calls until something happens.
        var calls: Int
        /// How many calls fail; `Int.max`: all that follow.
        var failures = 1
        /// EIO or ENOSPC; nil: the machine stops, before or after the call.
        var code: Int32?
        /// In place of the machine the process that makes the call stops.
        var isDeath = false
        /// Calls that only read count, and no others.
        var isForReads = false
    }

    /// What a call meets.
    enum Encounter {
        case nothing
        case error(Int32)
        /// The machine or the process stops; `isDone`: after the call.
        case end(isDeath: Bool, isDone: Bool)
    }

    /// A call that makes something durable.
    struct Sync {
        /// `fdatasync` of a file, `fsync` of a directory.
        var call: String
        var path: String
        /// The beginning of the file waits for it, so that it is the first one of its life.
        var isFirst = false
    }

    struct Node {
        var current: [UInt8] = []
        var durable: [UInt8] = []
        /// Writes since the last sync. A nil content is a change of size to `offset`.
        var pending: [(offset: Int, bytes: [UInt8]?)] = []
        var lockOwner: Int?
    }

    /// A change of the name space that is not durable yet.
    struct NameChange {
        var node: Int
        var from: String?
        var to: String?
    }

    struct State {
        var generator: SeededGenerator
        var nodes: [Int: Node] = [:]
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var changes: [NameChange] = []
        var nextNode = 1
        var nextHandle = 1
        var plan: Plan?
        var isStopped = false
        /// Directories, the durable ones, and those of them whose name is not durable yet.
        var directories: Set<String> = []
        var durableDirectories: Set<String> = []
        /// Bytes and files that fit; nil: any number.
        var room: (bytes: Int, files: Int)?
        /// Syncs that do nothing and say that all is well.
        var lie: (@Sendable (Sync) -> Bool)?
        /// A starting Job Controller removes what is made under `large/` before its writer has locked it.
        var removesNewLarge = false
    }

    let state: Mutex<State>

    /// `hasQueue`: the directories of the queue `/q` are there.
    init(seed: UInt64, hasQueue: Bool = true) {
        var state = State(generator: SeededGenerator(seed: seed))
        if hasQueue {
            let layout = QueueLayout("/q")
            state.directories = [
                "/q", layout.segments, layout.free, layout.large, layout.ledger, layout.quarantine,
            ]
            state.durableDirectories = state.directories
        }
        self.state = Mutex(state)
    }

    /// The disk breaks its word: these syncs do nothing. It shows that the simulation needs each of them.
    func lie(about sync: @escaping @Sendable (Sync) -> Bool) {
        state.withLock { $0.lie = sync }
    }

    /// So many more bytes and files fit from now on; nil: any number.
    func setRoom(_ room: (bytes: Int, files: Int)?) {
        state.withLock { state in
            state.room = room.map { (state.used + $0.bytes, state.names.count + $0.files) }
        }
    }

    var isFull: Bool { state.withLock { $0.room != nil } }

    func setPlan(_ plan: Plan?) { state.withLock { $0.plan = plan } }

    /// The plan has stopped the machine; nothing works before ``crash()``.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Power off and on again.
    func crash() { state.withLock { $0.crash() } }

    /// The bytes of a file as programs see them now.
    func content(_ path: String) -> [UInt8]? {
        state.withLock { state in state.names[path].flatMap { state.nodes[$0]?.current } }
    }

    /// Damages a file behind everybody's back.
    func flip(_ path: String, at offset: Int) {
        state.withLock { state in
            guard let node = state.names[path] else { return }
            state.nodes[node]?.current[offset] ^= 0x40
            state.nodes[node]?.durable[offset] ^= 0x40
        }
    }
}

extension SimulatedDisk.State {
    /// Bytes of all files that have a name.
    var used: Int { names.values.reduce(0) { $0 + (nodes[$1]?.current.count ?? 0) } }

    /// Counts a call; what it meets.
    mutating func meet(isRead: Bool) -> SimulatedDisk.Encounter {
        guard var next = plan, next.isForReads == isRead else { return .nothing }
        next.calls -= 1
        plan = next
        if next.calls > 0 { return .nothing }
        guard let code = next.code else {
            plan = nil
            return .end(isDeath: next.isDeath, isDone: generator.chance(1, in: 2))
        }
        next.calls = 1
        if next.failures < Int.max { next.failures -= 1 }
        plan = next.failures > 0 ? next : nil
        return .error(code)
    }

    /// How many bytes of a file that is to become `size` long fit.
    func fitting(_ node: Int, _ size: Int) -> Int {
        guard let room, let count = nodes[node]?.current.count, size > count else { return size }
        return min(size, count + max(0, room.bytes - used))
    }

    mutating func write(_ node: Int, _ bytes: [UInt8], at offset: Int) {
        guard var file = nodes.removeValue(forKey: node) else { return }
        if file.current.count < offset + bytes.count {
            file.current.append(contentsOf: [UInt8](repeating: 0, count: offset + bytes.count - file.current.count))
        }
        file.current.overwrite(bytes[...], at: offset)
        file.pending.append((offset, bytes))
        nodes[node] = file
    }

    mutating func grow(_ node: Int, to size: Int) {
        guard let count = nodes[node]?.current.count, count < size else { return }
        nodes[node]?.current.append(contentsOf: [UInt8](repeating: 0, count: size - count))
        nodes[node]?.pending.append((size, nil))
    }

    mutating func synchronize(_ node: Int) {
        guard var file = nodes.removeValue(forKey: node) else { return }
        // What a failed sync has lost stays lost, though it can be read: only what was written since goes to the disk.
        for (offset, bytes) in file.pending {
            let lacking = offset + (bytes?.count ?? 0) - file.durable.count
            if lacking > 0 { file.durable.append(contentsOf: [UInt8](repeating: 0, count: lacking)) }
            if let bytes { file.durable.overwrite(bytes[...], at: offset) }
        }
        file.pending = []
        nodes[node] = file
    }

    private mutating func synchronize(_ node: Int, as content: [UInt8]) {
        nodes[node] = SimulatedDisk.Node(current: content, durable: content)
    }

    /// A failed sync: any part of what waited is on the disk, the rest never will be, and nobody can see which.
    mutating func failSynchronize(_ node: Int) {
        persistSome(node)
        nodes[node]?.pending = []
    }

    private mutating func persistSome(_ node: Int) {
        guard var file = nodes.removeValue(forKey: node) else { return }
        // Whole batches, single blocks, torn blocks: each run has its own taste.
        let share = [0, 1, 5, 9, 10].randomElement(using: &generator) ?? 5
        for (offset, bytes) in file.pending {
            guard let bytes else {
                if generator.chance(share, in: 10), file.durable.count < offset {
                    file.durable.append(contentsOf: [UInt8](repeating: 0, count: offset - file.durable.count))
                }
                continue
            }
            var start = 0
            while start < bytes.count {
                var end = min(bytes.count, ((offset + start) / 512 + 1) * 512 - offset)
                let next = end
                if generator.chance(share, in: 10) {
                    if generator.chance(1, in: 20) { end = Int.random(in: start...end, using: &generator) }
                    let lacking = offset + end - file.durable.count
                    if lacking > 0 { file.durable.append(contentsOf: [UInt8](repeating: 0, count: lacking)) }
                    file.durable.overwrite(bytes[start..<end], at: offset + start)
                }
                start = next
            }
        }
        nodes[node] = file
    }

    mutating func change(_ change: SimulatedDisk.NameChange) {
        Self.apply(change, to: &names)
        changes.append(change)
    }

    private static func apply(_ change: SimulatedDisk.NameChange, to names: inout [String: Int]) {
        if let from = change.from, names[from] == change.node { names[from] = nil }
        if let to = change.to { names[to] = change.node }
    }

    /// Makes the chosen changes durable, and those before them that touch the same file or name.
    private mutating func persist(_ isChosen: (inout SeededGenerator, SimulatedDisk.NameChange) -> Bool) {
        var wanted = changes.map { isChosen(&generator, $0) }
        for index in changes.indices.reversed() where wanted[index] {
            for earlier in 0..<index where Self.depends(changes[index], on: changes[earlier]) { wanted[earlier] = true }
        }
        for (index, change) in changes.enumerated() where wanted[index] { Self.apply(change, to: &durableNames) }
        changes = zip(changes, wanted).filter { !$1 }.map(\.0)
    }

    private static func depends(_ later: SimulatedDisk.NameChange, on earlier: SimulatedDisk.NameChange) -> Bool {
        if later.node == earlier.node { return true }
        let paths = [later.from, later.to].compactMap { $0 }
        return paths.contains { $0 == earlier.from || $0 == earlier.to }
    }

    mutating func synchronizeDirectory(_ path: String) {
        for directory in directories where Files.parent(of: directory) == path {
            durableDirectories.insert(directory)
        }
        persist { _, change in
            [change.from, change.to].contains { name in
                guard let name else { return false }
                return Files.parent(of: name) == path
            }
        }
    }

    mutating func crash() {
        for node in nodes.keys.sorted() {
            persistSome(node)
            synchronize(node, as: nodes[node]?.durable ?? [])
        }
        if generator.chance(1, in: 2) {
            let count = Int.random(in: 0...changes.count, using: &generator)
            var index = 0
            persist { _, _ in
                defer { index += 1 }
                return index < count
            }
        } else {
            persist { generator, _ in generator.chance(1, in: 2) }
        }
        changes = []
        // What lies in a directory that is gone is gone.
        directories = durableDirectories
        durableNames = durableNames.filter { directories.contains(Files.parent(of: $0.key)) }
        names = durableNames
        let used = Set(names.values)
        nodes = nodes.filter { used.contains($0.key) }
        plan = nil
        isStopped = false
    }
}

extension [UInt8] {
    /// Quicker than `replaceSubrange` in a debug build.
    fileprivate mutating func overwrite(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyMemory(from: $0) }
        }
    }
}
