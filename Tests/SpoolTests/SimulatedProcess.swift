import Glibc
import Synchronization
import SystemCalls

@testable import Spool

/// The disk as one process sees it; when the process is killed, its locks go and its calls do nothing.
final class SimulatedProcess: Disk {
    private let disk: SimulatedDisk
    /// Meets no planned failure: the one that looks whether all is well.
    private let isObserver: Bool
    private let dead = Mutex(false)
    private let handles = Mutex<[(node: Int, handle: Int)]>([])

    init(_ disk: SimulatedDisk, isObserver: Bool = false) {
        self.disk = disk
        self.isObserver = isObserver
    }

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

    /// Runs a call on the state. It may meet the planned failure, which `failed` then makes real. A body that gives nil
    /// did not find what it wants (ENOENT).
    fileprivate func call<Value>(
        _ name: String, _ path: String, changes: Bool = true, failed: (inout SimulatedDisk.State) -> Void = { _ in },
        _ body: (inout SimulatedDisk.State) throws(SystemCallError) -> Value?
    ) throws(SystemCallError) -> Value {
        let isDead = isDead
        var dies = false
        let failure = SystemCallError(call: name, code: EIO, object: path)
        let result = disk.state.withLock { state -> Result<Value, SystemCallError> in
            if isDead || (state.isStopped && !isObserver) { return .failure(failure) }
            switch isObserver || name == "flock" ? .nothing : state.meet(isRead: !changes) {
            case .nothing: break
            case .error(let code):
                failed(&state)
                return .failure(SystemCallError(call: name, code: code, object: path))
            case .end(let isDeath, let isDone):
                if isDone { _ = try? body(&state) } else if !isDeath { failed(&state) }
                dies = isDeath
                state.isStopped = !isDeath
                return .failure(failure)
            }
            do throws(SystemCallError) {
                guard let value = try body(&state) else {
                    return .failure(SystemCallError(call: name, code: ENOENT, object: path))
                }
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        if dies { kill() }
        return try result.get()
    }

    func open(_ path: String, _ opening: DiskOpening) throws(SystemCallError) -> any DiskFile {
        let creates = opening == .create || opening == .new
        let (node, handle) = try call("open", path, changes: creates) {
            (state) throws(SystemCallError) -> (Int, Int)? in
            state.nextHandle += 1
            let known = state.names[path]
            if opening == .new, known != nil { throw SystemCallError(call: "open", code: EEXIST, object: path) }
            // An emptied file is a new one here: after a crash it may have its old content again.
            if creates, known == nil || !path.hasSuffix("/lock") {
                guard state.directories.contains(Files.parent(of: path)) else { return nil }
                if known == nil, let room = state.room, state.names.count >= room.files {
                    throw SystemCallError(call: "open", code: ENOSPC, object: path)
                }
                let node = state.nextNode
                state.nextNode += 1
                state.nodes[node] = SimulatedDisk.Node()
                state.change(SimulatedDisk.NameChange(node: node, to: path))
                if state.removesNewLarge, path.hasSuffix(".msg") {
                    state.change(SimulatedDisk.NameChange(node: node, from: path))
                    return (node, state.nextHandle)
                }
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

    func createDirectory(_ path: String) throws(SystemCallError) {
        try call("mkdir", path) { _ = $0.directories.insert(path) }
    }

    func synchronizeDirectory(_ path: String) throws(SystemCallError) {
        try call("fsync", path) { state in
            if state.lie?(SimulatedDisk.Sync(call: "fsync", path: path)) != true { state.synchronizeDirectory(path) }
        }
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
        try process.call("pwritev", path, failed: shorten) { (state) throws(SystemCallError) in
            let fitting = max(0, state.fitting(node, offset + bytes.count) - offset)
            state.write(node, fitting < bytes.count ? Array(bytes[..<fitting]) : bytes, at: offset)
            if fitting < bytes.count { throw SystemCallError(call: "pwritev", code: ENOSPC, object: path) }
        }
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
        try process.call("fdatasync", path, failed: lose) { state in
            let isFirst = state.nodes[node]?.pending.contains { $0.offset == 0 } ?? false
            let sync = SimulatedDisk.Sync(call: "fdatasync", path: path, isFirst: isFirst)
            if state.lie?(sync) != true { state.synchronize(node) }
        }
    }

    func preallocate(_ length: Int) throws(SystemCallError) {
        try process.call("fallocate", path) { (state) throws(SystemCallError) in
            if state.fitting(node, length) < length {
                throw SystemCallError(call: "fallocate", code: ENOSPC, object: path)
            }
            state.grow(node, to: length)
        }
    }

    func size() throws(SystemCallError) -> Int {
        try process.call("fstat", path, changes: false) { $0.nodes[node]?.current.count ?? 0 }
    }

    func isStill(at path: String) -> Bool {
        (try? process.call("stat", path, changes: false) { [node] in $0.names[path] == node }) ?? false
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
