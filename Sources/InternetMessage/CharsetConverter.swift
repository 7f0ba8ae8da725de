import Glibc
import Synchronization

/// Text from one character set to another by iconv(3), a piece at a time. What is not valid, or has no character there,
/// becomes a question mark of the other set: the way is by UTF-8, so that it can be put in whatever the width and the
/// shift sequences of either set are.
package final class CharsetConverter: Sendable {
    private struct State {
        var toUnicode: ConversionStep
        /// Nil when UTF-8 is wanted.
        var fromUnicode: ConversionStep?
        var hasMetInvalid = false
    }

    private let source: String
    private let state: Mutex<State>

    /// Nil when one of the two is not known.
    init?(from source: String, to target: String) {
        guard Self.isName(source), Self.isName(target) else { return nil }
        guard let toUnicode = ConversionStep(from: source, to: "UTF-8") else { return nil }
        var fromUnicode: ConversionStep?
        if !["utf-8", "utf8"].contains(target.asciiLowercased) {
            fromUnicode = ConversionStep(from: "UTF-8", to: "\(target)//TRANSLIT")
            guard fromUnicode != nil else {
                toUnicode.close()
                return nil
            }
        }
        self.source = source
        state = Mutex(State(toUnicode: toUnicode, fromUnicode: fromUnicode))
    }

    deinit {
        state.withLock { state in
            state.toUnicode.close()
            state.fromUnicode?.close()
        }
    }

    /// All of `octets` in UTF-8; nil when the character set is not known or they are none of its text.
    package static func utf8(_ octets: [UInt8], from charset: String) -> [UInt8]? {
        guard let converter = CharsetConverter(from: charset, to: "UTF-8") else { return nil }
        var output: [UInt8] = []
        converter.convert(octets, into: &output)
        converter.finish(into: &output)
        return converter.hasMetInvalid ? nil : output
    }

    /// A name from a message must not become an instruction to iconv.
    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { $0.isLetterOrDigit || "-_.:+()".utf8.contains($0) }
    }

    /// Octets came that are no text of the source.
    var hasMetInvalid: Bool { state.withLock { $0.hasMetInvalid } }

    func convert(_ octets: some Sequence<UInt8>, into output: inout [UInt8]) {
        let octets = Array(octets)
        output += state.withLock { state in
            var text: [UInt8] = []
            convert(octets, &state, &text)
            return Self.leave(text, &state, isLast: false)
        }
    }

    /// What is left is no character; sets with shift sequences go back to their beginning.
    func finish(into output: inout [UInt8]) {
        output += state.withLock { state in
            var text: [UInt8] = []
            if !state.toUnicode.rest.isEmpty {
                state.hasMetInvalid = true
                text.append(UInt8(ascii: "?"))
            }
            state.toUnicode.reset(into: &text)
            return Self.leave(text, &state, isLast: true)
        }
    }

    private func convert(_ octets: [UInt8], _ state: inout State, _ text: inout [UInt8]) {
        var unit: Int?
        state.toUnicode.run(octets, into: &text) { _, text in
            let width = unit ?? ConversionStep.unit(of: source)
            unit = width
            text.append(UInt8(ascii: "?"))
            return width
        }
        state.hasMetInvalid = state.hasMetInvalid || unit != nil
    }

    /// From UTF-8 to the target.
    private static func leave(_ text: [UInt8], _ state: inout State, isLast: Bool) -> [UInt8] {
        guard var step = state.fromUnicode else { return text }
        var output: [UInt8] = []
        let mark = step
        step.run(text, into: &output) { rest, output in
            mark.put(UInt8(ascii: "?"), into: &output)
            return 1 + rest.dropFirst().prefix { $0 & 0xC0 == 0x80 }.count
        }
        if isLast { step.reset(into: &output) }
        state.fromUnicode = step
        return output
    }
}

/// A descriptor of iconv(3), and the beginning of a character whose end has not come.
private struct ConversionStep {
    /// Longer than the longest character of any set.
    private static let longestCharacter = 16

    private let descriptor: iconv_t
    private(set) var rest: [UInt8] = []

    init?(from source: String, to target: String) {
        guard let descriptor = iconv_open(target, source), Int(bitPattern: descriptor) != -1 else { return nil }
        self.descriptor = descriptor
    }

    func close() { iconv_close(descriptor) }

    /// Octets that what is no character is passed over by: those of a letter (2 in UTF-16).
    static func unit(of charset: String) -> Int {
        guard let step = ConversionStep(from: "UTF-8", to: charset) else { return 1 }
        defer { step.close() }
        // The first letter may come with a byte order mark.
        var (first, second): ([UInt8], [UInt8]) = ([], [])
        step.put(UInt8(ascii: "A"), into: &first)
        step.put(UInt8(ascii: "A"), into: &second)
        return max(1, second.count)
    }

    /// `replace` puts something in place of what `rest` begins with, which cannot be converted, and says how long that is.
    mutating func run(
        _ octets: [UInt8], into output: inout [UInt8],
        replace: (_ rest: ArraySlice<UInt8>, _ output: inout [UInt8]) -> Int
    ) {
        let octets = rest + octets
        rest = []
        var input = octets.map { CChar(bitPattern: $0) }
        var room = [CChar](repeating: 0, count: max(256, input.count * 2))
        var start = 0
        while start < input.count {
            let (read, written, code) = step(&input, start, &room)
            output += room[..<written].map { UInt8(bitPattern: $0) }
            start += read
            switch code {
            case 0, E2BIG: continue
            case EINVAL where input.count - start < Self.longestCharacter:
                rest = Array(octets[start...])
                return
            default: start += max(1, replace(octets[start...], &output))
            }
        }
    }

    /// One character of US-ASCII.
    func put(_ octet: UInt8, into output: inout [UInt8]) {
        var input = [CChar(bitPattern: octet)]
        var room = [CChar](repeating: 0, count: 64)
        let written = step(&input, 0, &room).written
        output += room[..<written].map { UInt8(bitPattern: $0) }
    }

    /// Back to the beginning, with the shift sequence and the character held back that this may need.
    mutating func reset(into output: inout [UInt8]) {
        rest = []
        var room = [CChar](repeating: 0, count: 64)
        let count = room.withUnsafeMutableBufferPointer { room -> Int in
            var target = room.baseAddress
            var left = room.count
            _ = iconv(descriptor, nil, nil, &target, &left)
            return room.count - left
        }
        output += room[..<count].map { UInt8(bitPattern: $0) }
    }

    private func step(
        _ input: inout [CChar], _ start: Int, _ room: inout [CChar]
    ) -> (read: Int, written: Int, code: Int32) {
        input.withUnsafeMutableBufferPointer { input in
            room.withUnsafeMutableBufferPointer { room in
                var source = input.baseAddress.map { $0 + start }
                var left = input.count - start
                var target = room.baseAddress
                var free = room.count
                let result = iconv(descriptor, &source, &left, &target, &free)
                return (input.count - start - left, room.count - free, result == -1 ? errno : 0)
            }
        }
    }
}
