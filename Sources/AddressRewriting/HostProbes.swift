/// The strings under which a host is looked up among the patterns (rewrite-rules specification, sections 4.2 and 4.7),
/// and what the substitutions `$H`, `$D` and `$L` are for each.
struct HostProbes {
    /// One string, with the way it was made.
    struct Probe {
        var key: String
        /// The domain database is asked for names without asterisks only (section 1.6).
        var hasAsterisk = false
        fileprivate var hostEnd: Int
        fileprivate var domain: Domain
        fileprivate var literal: Range<Int> = 0..<0
    }

    fileprivate enum Domain {
        case rest(Int)
        case text(String)
    }

    /// The parts of a host that a pattern did not, and did, match as text.
    struct Parts: Hashable {
        var host = ""
        var domain = ""
        var literal = ""
    }

    private let original: [UInt8]
    private let lower: [UInt8]
    /// Ranges of the labels; a domain literal is one label.
    private let labels: [Range<Int>]

    /// Longest host that is generalised, in octets: longer ones are no domain names (RFC 5321 section 4.5.3.1.2) and
    /// would cost more than they are worth.
    private static let generalizedLimit = 255

    init(_ host: String) {
        original = Array(host.utf8)
        lower = Array(folded(host).utf8)
        var ranges: [Range<Int>] = []
        var start = 0
        var depth = 0
        for (index, byte) in original.enumerated() {
            if byte == UInt8(ascii: "[") { depth += 1 }
            if byte == UInt8(ascii: "]") { depth = max(0, depth - 1) }
            if byte == UInt8(ascii: "."), depth == 0 {
                ranges.append(start..<index)
                start = index + 1
            }
        }
        labels = ranges + [start..<original.count]
    }

    /// The parts under `$*`, `$%`, `$!` and as a whole under `.`: nothing matched as text.
    func wholeParts(domain: String) -> Parts {
        var parts = Parts(host: text(original), domain: domain)
        if labels.count == 1, isLiteral(0) { parts.literal = text(original.dropFirst().dropLast()) }
        return parts
    }

    func parts(_ probe: Probe) -> Parts {
        let domain =
            switch probe.domain {
            case .rest(let start): text(original[start...])
            case .text(let text): text
            }
        return Parts(host: text(original[..<probe.hostEnd]), domain: domain, literal: text(original[probe.literal]))
    }

    /// Calls `body` with one probe after the other, from the whole name outwards and without the final `.`, until it
    /// returns a value. `asterisks`: whether probes with asterisks are wanted.
    func first<Found>(asterisks: Bool, _ body: (Probe) -> Found?) -> Found? {
        if let found = body(Probe(key: text(lower), hostEnd: 0, domain: .rest(0))) { return found }
        guard original.count <= Self.generalizedLimit else { return nil }
        var stars = ""
        for index in labels.indices {
            let left = asterisks ? stars : nil
            if let found = isLiteral(index) ? literal(index, left, body) : name(index, left, body) { return found }
            if asterisks { stars += generalized(index) + "." }
        }
        return nil
    }

    /// The asterisk form, then the dot form with label `index` removed. `stars`: the labels to the left in asterisk
    /// form; nil when no such probes are wanted.
    private func name<Found>(_ index: Int, _ stars: String?, _ body: (Probe) -> Found?) -> Found? {
        let end = labels[index].upperBound
        let rest = text(lower[end...])
        if let stars {
            let asterisk = Probe(
                key: stars + generalized(index) + rest, hasAsterisk: true, hostEnd: end, domain: .rest(end),
                literal: isLiteral(index) ? inner(index) : 0..<0)
            if let found = body(asterisk) { return found }
        }
        guard !rest.isEmpty else { return nil }
        return body(Probe(key: rest, hostEnd: end, domain: .rest(end)))
    }

    /// A literal is shortened from the right before it is generalised like a name.
    private func literal<Found>(_ index: Int, _ stars: String?, _ body: (Probe) -> Found?) -> Found? {
        let rest = text(lower[labels[index].upperBound...])
        let isFirst = index == labels.startIndex
        let hostEnd = isFirst ? 0 : labels[index].lowerBound - 1
        for cut in shortenings(index) {
            let kept = text(lower[labels[index].lowerBound..<cut]) + "]" + rest
            let dropped = cut..<labels[index].upperBound - 1
            if let stars, !isFirst {
                let probe = Probe(
                    key: stars + kept, hasAsterisk: true, hostEnd: hostEnd, domain: .text("." + kept), literal: dropped)
                if let found = body(probe) { return found }
            }
            let key = isFirst ? kept : "." + kept
            if let found = body(Probe(key: key, hostEnd: hostEnd, domain: .text(key), literal: dropped)) {
                return found
            }
        }
        if isOpaque(index), labels.count == 1 { return nil }
        return name(index, stars, body)
    }

    /// Where a literal is cut: after each of its dots from the right, and after the bracket. IPv6 and other literals
    /// with a colon have no elements and are cut after the bracket only.
    private func shortenings(_ index: Int) -> [Int] {
        let inside = inner(index)
        let dots = isOpaque(index) ? [] : inside.filter { lower[$0] == UInt8(ascii: ".") && $0 + 1 < inside.upperBound }
        return dots.reversed().map { $0 + 1 } + [inside.lowerBound]
    }

    private func generalized(_ index: Int) -> String {
        guard isLiteral(index) else { return "*" }
        let dots = isOpaque(index) ? 0 : lower[inner(index)].count { $0 == UInt8(ascii: ".") }
        return "[" + [String](repeating: "*", count: dots + 1).joined(separator: ".") + "]"
    }

    private func inner(_ index: Int) -> Range<Int> { labels[index].lowerBound + 1..<labels[index].upperBound - 1 }

    private func isOpaque(_ index: Int) -> Bool { lower[labels[index]].contains(UInt8(ascii: ":")) }

    private func isLiteral(_ index: Int) -> Bool {
        let label = lower[labels[index]]
        return label.count >= 2 && label.first == UInt8(ascii: "[") && label.last == UInt8(ascii: "]")
    }
}

/// The probe strings of a host in order, as `test -rewrite` explains them: `$*`, the host outwards, `.`.
package func probes(_ host: String) -> [String] {
    var keys = ["$*"]
    _ = HostProbes(host).first(asterisks: true) { probe -> Never? in
        keys.append(probe.key)
        return nil
    }
    return keys + ["."]
}
