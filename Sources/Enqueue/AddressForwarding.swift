import Aliases
import Envelope
import InternetMessage
import Mappings
package import OptionSyntax

/// FORWARD mapping and forward database: what an envelope To address becomes after aliases (aliases specification,
/// section 8). Pure but for what mappings may call.
struct AddressForwarding: Sendable {
    let mappings: MappingTables
    let context: MappingContext
    /// Nil unless `use_forward_database` and `use_text_databases` enable it.
    let database: TextDatabase?
    /// `use_forward_database` bit 3: keys begin with source channel and sender.
    let hasSourceKeys: Bool
    /// Bit 4: probes of the mapping do.
    let hasSourceProbes: Bool

    static let table = "FORWARD"

    /// `bits`: `use_forward_database`.
    init(mappings: MappingTables, context: MappingContext, database: TextDatabase?, bits: Int) {
        self.mappings = mappings
        self.context = context
        self.database = bits & 1 != 0 ? database : nil
        hasSourceKeys = bits & 8 != 0
        hasSourceProbes = bits & 16 != 0
    }

    /// False when there is nothing that could forward.
    var isActive: Bool { database != nil || mappings.contains(Self.table) }

    /// `source`: `channel|sender|`.
    func decide(_ address: String, source: String, flags: MappingFlags) -> ForwardingQuestion {
        var question = ForwardingQuestion(address: address, probe: (hasSourceProbes ? source : "") + address)
        guard let result = mappings.probe(Self.table, question.probe, flags: flags, context: context) else {
            question.look(address, in: database, source: hasSourceKeys ? source : "")
            return question
        }
        question.entry = result.matchedEntry
        question.heldReason = result.flags.has("I") ? "FORWARD mapping" : nil
        question.forwardsAgain = !result.flags.has("H")
        if result.flags.has("Y") {
            question.result = result.output
            question.rewritesAgain = result.flags.has("D")
        }
        if result.flags.has("G") { question.look(result.output, in: database, source: hasSourceKeys ? source : "") }
        return question
    }
}

/// What FORWARD mapping and forward database were asked about an address, and what they said.
package struct ForwardingQuestion: Hashable, Sendable {
    package var address: String
    /// What the mapping was probed with.
    package var probe: String
    /// The entry of the mapping that applied; nil for none.
    package var entry: SourceLocation?
    /// The key that was looked for in the forward database; nil when it was not asked.
    package var key: String?
    /// Whether the database had it.
    package var isInDatabase = false
    /// The new address; nil: unchanged.
    package var result: String?
    package var rewritesAgain = false
    package var forwardsAgain = true
    package var heldReason: String?

    init(address: String, probe: String) {
        self.address = address
        self.probe = probe
    }

    /// A hit always goes through rewriting again.
    fileprivate mutating func look(_ text: String, in database: TextDatabase?, source: String) {
        guard let database else { return }
        key = source + text
        guard let found = database.value(for: source + text) else { return }
        isInDatabase = true
        result = found
        rewritesAgain = true
    }

    /// As the expansion of recipients wants it.
    func decision(_ texts: AliasErrorTexts) -> RecipientExpander.Forwarding {
        guard let result else { return heldReason.map { .held($0) } ?? .unchanged }
        guard let mailbox = Mailbox(result) else {
            return .failure(texts.misconfigured("forwarding makes \(result) of \(address), which is no address"))
        }
        return .changed(
            mailbox, rewritesAgain: rewritesAgain, forwardsAgain: forwardsAgain, heldReason: heldReason)
    }
}

extension AccessFacts {
    /// The input flags of FORWARD: those of the recipient tables.
    func flags(notify: NotifyConditions) -> MappingFlags {
        var letters = (isAuthenticated ? "A" : "") + (usesTLS ? "T" : "") + (saidEHLO ? "E" : "")
        if applicationInformation.hasPrefix("LMTP") { letters += "L" }
        if notify.contains(.success) { letters += "S" }
        if notify.contains(.failure) { letters += "F" }
        if notify.contains(.delay) { letters += "D" }
        return MappingFlags(letters)
    }
}
