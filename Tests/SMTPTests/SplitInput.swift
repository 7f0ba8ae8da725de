/// Ways to cut octets into the pieces a network might deliver.
enum SplitInput {
    /// Whole, octet by octet, and with one cut at each place.
    static func singleCuts(_ bytes: [UInt8]) -> [[[UInt8]]] {
        var ways = [[bytes], bytes.map { [$0] }]
        for cut in bytes.indices.dropFirst() { ways.append([Array(bytes[..<cut]), Array(bytes[cut...])]) }
        return ways
    }

    /// The same, and with two cuts at every pair of places; for short inputs.
    static func doubleCuts(_ bytes: [UInt8]) -> [[[UInt8]]] {
        var ways = singleCuts(bytes)
        for first in bytes.indices.dropFirst() {
            for second in bytes.indices where second > first {
                ways.append([Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])])
            }
        }
        return ways
    }
}

/// splitmix64: the same numbers from the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
