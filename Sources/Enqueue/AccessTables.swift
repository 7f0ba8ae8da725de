import InternetMessage
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
    /// The authenticated user; empty without AUTH.
    package var user: String
    /// MAIL, or SEND, SAML or SOML where the client said that (smtp specification, 4).
    package var submitType = "MAIL"

    package init(
        portAccessProbe: String = "", applicationInformation: String = "", sourceChannel: String, sender: String,
        isAuthenticated: Bool = false, usesTLS: Bool = false, saidEHLO: Bool = false, user: String = ""
    ) {
        self.user = user
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
    /// `$D`: how long the client is to wait.
    var delay = AccessDelay()
    /// `$J` of FROM_ACCESS: the address that replaces the envelope From.
    var newSender: String?

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
    func judge(
        _ stage: Stage, _ facts: AccessFacts, channel: String, address: String, trace: RouteTrace? = nil
    ) -> AccessVerdict {
        let tail =
            [facts.sourceChannel, field(facts.sender), channel, field(address)].joined(separator: "|")
        var verdict = judge(stage.rawValue + "SEND_ACCESS", tail, facts, trace)
        if verdict.refusal != nil { return verdict }
        let table = stage.rawValue + "MAIL_ACCESS"
        guard mappings.contains(table) else { return verdict }
        let probe =
            "\(facts.portAccessProbe)|\(field(facts.applicationInformation))|\(facts.submitType)|\(tail)"
        let second = judge(table, probe, facts, trace)
        verdict.refusal = second.refusal
        verdict.isHeld = verdict.isHeld || second.isHeld
        verdict.delay.formUnion(second.delay)
        return verdict
    }

    /// FROM_ACCESS, once for each transaction (section 3); the verdict also says what replaces the sender.
    func judgeSender(_ facts: AccessFacts, trace: RouteTrace? = nil) -> AccessVerdict {
        guard mappings.contains("FROM_ACCESS") else { return .allowed }
        let probe = [
            facts.portAccessProbe, field(facts.applicationInformation), facts.submitType,
            facts.sourceChannel,
            field(facts.sender), field(facts.user),
        ].joined(separator: "|")
        var facts = facts
        // Input flag E belongs to the recipient tables (section 5.1).
        facts.saidEHLO = false
        return judge("FROM_ACCESS", probe, facts, trace)
    }

    private func judge(_ table: String, _ probe: String, _ facts: AccessFacts, _ trace: RouteTrace?) -> AccessVerdict {
        let result = mappings.probe(table, probe, flags: facts.flags, context: context)
        let verdict = result.map(verdict) ?? withoutMatch(table, probe)
        if let trace {
            trace.add(
                .asked(
                    AccessQuestion(
                        table: table, probe: probe, isPresent: mappings.contains(table), entry: result?.matchedEntry,
                        flags: result?.flags.description ?? "", output: result?.output ?? "",
                        refusal: verdict.refusal, isHeld: verdict.isHeld)))
        }
        return verdict
    }

    /// No entry allows, but for a probe that is too long for any entry to have a say: a client could make it so.
    private func withoutMatch(_ table: String, _ probe: String) -> AccessVerdict {
        guard probe.utf8.count > MappingTables.probeLimit, mappings.contains(table) else { return .allowed }
        return AccessVerdict(
            refusal: RoutingRefusal(
                code: 550, status: "5.7.1", text: showsAccessErrors ? accessFailureText : unknownHostText,
                detail: "the probe of \(table) is longer than \(MappingTables.probeLimit) octets"))
    }

    private func verdict(_ result: MappingResult) -> AccessVerdict {
        // `$I` asks for membership in a group of the system; we know of none, so that the entry counts as no match.
        guard !result.flags.has("I") else { return .allowed }
        let arguments = FlagArguments(result)
        var verdict = AccessVerdict(
            isHeld: result.flags.has("H"), delay: arguments.delay, newSender: arguments.newSender)
        guard result.flags.has("N") || result.flags.has("F") else { return verdict }
        let status = arguments.status ?? EnhancedStatus(5, 7, 1)
        let standard = showsAccessErrors ? accessFailureText : unknownHostText
        verdict.refusal = RoutingRefusal(
            code: status.isTemporary ? 450 : 550, status: status.description,
            text: arguments.text.isEmpty ? standard : arguments.text)
        return verdict
    }

    /// A field a client supplied, so that it cannot shift the others.
    private func field(_ text: String) -> String {
        guard let paranoia, text.utf8.contains(where: Self.isHarmful) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let octet = UInt8(exactly: scalar.value), Self.isHarmful(octet) {
                scalars.append(contentsOf: paranoia.unicodeScalars)
            } else {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    private static func isHarmful(_ octet: UInt8) -> Bool {
        octet == UInt8(ascii: "|") || octet < 0x20 || octet == 0x7F
    }

    /// The arguments of output flags: pieces of the result between bars, in a fixed order whatever the order of the flags;
    /// the last one takes the rest (section 5.3).
    private struct FlagArguments {
        var text = ""
        var delay = AccessDelay()
        var newSender: String?
        /// A permanent or temporary status; nil when `$X` is not set or is neither.
        var status: EnhancedStatus?

        /// Flags before `$N` in the order in which they take their arguments.
        private static let order: [Character] = ["U", "J", "K", "<", ">", "D", "T", "A", "G", "S", "X", ","]

        init(_ result: MappingResult) {
            var rest = result.output[...]
            for flag in Self.order where result.flags.has(flag) {
                let piece = rest.prefix { $0 != "|" }
                rest = rest.dropFirst(piece.count + 1)
                if flag == "D" { delay = AccessDelay(piece) }
                if flag == "J", Mailbox(String(piece)) != nil { newSender = String(piece) }
                if flag == "X" { status = EnhancedStatus(piece).flatMap { $0.statusClass == 2 ? nil : $0 } }
            }
            text = String(rest)
        }
    }
}
