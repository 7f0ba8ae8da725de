import AddressRewriting
import InternetMessage
import Mappings
package import OptionSyntax

/// REVERSE mapping and reverse database: the public form of an address after rewriting, never of an envelope To
/// (aliases specification, section 7). Pure but for what mappings may call.
struct AddressReversal: Sendable {
    /// `use_reverse_database`.
    private struct Bits: OptionSet {
        let rawValue: Int
        static let database = Bits(rawValue: 1)
        static let allAddresses = Bits(rawValue: 4)
        static let channelProbes = Bits(rawValue: 8)
        static let channelKeys = Bits(rawValue: 16)
        static let mappingAfterHit = Bits(rawValue: 32)
        static let destinationKeys = Bits(rawValue: 128)
        static let destinationProbes = Bits(rawValue: 256)
    }

    /// An address and where it stands.
    struct Subject {
        var address: String
        var kind: AddressKind
        var direction: AddressDirection
        var sourceChannel: String
        /// Empty where no destination is known: of the envelope From at MAIL FROM.
        var destinationChannel = ""
    }

    static let table = "REVERSE"

    private let mappings: MappingTables
    private let context: MappingContext
    private let database: TextDatabase?
    private let bits: Bits

    init(mappings: MappingTables, context: MappingContext, database: TextDatabase?, bits: Int) {
        self.mappings = mappings
        self.context = context
        self.bits = Bits(rawValue: bits)
        self.database = self.bits.contains(.database) ? database : nil
    }

    /// Whether channels are part of probes or keys.
    var isChannelSpecific: Bool { !bits.isDisjoint(with: [.channelProbes, .channelKeys]) }

    /// Whether anything could be reversed.
    var isActive: Bool { !bits.isEmpty && (database != nil || mappings.contains(Self.table)) }

    /// What became of an address; nil when reversal does not apply to it.
    func decide(_ subject: Subject) -> ReversalQuestion? {
        guard isActive, bits.contains(.allAddresses) || subject.direction == .backward else { return nil }
        var question = ReversalQuestion(address: subject.address)
        if let found = look(subject.address, subject) {
            question.result = found
            question.isInDatabase = true
            guard bits.contains(.mappingAfterHit) else { return question }
        }
        let isSpecific = bits.contains(.channelProbes)
        let address = question.result ?? subject.address
        question.probe =
            isSpecific ? key(address, subject, onlyDestination: bits.contains(.destinationProbes)) : address
        let flags: MappingFlags =
            switch (subject.kind, subject.direction) {
            case (.envelope, .forward): "EF"
            case (.envelope, .backward): "ER"
            case (.header, .forward): "BF"
            case (.header, .backward): "BR"
            }
        guard let result = mappings.probe(Self.table, question.probe, flags: flags, context: context) else {
            return question
        }
        question.entry = result.matchedEntry
        // `$N`, or no `$Y`: the output is discarded.
        guard result.flags.has("Y"), Mailbox(result.output) != nil else { return question }
        question.result = result.output
        if result.flags.has("D"), let found = look(result.output, subject) {
            question.result = found
            question.isInDatabase = true
        }
        return question
    }

    private func look(_ address: String, _ subject: Subject) -> String? {
        guard let database else { return nil }
        let isSpecific = bits.contains(.channelKeys)
        let key = isSpecific ? key(address, subject, onlyDestination: bits.contains(.destinationKeys)) : address
        return database.value(for: key).flatMap { Mailbox($0) == nil ? nil : $0 }
    }

    private func key(_ address: String, _ subject: Subject, onlyDestination: Bool) -> String {
        (onlyDestination ? "" : subject.sourceChannel + "|") + subject.destinationChannel + "|" + address
    }
}

/// What reverse database and REVERSE mapping were asked about an address, and what they said.
package struct ReversalQuestion: Hashable, Sendable {
    package var address: String
    /// What the mapping was probed with; empty when it was not.
    package var probe = ""
    /// The entry of the mapping that applied; nil for none.
    package var entry: SourceLocation?
    package var isInDatabase = false
    /// The reversed address; nil: unchanged.
    package var result: String?

    init(address: String) { self.address = address }
}
