import Envelope
import Testing

/// Names of the usual length are made in one go, the others piece by piece: both must look the same and be read back.
@Suite struct EntryNameFormTests {
    @Test(
        arguments: [
            (0, 0, false, "ZZ00000000001.00"), (1, 0, false, "ZZ00000000001.01"), (36, 1, false, "ZY00000000001.10"),
            (1295, 1295, false, "0000000000001.ZZ"), (1296, 1296, false, "0000000000001.100"),
            (99_999, 5000, false, "0000000000001.255R"), (7, 35, true, "Z000000000001.07.HELD"),
        ] as [(Int, Int, Bool, String)])
    func isShownAndRead(entry: Int, attempts: Int, isHeld: Bool, shown: String) throws {
        let name = EntryName(message: MessageID(rawValue: 1), entry: entry, attempts: attempts, isHeld: isHeld)
        #expect(name.description == shown)
        let read = try #require(EntryName("channel/" + shown))
        #expect(read == EntryName(message: name.message, entry: entry, attempts: min(attempts, 1295), isHeld: isHeld))
    }

    @Test(
        arguments: [
            "", "/", ".HELD", "ZZ00000000001.", "ZZ00000000001.0", "ZZ00000000001.00.00", "ZZ0000000000é.00",
            "é00000000001.00", "ZZ00000000001.é0", "ZZ00000000001.-1", "ZZ00000000001.00.HELD.HELD",
            "ZZ00000000001.00/",
        ])
    func whatIsNoNameIsNotRead(text: String) {
        #expect(EntryName(text) == nil)
    }
}
