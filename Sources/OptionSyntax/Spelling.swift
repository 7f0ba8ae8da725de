/// Guesses what a mistyped name was meant to be.
package enum Spelling {
    /// The known name nearest to `word`, when it is near enough to be offered.
    package static func nearest(to word: String, among known: some Sequence<String>) -> String? {
        let wanted = Array(word.lowercased().utf8.prefix(64))
        let limit = wanted.count <= 4 ? 1 : wanted.count <= 8 ? 2 : 3
        var best: (name: String, distance: Int)?
        for name in known {
            let distance = distance(wanted, Array(name.lowercased().utf8))
            guard distance <= limit else { continue }
            if let best, (best.distance, best.name) <= (distance, name) { continue }
            best = (name, distance)
        }
        return best?.name
    }

    /// `did you mean X?`, or `otherwise` when nothing is near.
    package static func advice(
        for word: String, among known: some Sequence<String>, otherwise: String = ""
    ) -> String {
        nearest(to: word, among: known).map { "did you mean \($0)?" } ?? otherwise
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var previous = [Int](repeating: 0, count: right.count + 1)
        var row = Array(0...right.count)
        for i in left.indices {
            let older = previous
            previous = row
            row[0] = i + 1
            for j in right.indices {
                var cost = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { cost = min(cost, older[j - 1] + 1) }
                row[j + 1] = cost
            }
        }
        return row[right.count]
    }
}
