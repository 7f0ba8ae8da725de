/// The 16-character envelope id of the smtp specification, 8.3.
package struct EnvelopeIDGenerator: Sendable {
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    /// 36³: numbers of one second.
    private static let counters = 46_656

    private let process: Int
    private let first: Int
    private let step: Int
    private var second: Int64 = 0
    private var counter: Int

    /// `process`: the process id. Several generators in one process divide the counter: `lane` of `lanes`, lanes
    /// 1…1000.
    package init(process: Int32, lane: Int = 0, lanes: Int = 1) {
        self.process = Int(process.magnitude) % 60_466_176
        step = min(max(lanes, 1), 1_000)
        first = min(max(lane, 0), step - 1)
        counter = first
    }

    /// The next id. `seconds` since 1970. When a second has used its numbers, or the clock goes back, the generator
    /// goes on from where it was.
    package mutating func next(seconds: Int64) -> String {
        if seconds > second {
            second = seconds
            counter = first
        } else if counter >= Self.counters {
            second += 1
            counter = first
        }
        let number = counter
        counter += step
        return Self.text(seconds: second, process: process, counter: number)
    }

    /// The id of a message that must have the same one each time it is made. `number`: one that stands for the message.
    package static func fixed(seconds: Int64, number: UInt64) -> String {
        let (rest, process) = number.quotientAndRemainder(dividingBy: 60_466_176)
        return text(seconds: seconds, process: Int(process), counter: Int(rest % UInt64(counters)))
    }

    private static func text(seconds: Int64, process: Int, counter: Int) -> String {
        String(unsafeUninitializedCapacity: 16) { buffer in
            func put(_ value: Int, at positions: Range<Int>) {
                var rest = value
                for position in positions.reversed() {
                    buffer[position] = digits[rest % 36]
                    rest /= 36
                }
            }
            let time = Int(max(0, seconds) % 78_364_164_096)
            put(time / 46_656, at: 0..<4)
            put(process, at: 4..<9)
            put(time % 46_656, at: 9..<12)
            put(counter, at: 12..<15)
            buffer[15] = digits[0]
            return 16
        }
    }

    /// The moment in an envelope id, seconds since 1970; nil when `id` is none.
    package static func seconds(of id: some StringProtocol) -> Int64? {
        let octets = Array(id.utf8)
        guard octets.count == 16, octets.allSatisfy({ $0.isDigit || ($0 &- 65 < 26) }) else { return nil }
        return Int64(String(decoding: octets[0..<4] + octets[9..<12], as: UTF8.self), radix: 36)
    }
}
