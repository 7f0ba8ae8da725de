/// Domain names with letters beyond US-ASCII in the form the DNS has (RFC 5891, RFC 3492): for servers without SMTPUTF8.
package enum InternationalDomain {
    /// The domain with each such label as `xn--…`; nil when it has none. Nothing that would need normalisation is
    /// guessed at: that could be the name of somebody else.
    package static func asciiForm(_ domain: String) -> String? {
        // The full stops of RFC 3490 section 3.1.
        let dots: Set<Unicode.Scalar> = [".", "\u{3002}", "\u{FF0E}", "\u{FF61}"]
        let labels = domain.unicodeScalars.split(omittingEmptySubsequences: false) { dots.contains($0) }
        var result: [String] = []
        for label in labels {
            guard let ascii = asciiLabel(label), (1...63).contains(ascii.utf8.count) else { return nil }
            result.append(ascii)
        }
        let name = result.joined(separator: ".")
        return name.utf8.count <= 255 ? name : nil
    }

    private static func asciiLabel(_ label: Substring.UnicodeScalarView) -> String? {
        if label.allSatisfy(\.isASCII) { return String(label) }
        var scalars: [Unicode.Scalar] = []
        for scalar in label { scalars += scalar.properties.lowercaseMapping.unicodeScalars }
        let isPlain = scalars.allSatisfy { scalar in
            scalar.isASCII
                ? scalar == "-" || scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
                : isLetter(scalar)
        }
        guard isPlain, scalars.first != "-", scalars.last != "-" else { return nil }
        return Punycode.encode(scalars.map(\.value)).map { "xn--" + $0 }
    }

    /// Letters and digits in their composed form.
    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.properties.canonicalCombiningClass == .notReordered else { return false }
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .otherLetter, .modifierLetter, .decimalNumber, .nonspacingMark, .spacingMark:
            return true
        default: return false
        }
    }
}

/// RFC 3492 section 6.3, with the parameters of section 5.
enum Punycode {
    private static let (base, tMin, tMax, skew, damp) = (36, 1, 26, 38, 700)
    private static let (initialBias, initialN) = (72, 0x80)

    /// Nil when the numbers grow beyond what a label could need.
    static func encode(_ input: [UInt32]) -> String? {
        var output = input.filter { $0 < 0x80 }.map { UInt8($0) }
        let basic = output.count
        var handled = basic
        if basic > 0 { output.append(UInt8(ascii: "-")) }
        var (n, delta, bias) = (initialN, 0, initialBias)
        while handled < input.count {
            guard let next = input.lazy.map({ Int($0) }).filter({ $0 >= n }).min() else { return nil }
            delta += (next - n) * (handled + 1)
            n = next
            guard delta < 1 << 40 else { return nil }
            for value in input {
                if Int(value) < n { delta += 1 }
                guard Int(value) == n else { continue }
                append(delta, bias, &output)
                bias = adapt(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            n += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func append(_ delta: Int, _ bias: Int, _ output: inout [UInt8]) {
        var (q, k) = (delta, base)
        while true {
            let t = min(max(k - bias, tMin), tMax)
            if q < t { break }
            output.append(digit(t + (q - t) % (base - t)))
            q = (q - t) / (base - t)
            k += base
        }
        output.append(digit(q))
    }

    private static func digit(_ value: Int) -> UInt8 {
        value < 26 ? UInt8(ascii: "a") + UInt8(value) : UInt8(ascii: "0") + UInt8(value - 26)
    }

    private static func adapt(_ delta: Int, _ points: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / damp : delta / 2
        delta += delta / points
        var k = 0
        while delta > (base - tMin) * tMax / 2 {
            delta /= base - tMin
            k += base
        }
        return k + (base - tMin + 1) * delta / (delta + skew)
    }
}
