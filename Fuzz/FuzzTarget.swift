/// A parser, with inputs it takes and words of its grammar.
struct FuzzTarget: Sendable {
    var name: String
    var samples: [[UInt8]]
    var words: [String]
    /// Must come back; a trap is a finding, and so is a case that takes seconds.
    var run: @Sendable ([UInt8]) -> Void

    init(_ name: String, _ samples: [String], words: [String], run: @escaping @Sendable ([UInt8]) -> Void) {
        self.init(name, bytes: samples.map { Array($0.utf8) }, words: words, run: run)
    }

    init(_ name: String, bytes: [[UInt8]], words: [String], run: @escaping @Sendable ([UInt8]) -> Void) {
        self.name = name
        samples = bytes
        self.words = words
        self.run = run
    }

    static let all =
        messageTargets + configurationTargets + editingTargets + protocolTargets + clientTargets
        + authenticationTargets + extensionTargets + senderPolicyTargets + commandTargets + optionTargets + storeTargets
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
