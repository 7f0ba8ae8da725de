/// Xorshift: the same number gives the same case again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Makes new inputs from good ones: pieces of the samples, words of the grammar and odd bytes, put in, left out,
/// doubled and exchanged.
struct Mutator {
    private let samples: [[UInt8]]
    private let words: [[UInt8]]
    private static let oddities: [UInt8] = [0, 9, 10, 13, 32, 34, 37, 40, 42, 58, 64, 92, 0x7F, 0x80, 0xC3, 0xE2, 0xFF]
    /// Longer inputs only cost time.
    private static let limit = 32 << 10

    init(samples: [[UInt8]], words: [String]) {
        self.samples = samples
        self.words = words.map { Array($0.utf8) } + [Array("99999999999999999999".utf8), Array("-1".utf8)]
    }

    func input(_ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = samples.randomElement(using: &generator) ?? []
        for _ in 0..<Int.random(in: 1...12, using: &generator) { mutate(&bytes, &generator) }
        return Array(bytes.prefix(Self.limit))
    }

    private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        let end = min(bytes.count, place + Int.random(in: 1...16, using: &generator))
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: bytes.removeSubrange(place..<end)
        case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 2: bytes.insert(contentsOf: words.randomElement(using: &generator) ?? [], at: place)
        case 3: bytes.replaceSubrange(place..<end, with: words.randomElement(using: &generator) ?? [])
        case 4: bytes.insert(Self.oddities.randomElement(using: &generator) ?? 0, at: place)
        case 5: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &generator) }
        case 6: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
        case 7: repeatPiece(place..<end, in: &bytes, &generator)
        default: splice(at: place, in: &bytes, &generator)
        }
    }

    /// Depth and length: one piece many times.
    private func repeatPiece(_ range: Range<Int>, in bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let piece = range.isEmpty ? words.randomElement(using: &generator) ?? [] : Array(bytes[range])
        let count = Int.random(in: 2...64, using: &generator)
        bytes.insert(contentsOf: repeatElement(piece, count: count).joined(), at: range.lowerBound)
    }

    /// Goes on with another sample.
    private func splice(at place: Int, in bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let other = samples.randomElement(using: &generator) ?? []
        bytes.removeSubrange(place...)
        bytes += other[Int.random(in: 0...other.count, using: &generator)...]
    }
}
