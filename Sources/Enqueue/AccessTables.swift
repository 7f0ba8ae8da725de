import Configuration
import Mappings

/// The facts about a session or an internal enqueue that access tables are probed with
/// (access-and-filtering specification, 1 to 5).
package struct AccessFacts: Hashable, Sendable {
    /// The whole PORT_ACCESS probe for SMTP; empty otherwise.
    package var portAccessProbe: String
    /// `SMTP/helo`; empty when not by SMTP.
    package var applicationInformation: String
    package var sourceChannel: String
    /// The envelope From after completion; empty for `<>`.
    package var sender: String
    package var isAuthenticated: Bool
    package var usesTLS: Bool
    package var saidEHLO: Bool

    package init(
        portAccessProbe: String = "", applicationInformation: String = "", sourceChannel: String, sender: String,
        isAuthenticated: Bool = false, usesTLS: Bool = false, saidEHLO: Bool = false
    ) {
        self.portAccessProbe = portAccessProbe
        self.applicationInformation = applicationInformation
        self.sourceChannel = sourceChannel
        self.sender = sender
        self.isAuthenticated = isAuthenticated
        self.usesTLS = usesTLS
        self.saidEHLO = saidEHLO
    }

    var flags: MappingFlags {
        MappingFlags((isAuthenticated ? "A" : "") + (usesTLS ? "T" : "") + (saidEHLO ? "E" : ""))
    }
}

/// What an access table said of one recipient.
struct AccessVerdict: Hashable {
    /// The refusal; nil when the table allows.
    var refusal: RoutingRefusal?
    /// `$H`: the copy is held.
    var isHeld = false

    static let allowed = AccessVerdict()
}

/// ORIG_SEND_ACCESS, ORIG_MAIL_ACCESS, SEND_ACCESS and MAIL_ACCESS (access-and-filtering specification, 4 and 5).
struct AccessTables: Sendable {
    let mappings: MappingTables
    let context: MappingContext
    /// `mapping_paranoia`: what a bar inside a field becomes; nil leaves it.
    let paranoia: Character?
    /// `access_errors` 1: a refusal without a text says what it is.
    let showsAccessErrors: Bool
    let unknownHostText: String
    let accessFailureText: String

    enum Stage: String {
        case original = "ORIG_"
        case final = ""
    }

    /// Both tables of a stage; the first refusal wins.
    func judge(_ stage: Stage, _ facts: AccessFacts, channel: String, address: String) -> AccessVerdict {
        let tail =
            [facts.sourceChannel, field(facts.sender), channel, field(address)].joined(separator: "|")
        var verdict = judge(stage.rawValue + "SEND_ACCESS", tail, facts)
        if verdict.refusal != nil { return verdict }
        let table = stage.rawValue + "MAIL_ACCESS"
        guard mappings.contains(table) else { return verdict }
        let probe = "\(facts.portAccessProbe)|\(field(facts.applicationInformation))|MAIL|\(tail)"
        let second = judge(table, probe, facts)
        verdict.refusal = second.refusal
        verdict.isHeld = verdict.isHeld || second.isHeld
        return verdict
    }

    private func judge(_ table: String, _ probe: String, _ facts: AccessFacts) -> AccessVerdict {
        guard let result = mappings.probe(table, probe, flags: facts.flags, context: context) else { return .allowed }
        var verdict = AccessVerdict(isHeld: result.flags.has("H"))
        guard result.flags.has("N") || result.flags.has("F") else { return verdict }
        let arguments = FlagArguments(result)
        let isTemporary = arguments.status?.first == "4"
        let standard = showsAccessErrors ? accessFailureText : unknownHostText
        verdict.refusal = RoutingRefusal(
            code: isTemporary ? 450 : 550, status: arguments.status ?? "5.7.1",
            text: arguments.text.isEmpty ? standard : arguments.text)
        return verdict
    }

    /// A field a client supplied, so that it cannot shift the others.
    private func field(_ text: String) -> String {
        guard let paranoia, text.utf8.contains(where: { $0 == UInt8(ascii: "|") || $0 < 0x20 }) else { return text }
        return String(
            text.map { $0 == "|" || ($0.asciiValue ?? 0x20) < 0x20 ? paranoia : $0 })
    }

    /// The arguments of output flags: pieces of the result between bars, in a fixed order whatever the order of the flags;
    /// the last one takes the rest (section 5.3).
    private struct FlagArguments {
        var text = ""
        var status: String?

        /// Flags before `$N` in the order in which they take their arguments; `$I` takes two.
        private static let order: [(flag: Character, pieces: Int)] = [
            ("U", 1), ("J", 1), ("K", 1), ("I", 2), ("<", 1), (">", 1), ("D", 1), ("T", 1), ("A", 1), ("G", 1), ("S", 1),
            ("X", 1), (",", 1),
        ]

        init(_ result: MappingResult) {
            var rest = result.output[...]
            for (flag, pieces) in Self.order where result.flags.has(flag) {
                for _ in 0..<pieces {
                    let piece = rest.prefix { $0 != "|" }
                    rest = rest.dropFirst(piece.count + 1)
                    if flag == "X", !piece.isEmpty { status = String(piece) }
                }
            }
            text = String(rest)
        }
    }
}
