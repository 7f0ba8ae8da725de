import CSystemCalls

/// How the C library's allocator deals with memory that was freed.
package enum MemoryAllocator {
    /// Keeps what was freed, within bounds, instead of returning it to the kernel: a process that takes large messages one
    /// after the other would otherwise pay for the same pages again with each. For programs that carry content.
    package static func keepFreedMemory() {
        _ = martlet_keep_freed_memory(4 << 20, 16 << 20)
    }
}
