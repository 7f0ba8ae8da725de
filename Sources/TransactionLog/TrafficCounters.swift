import Glibc
import Synchronization
import SystemCalls

/// The counters of the channels (notifications-logging specification, section 3), in a file of the run directory that
/// every process of the instance maps and adds to without a lock. A trend, no accounts: what cannot be counted at once is
/// not counted, and nothing waits for the disk.
///
/// The file has a head (what it is, its measures), then for each channel a name and its counters.
package final class TrafficCounters: Sendable {
    private static let magic: Int64 = 0x4d52_5443_4e54_0001
    private static let headSize = 64
    /// The length of the name, and the name.
    private static let nameSize = 64
    private static let longestName = nameSize - 8
    /// Channels that are counted; further ones are not.
    private static let mostChannels = 512
    private static var rowSize: Int { nameSize + TrafficRow.count * 8 }
    private static var size: Int { headSize + mostChannels * rowSize }

    private nonisolated(unsafe) let base: UnsafeMutableRawPointer
    private let file: OwnedDescriptor
    /// The lock of the file keeps other processes out, this one the threads of this process.
    private let making = Mutex(())

    /// `creates`: makes the file when there is none, or one of another make. Nil when it cannot be had.
    package init?(path: String, creates: Bool = true) {
        guard let file = Self.open(path, creates: creates),
            let base = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, file.number, 0),
            base != UnsafeMutableRawPointer(bitPattern: -1)
        else { return nil }
        self.base = base
        self.file = file
    }

    deinit { munmap(base, Self.size) }

    private static func open(_ path: String, creates: Bool) -> OwnedDescriptor? {
        for _ in 0..<3 {
            guard let file = try? OwnedDescriptor.open(path, O_RDWR | (creates ? O_CREAT : 0), mode: 0o640),
                isLocked(file.number)
            else { return nil }
            let isReady = isReady(file.number, path, creates: creates)
            flock(file.number, LOCK_UN)
            if let isReady, isReady { return file }
            if isReady == nil { return nil }
        }
        return nil
    }

    /// Nil: it cannot be had; false: to be tried again. The room is reserved, so that adding never finds the disk full.
    static func isReady(_ file: Int32, _ path: String, creates: Bool) -> Bool? {
        var head: [Int64] = [0, 0, 0]
        let wanted = [magic, Int64(mostChannels), Int64(TrafficRow.count)]
        var information = stat()
        var named = stat()
        guard fstat(file, &information) == 0 else { return nil }
        // While we waited for its lock, somebody may have replaced it.
        guard stat(path, &named) == 0, named.st_ino == information.st_ino else { return false }
        if information.st_size >= size, pread(file, &head, 24, 0) == 24, head == wanted { return true }
        guard creates else { return nil }
        // Processes that have a file of another make mapped keep it.
        if information.st_size > 0 { return unlink(path) == 0 ? false : nil }
        if (try? Files.preallocate(file, length: size, path)) != nil, pwrite(file, wanted, 24, 0) == 24 { return true }
        unlink(path)
        return nil
    }

    private static func isLocked(_ file: Int32) -> Bool {
        for _ in 0..<50 {
            if Files.lockExclusively(file) { return true }
            usleep(200)
        }
        return false
    }

    // MARK: Adding

    /// The counters of one channel, to add to.
    package struct Slot {
        fileprivate let base: UnsafeMutableRawPointer

        package func add(_ counter: TrafficCounter, _ count: Int = 1) { add(at: counter.rawValue, count) }
        package func addDeferred(_ reason: FailureReason) { add(at: TrafficRow.deferred(reason), 1) }
        package func addBounced(_ reason: FailureReason) { add(at: TrafficRow.bounced(reason), 1) }
        package func set(_ counter: TrafficCounter, _ value: Int) {
            TrafficCounters.cell(base + nameSize + counter.rawValue * 8).pointee.store(
                Int64(value), ordering: .relaxed)
        }

        /// A message has left the queue.
        package func addQueueTime(milliseconds: Int64, isFirst: Bool) {
            let time = max(0, milliseconds)
            add(at: TrafficRow.bucket(milliseconds: time), 1)
            add(.queueMilliseconds, Int(time))
            add(.queueCount)
            guard isFirst else { return }
            add(.queueFirstMilliseconds, Int(time))
            add(.queueFirstCount)
        }

        private func add(at index: Int, _ count: Int) {
            TrafficCounters.cell(base + nameSize + index * 8).pointee.wrappingAdd(Int64(count), ordering: .relaxed)
        }
    }

    /// Lets `change` add to the counters of the channel; does nothing when there is no room for it.
    package func update(_ channel: String, _ change: (Slot) -> Void) {
        if let slot = slot(of: channel) ?? newSlot(channel) { change(slot) }
    }

    private static func cell(_ place: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Atomic<Int64>> {
        place.assumingMemoryBound(to: Atomic<Int64>.self)
    }

    private func place(_ index: Int) -> UnsafeMutableRawPointer { base + Self.headSize + index * Self.rowSize }

    /// Bytes of the name of a row; nil for a free one. The length is written last.
    private func name(_ index: Int) -> UnsafeRawBufferPointer? {
        let length = Self.cell(place(index)).pointee.load(ordering: .acquiring)
        guard length > 0, length <= Self.longestName else { return nil }
        return UnsafeRawBufferPointer(start: place(index) + 8, count: Int(length))
    }

    private func slot(of channel: String) -> Slot? {
        for index in 0..<Self.mostChannels {
            guard let name = name(index) else { return nil }
            if name.elementsEqual(channel.utf8) { return Slot(base: place(index)) }
        }
        return nil
    }

    private func newSlot(_ channel: String) -> Slot? {
        guard !channel.isEmpty, channel.utf8.count <= Self.longestName else { return nil }
        return making.withLock { _ in madeSlot(channel) }
    }

    private func madeSlot(_ channel: String) -> Slot? {
        guard Self.isLocked(file.number) else { return nil }
        defer { flock(file.number, LOCK_UN) }
        // Another process may have been faster.
        if let known = slot(of: channel) { return known }
        guard let index = (0..<Self.mostChannels).first(where: { name($0) == nil }) else { return nil }
        UnsafeMutableRawBufferPointer(start: place(index) + 8, count: Self.longestName).copyBytes(from: channel.utf8)
        Self.cell(place(index)).pointee.store(Int64(channel.utf8.count), ordering: .releasing)
        return Slot(base: place(index))
    }

    // MARK: Reading

    /// Every channel that was ever counted, by name.
    package func rows() -> [TrafficRow] {
        var rows: [TrafficRow] = []
        for index in 0..<Self.mostChannels {
            guard let name = name(index) else { break }
            var row = TrafficRow(channel: String(decoding: name, as: UTF8.self))
            for counter in row.values.indices {
                let cell = Self.cell(place(index) + Self.nameSize + counter * 8)
                row.values[counter] = Int(cell.pointee.load(ordering: .relaxed))
            }
            rows.append(row)
        }
        return rows.sorted { $0.channel < $1.channel }
    }

    /// Begins anew, but for what counts connections that are open now.
    package func clear(channels: Bool, associations: Bool) {
        for index in 0..<Self.mostChannels where name(index) != nil {
            for counter in 0..<TrafficRow.count {
                let known = TrafficCounter(rawValue: counter)
                if known?.isCurrent == true { continue }
                guard known?.isAboutAssociations == true ? associations : channels else { continue }
                Self.cell(place(index) + Self.nameSize + counter * 8).pointee.store(0, ordering: .relaxed)
            }
        }
    }
}
