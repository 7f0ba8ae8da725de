/// Which entries of a long table a probe can reach at all. Each entry is filed under one piece of text that every probe
/// it matches must have: the literal the pattern begins with, or two or three neighbouring bytes of a literal,
/// whichever is the rarest in the table. So a probe costs what its own length costs, not the length of the table.
final class EntryIndex: Sendable {
    /// Tables with fewer entries are scanned as they are.
    static let leastEntries = 32

    private enum Requirement: Hashable {
        case prefix([UInt8])
        case gram(UInt32)
    }

    /// Entries that are filed under the same text; many of them as bits, which are added word by word.
    private struct Bucket {
        private static let fewEntries = 32
        private let entries: [Int]
        private let bits: [UInt64]

        init(_ entries: [Int], of count: Int) {
            let isFew = entries.count <= Self.fewEntries
            self.entries = isFew ? entries : []
            var bits = [UInt64](repeating: 0, count: isFew ? 0 : count / 64 + 1)
            if !isFew { for entry in entries { EntryIndex.set(entry, in: &bits) } }
            self.bits = bits
        }

        func add(to result: inout [UInt64]) {
            for word in bits.indices { result[word] |= bits[word] }
            for entry in entries { EntryIndex.set(entry, in: &result) }
        }
    }

    /// Entries without literals, as bits.
    private let always: [UInt64]
    private let prefixes: ByteKeyTable
    private let prefixEntries: [Bucket]
    /// Which lengths prefixes have, by length.
    private let prefixLengths: [Bool]
    private let grams: [UInt32: Bucket]
    /// Bits of hashed grams, to leave out most look-ups.
    private let gramFilter: [UInt64]

    init(_ patterns: [MappingPattern]) {
        var always = [UInt64](repeating: 0, count: patterns.count / 64 + 1)
        var prefixEntries: [[Int]] = []
        var grams: [UInt32: [Int]] = [:]
        var gramFilter = [UInt64](repeating: 0, count: 64)
        let requirements = patterns.map(Self.requirements)
        var uses: [Requirement: Int] = [:]
        for requirement in requirements.joined() { uses[requirement, default: 0] += 1 }
        var keys: [[UInt8]] = []
        var numbers: [[UInt8]: Int] = [:]
        for (entry, choices) in requirements.enumerated() {
            switch choices.min(by: { uses[$0, default: 0] < uses[$1, default: 0] }) {
            case nil: Self.set(entry, in: &always)
            case .gram(let gram):
                grams[gram, default: []].append(entry)
                Self.set(Self.hash(gram), in: &gramFilter)
            case .prefix(let key):
                let number = numbers[key] ?? keys.count
                if number == keys.count {
                    numbers[key] = number
                    keys.append(key)
                    prefixEntries.append([])
                }
                prefixEntries[number].append(entry)
            }
        }
        var prefixLengths = [Bool](repeating: false, count: (keys.map(\.count).max() ?? 0) + 1)
        for key in keys { prefixLengths[key.count] = true }
        prefixes = ByteKeyTable(keys)
        self.always = always
        self.prefixEntries = prefixEntries.map { Bucket($0, of: patterns.count) }
        self.prefixLengths = prefixLengths
        self.grams = grams.mapValues { Bucket($0, of: patterns.count) }
        self.gramFilter = gramFilter
    }

    /// The entries that may match the folded text `probe`, one bit each.
    func candidates(_ probe: [UInt8]) -> [UInt64] {
        var result = always
        if !prefixEntries.isEmpty { addPrefixes(of: probe, to: &result) }
        if !grams.isEmpty {
            Self.forEachGram(probe[...], sizes: 2...3) { gram in
                guard Self.isSet(Self.hash(gram), in: gramFilter) else { return }
                grams[gram]?.add(to: &result)
            }
        }
        return result
    }

    private func addPrefixes(of probe: [UInt8], to result: inout [UInt64]) {
        var hash = ByteKeyHash()
        for length in 1..<max(1, min(prefixLengths.count, probe.count + 1)) {
            hash.combine(probe[length - 1])
            guard prefixLengths[length],
                let number = prefixes.number(hash, head: Span(), tail: probe.span.extracting(..<length))
            else {
                continue
            }
            prefixEntries[number].add(to: &result)
        }
    }

    /// The first bit from `position` on that is set.
    static func next(_ bits: [UInt64], from position: Int) -> Int? {
        var word = position / 64
        guard word < bits.count else { return nil }
        var rest = bits[word] & ~0 << UInt64(position % 64)
        while rest == 0 {
            word += 1
            guard word < bits.count else { return nil }
            rest = bits[word]
        }
        return word * 64 + rest.trailingZeroBitCount
    }

    /// What the text of a match must have; the prefix comes first, as it is preferred among equals.
    private static func requirements(_ pattern: MappingPattern) -> [Requirement] {
        var result: [Requirement] = []
        for (index, element) in pattern.elements.enumerated() {
            guard case .literal(let offset, let count) = element else { continue }
            let bytes = pattern.literals[offset..<offset + count]
            if index == 0 { result.append(.prefix(Array(bytes))) }
            let size = min(count, 3)
            if size > 1 { forEachGram(bytes, sizes: size...size) { result.append(.gram($0)) } }
        }
        return result
    }

    /// Neighbouring bytes; two are told from three by the bit above them.
    private static func forEachGram(
        _ bytes: ArraySlice<UInt8>, sizes: ClosedRange<Int>, _ body: (UInt32) -> Void
    ) {
        var window: UInt32 = 0
        var length = 0
        for byte in bytes {
            window = (window << 8 | UInt32(byte)) & 0xFF_FFFF
            length += 1
            if length >= 2, sizes.contains(2) { body(window & 0xFFFF | 0x100_0000) }
            if length >= 3, sizes.contains(3) { body(window) }
        }
    }

    private static func hash(_ gram: UInt32) -> Int { Int((gram &* 0x9E37_79B1) >> 20) }

    private static func set(_ bit: Int, in bits: inout [UInt64]) { bits[bit / 64] |= 1 << UInt64(bit % 64) }

    private static func isSet(_ bit: Int, in bits: [UInt64]) -> Bool { bits[bit / 64] >> UInt64(bit % 64) & 1 == 1 }
}
