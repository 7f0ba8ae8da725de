/// Metrics in the Prometheus text exposition format, version 0.0.4: families of samples, each family with its help and
/// type. Names are constants of the program; label values may be any text.
package struct MetricsText: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram, summary
    }

    /// Names with their values, in the order they are written.
    package typealias Labels = [(name: String, value: String)]

    /// Complete lines, each with its line feed.
    package private(set) var text = ""
    private var name = ""

    package init() {}

    /// Begins a family; the samples that follow belong to it.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(Self.escapedHelp(help))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    package mutating func sample(_ labels: Labels = [], _ value: Int) { write(labels, String(value)) }

    /// `nanoseconds` are written as seconds.
    package mutating func sample(_ labels: Labels = [], nanoseconds: Int64) {
        write(labels, Self.seconds(microseconds: nanoseconds / 1000))
    }

    /// A histogram or summary without quantiles: buckets by upper bound in microseconds with cumulative counts.
    package mutating func distribution(
        _ labels: Labels, buckets: [(microseconds: Int64, count: Int)] = [], count: Int, sumNanoseconds: Double
    ) {
        for bucket in buckets {
            let bound: Labels = labels + [("le", Self.seconds(microseconds: bucket.microseconds))]
            write(bound, String(bucket.count), suffix: "_bucket")
        }
        if !buckets.isEmpty { write(labels + [("le", "+Inf")], String(count), suffix: "_bucket") }
        let microseconds = Int64(exactly: (sumNanoseconds / 1000).rounded(.down)) ?? .max
        write(labels, Self.seconds(microseconds: microseconds), suffix: "_sum")
        write(labels, String(count), suffix: "_count")
    }

    private mutating func write(_ labels: Labels, _ value: String, suffix: String = "") {
        text += name + suffix
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    /// Decimal seconds without needless zeros: 1500000 is `1.5`.
    package static func seconds(microseconds: Int64) -> String {
        let magnitude = microseconds.magnitude
        let whole = (microseconds < 0 ? "-" : "") + String(magnitude / 1_000_000)
        guard magnitude % 1_000_000 != 0 else { return whole }
        var digits = String(magnitude % 1_000_000 + 1_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    /// A label value: backslash, quotation mark and line feed are escaped.
    package static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func escapedHelp(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
