import Configuration
import OptionSyntax
import Testing

/// Damaged configurations are reported, whatever they hold; nothing traps and no text is lost by an edit that is
/// refused.
@Suite struct HostileTextTests {
    /// xorshift64*, so that a failure names the seed that repeats it.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_F491_4F6C_DD1D
        }
    }

    private static let splinters: [[UInt8]] = [
        "\\", "\\\n", "\"", "[", "]", "=", ":", "\n\n", "\n ", "\n\t", "$", "${", "&/", "&/IMTA_HOST/", "<", "\n<x\n",
        "\0",
        "!", "99999999999999999999", "16%", "-1", " ", "*", "@", ".", "\n[channel:defaults]\n", "\nchannel:x.a.b = 1\n",
    ].map { Array($0.utf8) }

    private static func damaged(_ text: String, _ generator: inout Generator) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...12, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            if Bool.random(using: &generator) {
                bytes.insert(contentsOf: splinters.randomElement(using: &generator) ?? [], at: place)
            } else {
                bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...60, using: &generator)))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: 1...20)
    func damagedConfigurationsAreReported(seed: Int) {
        var generator = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        let text = Self.damaged(Samples.defaults.unified, &generator)
        let unified = Samples.unified(text)
        #expect(unified.configuration != nil || unified.diagnostics.hasErrors)
        var files = Samples.defaults.legacy
        for name in files.keys.sorted() { files[name] = Self.damaged(files[name, default: ""], &generator) }
        let legacy = Samples.legacy(files)
        #expect(legacy.configuration != nil || legacy.diagnostics.hasErrors)
        for load in [unified, legacy] { _ = load.configuration?.show(effective: true) }
        for edit in [
            ConfigurationEditor.Edit.set(name: "channel:tcp_local.nomx", value: nil),
            .set(name: "mta.block_limit", value: "7"), .unset(name: "rewrite.rule"),
        ] {
            _ = try? ConfigurationEditor.apply(edit, to: text)
        }
    }
}
