import Glibc

/// Keeps a result alive, so that the optimiser cannot leave out what made it.
@_optimize(none)
func keep<Value>(_ value: borrowing Value) {}

/// One line of the table.
struct Measurement {
    var name: String
    /// Nanoseconds for one operation, the best of the rounds: other work of the machine only ever adds.
    var nanoseconds: Double
    /// The same amount of bytes or the same keys at the speed of the machine, and what that is.
    var limit: (name: String, nanoseconds: Double)?
    /// Least operations per second; nil for none.
    var target: Double?

    var rate: Double { 1e9 / nanoseconds }
    var isMissed: Bool { target.map { rate < $0 } ?? false }
}

/// Processor time of this thread, so that others on the machine count as little as possible.
private func processorNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// The time of one operation: `rounds` rounds of about `milliseconds` each, the best counts.
func measure(rounds: Int = 7, milliseconds: Int64 = 60, _ operation: (Int) -> Void) -> Double {
    var best = Double.infinity
    var batch = 1
    var done = 0
    while done < rounds {
        let start = processorNanoseconds()
        for index in 0..<batch { operation(index) }
        let elapsed = processorNanoseconds() - start
        if elapsed < milliseconds * 1_000_000 / 2 {
            batch *= 2
            continue
        }
        best = min(best, Double(elapsed) / Double(batch))
        done += 1
    }
    return best
}

func writeLine(_ line: String, to descriptor: Int32 = STDOUT_FILENO) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
}

/// Rows of equal width on standard output.
func table(_ rows: [Measurement]) {
    writeLine(columns("", "ns", "per second", "target", "of the limit"))
    for row in rows {
        let limit = row.limit.map { "\(oneDecimal(row.nanoseconds / $0.nanoseconds)) x \($0.name)" } ?? ""
        let target = row.target.map { grouped($0) + (row.isMissed ? " MISSED" : "") } ?? ""
        writeLine(columns(row.name, grouped(row.nanoseconds), grouped(row.rate), target, limit))
    }
}

private func columns(_ name: String, _ time: String, _ rate: String, _ target: String, _ limit: String) -> String {
    padded(name, 50) + padded(time, 12, right: true) + padded(rate, 14, right: true)
        + padded(target, 16, right: true) + "  " + limit
}

private func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.utf8.count))
    return right ? blanks + text : text + blanks
}

/// A whole number with a blank between thousands.
private func grouped(_ number: Double) -> String {
    let digits = Array(String(Int(number.rounded())))
    return digits.indices.reduce(into: "") { result, index in
        if index > 0, (digits.count - index).isMultiple(of: 3) { result.append(" ") }
        result.append(digits[index])
    }
}

private func oneDecimal(_ number: Double) -> String {
    let tenths = Int((number * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}
