import Glibc
import Synchronization

/// Text from one character set to another by iconv(3), a piece at a time. What is not valid, or has no character there,
/// becomes a question mark.
package final class CharsetConverter: Sendable {
    private struct State {
        let descriptor: iconv_t
        /// The beginning of a character whose end has not come.
        var rest: [UInt8] = []
        /// There were octets that are no text of the first set, or a character that the second has not.
        var hasReplaced = false
    }

    /// Longer than the longest character of any set.
    private static let longestCharacter = 16

    private let state: Mutex<State>

    /// Nil when one of the two is not known.
    init?(from source: String, to target: String) {
        guard Self.isName(source), Self.isName(target) else { return nil }
        let descriptor = iconv_open("\(target)//TRANSLIT", source)
        guard Int(bitPattern: descriptor) != -1, let descriptor else { return nil }
        state = Mutex(State(descriptor: descriptor))
    }

    deinit { state.withLock { _ = iconv_close($0.descriptor) } }

    /// All of `octets` in UTF-8; nil when the character set is not known or they are none of its text.
    package static func utf8(_ octets: [UInt8], from charset: String) -> [UInt8]? {
        guard let converter = CharsetConverter(from: charset, to: "UTF-8") else { return nil }
        var output: [UInt8] = []
        converter.convert(octets, into: &output)
        converter.finish(into: &output)
        return converter.state.withLock { $0.hasReplaced } ? nil : output
    }

    /// A name from a message must not become an instruction to iconv.
    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { $0.isLetterOrDigit || "-_.:+()".utf8.contains($0) }
    }

    func convert(_ octets: some Sequence<UInt8>, into output: inout [UInt8]) {
        let converted = state.withLock { state in
            var converted: [UInt8] = []
            state.rest += octets
            Self.run(&state, &converted)
            return converted
        }
        output += converted
    }

    /// What is left is no character; sets with shift sequences go back to their beginning.
    func finish(into output: inout [UInt8]) {
        let converted = state.withLock { state in
            var converted: [UInt8] = []
            if !state.rest.isEmpty { Self.replace(&state, &converted) }
            state.rest = []
            var room = [CChar](repeating: 0, count: 64)
            let count = room.withUnsafeMutableBufferPointer { room -> Int in
                var target = room.baseAddress
                var left = room.count
                _ = iconv(state.descriptor, nil, nil, &target, &left)
                return room.count - left
            }
            converted += room[..<count].map { UInt8(bitPattern: $0) }
            return converted
        }
        output += converted
    }

    private static func run(_ state: inout State, _ output: inout [UInt8]) {
        var input = state.rest.map { CChar(bitPattern: $0) }
        var room = [CChar](repeating: 0, count: max(256, input.count * 2))
        var start = 0
        while start < input.count {
            let (read, written, code) = step(state.descriptor, &input, start, &room)
            output += room[..<written].map { UInt8(bitPattern: $0) }
            start += read
            switch code {
            case 0, E2BIG: continue
            case EINVAL where input.count - start < longestCharacter:
                state.rest = input[start...].map { UInt8(bitPattern: $0) }
                return
            default:
                replace(&state, &output)
                start += 1
            }
        }
        state.rest = []
    }

    private static func replace(_ state: inout State, _ output: inout [UInt8]) {
        state.hasReplaced = true
        output.append(UInt8(ascii: "?"))
    }

    private static func step(
        _ descriptor: iconv_t, _ input: inout [CChar], _ start: Int, _ room: inout [CChar]
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
