import Glibc
import SystemCalls

/// A small number that no other living process of the queue has, for ids that must not clash: the first of the files
/// `queue/writers/<n>` whose lock is free. Held until the value goes away, or the process ends however it does.
package struct WriterSlot: ~Copyable, Sendable {
    /// Slots there are.
    package static let count = 4096

    /// 0 to 4095.
    package let number: Int
    /// Counts the holders of this slot, modulo 16: tells the ids of one holder from those of the one before, should the
    /// clock have gone back in between.
    package let generation: UInt8
    private let file: OwnedDescriptor

    /// `queue`: the queue directory.
    package init(queue: String) throws(SpoolError) {
        let directory = "\(queue)/writers"
        do throws(SystemCallError) {
            try Files.createDirectory(directory)
            for number in 0..<Self.count {
                let candidate = try OwnedDescriptor.open("\(directory)/\(number)", O_RDWR | O_CREAT)
                if Files.lockExclusively(candidate.number) {
                    generation = try Self.nextGeneration(candidate.number)
                    self.number = number
                    file = candidate
                    return
                }
            }
        } catch { throw SpoolError(error, doing: "take a writer's slot in \(directory)") }
        throw SpoolError(.locked, "all \(Self.count) writers' slots in \(directory) are taken")
    }

    /// The count in the file, and the next one left there.
    private static func nextGeneration(_ descriptor: Int32) throws(SystemCallError) -> UInt8 {
        var count: UInt8 = 0
        try checked("pread") { pread(descriptor, &count, 1, 0) }
        var next = (count &+ 1) & 15
        try checked("pwrite") { pwrite(descriptor, &next, 1, 0) }
        return count & 15
    }
}
