/// The Prometheus text format, version 0.0.4, read as strictly as a server does.
struct ExpositionText {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    struct Sample: Hashable {
        var name: String
        var labels: [String: String]
    }

    /// By family: its type.
    private(set) var types: [String: String] = [:]
    private(set) var values: [Sample: Double] = [:]

    /// Every family has HELP and TYPE before its samples, which stand together; no sample is there twice; buckets of a
    /// histogram rise to their count.
    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Failure(description: "the last line has no line feed") }
        var helped: Set<String> = []
        var family = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                guard words.count == 4, helped.insert(words[2]).inserted else {
                    throw Failure(description: "a second HELP, or none at all: \(line)")
                }
            } else if line.hasPrefix("# TYPE ") {
                family = words[2]
                guard words.count == 4, helped.contains(family), types[family] == nil,
                    ["counter", "gauge", "histogram", "summary"].contains(words[3])
                else { throw Failure(description: "TYPE without HELP, twice or unknown: \(line)") }
                types[family] = words[3]
            } else {
                try take(line, family)
            }
        }
        try checkHistograms()
    }

    private mutating func take(_ line: String, _ family: String) throws {
        let name = String(line.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        let suffixes =
            types[family] == "histogram" || types[family] == "summary" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { name == family + $0 }) else {
            throw Failure(description: "a sample outside of its family \(family): \(line)")
        }
        var rest = line.dropFirst(name.count)
        let sample = Sample(name: name, labels: rest.first == "{" ? try Self.labels(&rest) : [:])
        guard rest.first == " ", let value = Double(rest.dropFirst()), values[sample] == nil else {
            throw Failure(description: "no value, or the same sample again: \(line)")
        }
        values[sample] = value
    }

    private static func labels(_ rest: inout Substring) throws -> [String: String] {
        let line = String(rest)
        var labels: [String: String] = [:]
        rest.removeFirst()
        while rest.first != "}" {
            let name = String(rest.prefix { $0.isLetter || $0 == "_" })
            rest.removeFirst(name.count)
            guard !name.isEmpty, rest.hasPrefix("=\"") else { throw Failure(description: "no label: \(line)") }
            rest.removeFirst(2)
            var value = ""
            while let character = rest.popFirst(), character != "\"" {
                guard character == "\\" else {
                    value.append(character)
                    continue
                }
                switch rest.popFirst() {
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                case "n": value.append("\n")
                default: throw Failure(description: "an escape that there is not: \(line)")
                }
            }
            labels[name] = value
            if rest.first == "," { rest.removeFirst() }
            if rest.isEmpty { throw Failure(description: "labels without an end: \(line)") }
        }
        rest.removeFirst()
        return labels
    }

    private func checkHistograms() throws {
        for (family, type) in types where type == "histogram" {
            for (sample, count) in values where sample.name == family + "_count" {
                let buckets = values.filter { bucket, _ in
                    bucket.name == family + "_bucket" && bucket.labels.filter { $0.key != "le" } == sample.labels
                }.map { (bound: Double($0.key.labels["le"] ?? "") ?? .nan, count: $0.value) }
                    .sorted { $0.bound < $1.bound }
                guard buckets.last?.bound == .infinity, buckets.last?.count == count,
                    zip(buckets, buckets.dropFirst()).allSatisfy({ $0.count <= $1.count })
                else { throw Failure(description: "the buckets of \(sample) do not rise to its count") }
            }
        }
    }

    /// The value of a sample; nil without it.
    subscript(name: String, labels: [String: String]) -> Double? { values[Sample(name: name, labels: labels)] }
}
