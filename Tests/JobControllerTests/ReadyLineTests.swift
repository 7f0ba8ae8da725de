import Testing

@testable import JobController

/// The order of a host's ready entries, beside a sorted list.
@Suite struct ReadyLineTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func givesTheBestFirst(seed: UInt64) {
        var random = seed
        func next(_ limit: UInt64) -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (random >> 33) % limit
        }
        var line = ReadyLine()
        var model: [ReadyItem] = []
        for step in 0..<4000 {
            #expect(line.min?.slot == model.first?.slot)
            // It grows for a while, then it empties, again and again; one in eight overtakes.
            if next(10) < (step / 400 % 2 == 0 ? 7 : 2) {
                let overtakes = next(8) == 0
                let item = ReadyItem(
                    rank: overtakes ? UInt8(next(3)) : 2, generation: 0, slot: Int32(step),
                    arrival: overtakes ? Int64(next(4000)) : Int64(step))
                line.insert(item)
                model.insert(item, at: model.firstIndex { item < $0 } ?? model.count)
            } else if !model.isEmpty {
                line.removeMin()
                model.removeFirst()
            }
            if next(500) == 0 {
                line.filter { $0.slot % 3 != 0 }
                model.removeAll { $0.slot % 3 == 0 }
            }
            #expect(line.count == model.count, "step \(step)")
        }
        while let best = model.first {
            #expect(line.min?.slot == best.slot)
            line.removeMin()
            model.removeFirst()
        }
        #expect(line.min == nil)
    }
}
