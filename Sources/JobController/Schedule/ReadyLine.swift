import HeapModule

/// The ready entries of a host, the best one first. Most come in the order in which they go out: those stand in line, and
/// coming and going cost the same however many wait. Only those that overtake, or come back, go into a heap.
struct ReadyLine {
    /// In order; what is before `head` has gone.
    private var line: [ReadyItem] = []
    private var head = 0
    private var others = Heap<ReadyItem>()

    var count: Int { line.count - head + others.count }

    /// The best one.
    var min: ReadyItem? {
        guard head < line.count else { return others.min }
        guard let other = others.min, other < line[head] else { return line[head] }
        return other
    }

    mutating func insert(_ item: ReadyItem) {
        if head == line.count {
            line.removeAll(keepingCapacity: line.capacity <= 64)
            head = 0
        } else if item < line[line.count - 1] {
            return others.insert(item)
        }
        line.append(item)
    }

    /// Takes the best one out; there must be one.
    mutating func removeMin() {
        if head == line.count || others.min.map({ $0 < line[head] }) ?? false {
            others.removeMin()
            return
        }
        head += 1
        // Each one that stays is moved once for one that has gone.
        if head > 32, head * 2 > line.count {
            line.removeSubrange(..<head)
            head = 0
        }
    }

    /// Keeps only some.
    mutating func filter(_ isKept: (ReadyItem) -> Bool) {
        line = line[head...].filter(isKept)
        head = 0
        others = Heap(others.unordered.filter(isKept))
    }
}
