import Synchronization
import SystemCalls

@testable import Spool

/// A random number generator whose run is fixed by its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

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
        /// EIO or ENOSPC; nil: the machine stops.
        var code: Int32?
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
    }

    let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(generator: SeededGenerator(seed: seed))) }

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
    /// Counts a changing call; the error it meets, if any.
    mutating func meet(_ call: String, _ path: String) -> SystemCallError? {
        if isStopped { return SystemCallError(call: call, code: 5, object: path) }
        guard var next = plan else { return nil }
        next.calls -= 1
        plan = next
        if next.calls > 0 { return nil }
        guard let code = next.code else {
            isStopped = true
            return SystemCallError(call: call, code: 5, object: path)
        }
        next.calls = 1
        if next.failures < Int.max { next.failures -= 1 }
        plan = next.failures > 0 ? next : nil
        return SystemCallError(call: call, code: code, object: path)
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
        file.pending = []
        file.durable = file.current
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
        names = durableNames
        let used = Set(names.values)
        nodes = nodes.filter { used.contains($0.key) }
        plan = nil
        isStopped = false
    }
}

/// The disk as one process sees it; when the process is killed, its locks go and its calls do nothing.
final class SimulatedProcess: Disk {
    private let disk: SimulatedDisk
    private let dead = Mutex(false)
    private let handles = Mutex<[(node: Int, handle: Int)]>([])

    init(_ disk: SimulatedDisk) { self.disk = disk }

    var isDead: Bool { dead.withLock { $0 } }

    func kill() {
        dead.withLock { $0 = true }
        let open = handles.withLock { $0 }
        disk.state.withLock { state in
            for (node, handle) in open where state.nodes[node]?.lockOwner == handle {
                state.nodes[node]?.lockOwner = nil
            }
        }
    }

    /// Runs a call on the state; a changing one may meet the planned failure, which `failed` then makes real.
    fileprivate func call<Value>(
        _ name: String, _ path: String, changes: Bool = true, failed: (inout SimulatedDisk.State) -> Void = { _ in },
        _ body: (inout SimulatedDisk.State) -> Value?
    ) throws(SystemCallError) -> Value {
        let isDead = isDead
        let result = disk.state.withLock { state -> Result<Value, SystemCallError> in
            if isDead || state.isStopped { return .failure(SystemCallError(call: name, code: 5, object: path)) }
            if changes, let error = state.meet(name, path) {
                failed(&state)
                return .failure(error)
            }
            guard let value = body(&state) else {
                return .failure(SystemCallError(call: name, code: 2, object: path))
            }
            return .success(value)
        }
        return try result.get()
    }

    func open(_ path: String, _ opening: DiskOpening) throws(SystemCallError) -> any DiskFile {
        let creates = opening == .create || opening == .new
        let (node, handle) = try call("open", path, changes: creates) { state -> (Int, Int)? in
            state.nextHandle += 1
            if opening == .new, state.names[path] != nil { return nil }
            if opening == .create, path.hasSuffix("/lock"), let node = state.names[path] {
                return (node, state.nextHandle)
            }
            if creates {
                let node = state.nextNode
                state.nextNode += 1
                state.nodes[node] = SimulatedDisk.Node()
                state.change(SimulatedDisk.NameChange(node: node, to: path))
            }
            return state.names[path].map { ($0, state.nextHandle) }
        }
        handles.withLock { $0.append((node, handle)) }
        return SimulatedFile(self, disk, path, node: node, handle: handle)
    }

    func rename(_ path: String, to target: String) throws(SystemCallError) {
        try call("rename", path) { state -> Void? in
            guard let node = state.names[path] else { return nil }
            state.change(SimulatedDisk.NameChange(node: node, from: path, to: target))
            return ()
        }
    }

    func unlink(_ path: String) throws(SystemCallError) {
        try call("unlink", path) { state -> Void? in
            guard let node = state.names[path] else { return nil }
            state.change(SimulatedDisk.NameChange(node: node, from: path))
            return ()
        }
    }

    func list(_ directory: String) throws(SystemCallError) -> [String] {
        try call("list", directory, changes: false) { state in
            state.names.keys.filter { Files.parent(of: $0) == directory }
                .map { String($0.dropFirst(directory.count + 1)) }.sorted()
        }
    }

    func createDirectory(_ path: String) throws(SystemCallError) {}

    func synchronizeDirectory(_ path: String) throws(SystemCallError) {
        try call("fsync", path) { $0.synchronizeDirectory(path) }
    }

    func freeSpace(_ path: String) throws(SystemCallError) -> DiskSpace {
        DiskSpace(bytes: 1 << 30, inodes: 1000, allInodes: 1000)
    }

    func makeIdentity() -> UInt64 { disk.state.withLock { $0.generator.next() } }
}

final class SimulatedFile: DiskFile {
    private let process: SimulatedProcess
    private let disk: SimulatedDisk
    private let path: String
    private let node: Int
    private let handle: Int

    init(_ process: SimulatedProcess, _ disk: SimulatedDisk, _ path: String, node: Int, handle: Int) {
        self.process = process
        self.disk = disk
        self.path = path
        self.node = node
        self.handle = handle
    }

    deinit {
        disk.state.withLock { state in
            if state.nodes[node]?.lockOwner == handle { state.nodes[node]?.lockOwner = nil }
        }
    }

    func write(_ pieces: [[UInt8]], at offset: Int) throws(SystemCallError) {
        let bytes = pieces.reduce(into: [UInt8]()) { $0 += $1 }
        let shorten: (inout SimulatedDisk.State) -> Void = { [node] state in
            let count = Int.random(in: 0...bytes.count, using: &state.generator)
            state.write(node, Array(bytes[..<count]), at: offset)
        }
        try process.call("pwritev", path, failed: shorten) { $0.write(node, bytes, at: offset) }
    }

    func read(_ count: Int, at offset: Int) throws(SystemCallError) -> [UInt8] {
        try process.call("pread", path, changes: false) { state in
            guard let current = state.nodes[node]?.current else { return [] }
            let start = min(offset, current.count)
            return Array(current[start..<min(start + count, current.count)])
        }
    }

    func synchronize() throws(SystemCallError) {
        let lose: (inout SimulatedDisk.State) -> Void = { [node] in $0.failSynchronize(node) }
        try process.call("fdatasync", path, failed: lose) { $0.synchronize(node) }
    }

    func preallocate(_ length: Int) throws(SystemCallError) {
        try process.call("fallocate", path) { $0.grow(node, to: length) }
    }

    func size() throws(SystemCallError) -> Int {
        try process.call("fstat", path, changes: false) { $0.nodes[node]?.current.count ?? 0 }
    }

    func lock() -> Bool {
        let locked = try? process.call("flock", path, changes: false) { [node, handle] state -> Bool in
            guard state.nodes[node]?.lockOwner == nil || state.nodes[node]?.lockOwner == handle else { return false }
            state.nodes[node]?.lockOwner = handle
            return true
        }
        return locked ?? false
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
