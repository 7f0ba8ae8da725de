import Testing

@testable import ProcessPool

/// Dispatcher specification, section 10: the option is decimal or `b%v`, the environment variable hexadecimal.
@Suite struct DebugAreasTests {
    @Test(arguments: [
        ("FFFFFFFF", UInt32.max as UInt32?), ("1000000", 1 << 24), ("0", 0), ("10", 16), ("ff", 255), ("", nil),
        ("100000000", nil), ("-1", nil), ("+1", nil), ("xyz", nil),
    ])
    func hexadecimal(text: String, mask: UInt32?) {
        #expect(DebugAreas(hexadecimal: text)?.rawValue == mask)
    }

    /// IMTA_DISPATCHER_DEBUG wins over PMDF_DISPATCHER_DEBUG, both over the option.
    @Test(
        arguments: [
            (nil, nil, UInt32(3)), ("10", nil, 16), (nil, "20", 32), ("10", "20", 16), ("bad!", "20", 32),
            ("bad!", nil, 3), ("0", nil, 0),
        ] as [(String?, String?, UInt32)])
    func effective(ours: String?, theirs: String?, mask: UInt32) {
        let variables = ["IMTA_DISPATCHER_DEBUG": ours, "PMDF_DISPATCHER_DEBUG": theirs]
        #expect(DebugAreas.effective(option: 3) { variables[$0] ?? nil } == mask)
    }

    /// The table of section 10.
    @Test func bits() {
        #expect(DebugAreas.denials.rawValue == 16_777_216)
        #expect(DebugAreas.statistics.rawValue == 1_048_576)
        #expect(DebugAreas.statisticsExtra.rawValue == 2_097_152)
        #expect(DebugAreas.workerSide.rawValue == 4096)
        #expect(DebugAreas.workerIOExtra.rawValue == 131_072)
        #expect(DebugAreas.packets.rawValue == 1024)
    }
}
