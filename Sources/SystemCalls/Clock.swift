import CSystemCalls

/// Reads of the system's clocks. Decisions never call these: they are given the time.
package enum SystemClock {
    /// Nanoseconds since 1 January 1970 UTC.
    package static var wallNanoseconds: Int64 { martlet_wall_clock_nanoseconds() }

    /// Whole seconds since 1 January 1970 UTC.
    package static var wallSeconds: Int64 { martlet_wall_clock_nanoseconds() / 1_000_000_000 }

    /// Nanoseconds of a clock that never jumps; only differences mean anything.
    package static var monotonicNanoseconds: Int64 { martlet_monotonic_nanoseconds() }
}

/// CRC-32C (Castagnoli) of `bytes`, continued from `checksum`.
package func crc32c(_ bytes: UnsafeRawBufferPointer, continuing checksum: UInt32 = 0) -> UInt32 {
    martlet_crc32c(checksum, bytes.baseAddress, bytes.count)
}
