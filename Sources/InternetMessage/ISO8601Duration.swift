/// Durations as the `backoff` keywords take them (job-controller specification, 11.1).
package enum ISO8601Duration {
    /// Why a duration was not accepted.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case malformed(String)
        case tooLong(String)
        case wrongCount(Int)

        package var description: String {
            switch self {
            case .malformed(let text): "\(text) is no duration such as PT5M, PT1H30M or P1D"
            case .tooLong(let text): "duration \(text) is longer than 10 years"
            case .wrongCount(let count): "\(count) durations given, 1 to 8 are allowed"
            }
        }
    }

    private static let longest: Int64 = 10 * 365 * 86_400

    /// Seconds of `P[nY][nM][nW][nD][T[nH][nM][nS]]`, at least one component, in any case; a year has 365 days, a month
    /// 30.
    package static func seconds(_ text: some StringProtocol) -> Result<Int64, Failure> {
        let malformed = Failure.malformed(String(text.prefix(40)))
        var octets = Array(text.utf8.prefix(60)).map(\.asciiUppercased)[...]
        guard octets.popFirst() == UInt8(ascii: "P") else { return .failure(malformed) }
        var units: [(letter: UInt8, seconds: Int64)] = [
            (UInt8(ascii: "Y"), 31_536_000), (UInt8(ascii: "M"), 2_592_000), (UInt8(ascii: "W"), 604_800),
            (UInt8(ascii: "D"), 86_400),
        ]
        var total: Int64 = 0
        var number: Int64?
        var isTime = false
        var components = 0
        for octet in octets {
            if octet.isDigit {
                let value = (number ?? 0) * 10 + Int64(octet - 48)
                guard value <= longest else { return .failure(.tooLong(String(text.prefix(40)))) }
                number = value
            } else if octet == UInt8(ascii: "T"), !isTime, number == nil {
                isTime = true
                components = 0
                units = [(UInt8(ascii: "H"), 3_600), (UInt8(ascii: "M"), 60), (UInt8(ascii: "S"), 1)]
            } else {
                guard let value = number, let unit = units.firstIndex(where: { $0.letter == octet }) else {
                    return .failure(malformed)
                }
                total += value * units[unit].seconds
                guard total <= longest else { return .failure(.tooLong(String(text.prefix(40)))) }
                units.removeFirst(unit + 1)
                number = nil
                components += 1
            }
        }
        return number == nil && components > 0 ? .success(total) : .failure(malformed)
    }

    /// Seconds of 1 to 8 durations between blanks, each or all in double quotes or not.
    package static func list(_ text: some StringProtocol) -> Result<[Int64], Failure> {
        let words = text.split { $0 == " " || $0 == "\t" || $0 == "\"" }
        guard (1...8).contains(words.count) else { return .failure(.wrongCount(words.count)) }
        var waits: [Int64] = []
        for word in words {
            switch seconds(word) {
            case .success(let wait): waits.append(wait)
            case .failure(let failure): return .failure(failure)
            }
        }
        return .success(waits)
    }
}
