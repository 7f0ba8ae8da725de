/// The strings under which a host is looked up among the patterns (rewrite-rules specification, sections 4.2 and 4.7),
/// and what the substitutions `$H`, `$D` and `$L` are for each.
struct HostProbes {
    /// One string, `head` and then the folded host from `tail` on, with the way it was made.
    struct Probe {
        var head: [UInt8] = []
        var tail: Int
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

    /// The parts of a host that a pattern did not, and did, match as text; made of
    /// the host when a template asks for them.
    struct Parts {
        fileprivate let hostEnd: Int
        fileprivate let matched: Domain
        fileprivate let dropped: Range<Int>

        func host(of name: String) -> String { slice(name, 0..<hostEnd) }
        func literal(of name: String) -> String { slice(name, dropped) }
        func domain(of name: String) -> String {
            switch matched {
            case .rest(let start): slice(name, start..<name.utf8.count)
            case .text(let text): text
            }
        }
    }

    /// The host in lower case.
    let lower: [UInt8]

    /// Longest host that is generalised, in octets: longer ones are no domain names (RFC 5321 section 4.5.3.1.2) and
    /// would cost more than they are worth.
    private static let generalizedLimit = 255

    init(_ host: String) {
        lower = foldedBytes(host)
    }

    /// The end of the label that begins at `start`; a domain literal is one label.
    private func endOfLabel(from start: Int) -> Int {
        var depth = 0
        for index in start..<lower.count {
            switch lower[index] {
            case UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "]"): depth = max(0, depth - 1)
            case UInt8(ascii: ".") where depth == 0: return index
            default: break
            }
        }
        return lower.count
    }

    /// The parts under `$*`, `$%`, `$!` and as a whole under `.`: nothing matched as text.
    func wholeParts(domain: String) -> Parts {
        let all = 0..<lower.count
        let isOneLiteral = isLiteral(all) && endOfLabel(from: 0) == lower.count
        return Parts(
            hostEnd: lower.count, matched: .text(domain), dropped: isOneLiteral ? inner(all) : 0..<0)
    }

    func parts(_ probe: Probe) -> Parts {
        Parts(hostEnd: probe.hostEnd, matched: probe.domain, dropped: probe.literal)
    }

    /// Calls `body` with one probe after the other, from the whole name outwards and without the final `.`, until it
    /// returns a value. `asterisks`: whether probes with asterisks are wanted.
    func first<Found>(asterisks: Bool, _ body: (Probe) -> Found?) -> Found? {
        if let found = body(Probe(tail: 0, hostEnd: 0, domain: .rest(0))) { return found }
        guard lower.count <= Self.generalizedLimit else { return nil }
        var stars: [UInt8] = []
        var start = 0
        while true {
            let label = start..<endOfLabel(from: start)
            let left = asterisks ? stars : nil
            if let found = isLiteral(label) ? literal(label, left, body) : name(label, left, body) { return found }
            if label.upperBound == lower.count { return nil }
            if asterisks { stars += generalized(label) + [UInt8(ascii: ".")] }
            start = label.upperBound + 1
        }
    }

    /// The asterisk form, then the dot form with `label` removed. `stars`: the labels to the left in asterisk form;
    /// nil when no such probes are wanted.
    private func name<Found>(_ label: Range<Int>, _ stars: [UInt8]?, _ body: (Probe) -> Found?) -> Found? {
        let end = label.upperBound
        if let stars {
            let asterisk = Probe(
                head: stars + generalized(label), tail: end, hasAsterisk: true, hostEnd: end, domain: .rest(end),
                literal: isLiteral(label) ? inner(label) : 0..<0)
            if let found = body(asterisk) { return found }
        }
        guard end < lower.count else { return nil }
        return body(Probe(tail: end, hostEnd: end, domain: .rest(end)))
    }

    /// A literal is shortened from the right before it is generalised like a name.
    private func literal<Found>(_ label: Range<Int>, _ stars: [UInt8]?, _ body: (Probe) -> Found?) -> Found? {
        let end = label.upperBound
        let rest = text(lower[end...])
        let isFirst = label.lowerBound == 0
        let hostEnd = isFirst ? 0 : label.lowerBound - 1
        for cut in shortenings(label) {
            let kept = Array(lower[label.lowerBound..<cut]) + [UInt8(ascii: "]")]
            let dropped = cut..<end - 1
            if let stars, !isFirst {
                let probe = Probe(
                    head: stars + kept, tail: end, hasAsterisk: true, hostEnd: hostEnd,
                    domain: .text("." + text(kept) + rest), literal: dropped)
                if let found = body(probe) { return found }
            }
            let head = isFirst ? kept : [UInt8(ascii: ".")] + kept
            let probe = Probe(
                head: head, tail: end, hostEnd: hostEnd, domain: .text(text(head) + rest), literal: dropped)
            if let found = body(probe) { return found }
        }
        if isOpaque(label), label == 0..<lower.count { return nil }
        return name(label, stars, body)
    }

    /// Where a literal is cut: after each of its dots from the right, and after the bracket. IPv6 and other literals
    /// with a colon have no elements and are cut after the bracket only.
    private func shortenings(_ label: Range<Int>) -> [Int] {
        let inside = inner(label)
        let dots = isOpaque(label) ? [] : inside.filter { lower[$0] == UInt8(ascii: ".") && $0 + 1 < inside.upperBound }
        return dots.reversed().map { $0 + 1 } + [inside.lowerBound]
    }

    private func generalized(_ label: Range<Int>) -> [UInt8] {
        guard isLiteral(label) else { return [UInt8(ascii: "*")] }
        let dots = isOpaque(label) ? 0 : lower[inner(label)].count { $0 == UInt8(ascii: ".") }
        return Array("[\([String](repeating: "*", count: dots + 1).joined(separator: "."))]".utf8)
    }

    private func inner(_ label: Range<Int>) -> Range<Int> { label.lowerBound + 1..<label.upperBound - 1 }

    private func isOpaque(_ label: Range<Int>) -> Bool { lower[label].contains(UInt8(ascii: ":")) }

    private func isLiteral(_ label: Range<Int>) -> Bool {
        label.count >= 2 && lower[label.lowerBound] == UInt8(ascii: "[")
            && lower[label.upperBound - 1] == UInt8(ascii: "]")
    }
}

/// The probe strings of a host in order, as `test -rewrite` explains them: `$*`, the host outwards, `.`.
package func probes(_ host: String) -> [String] {
    var keys = ["$*"]
    let all = HostProbes(host)
    _ = all.first(asterisks: true) { probe -> Never? in
        keys.append(text(probe.head + all.lower[probe.tail...]))
        return nil
    }
    return keys + ["."]
}
