import Configuration
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
    /// MAIL FROM as the client gave it; nil where nothing else than `sender` is known.
    package var givenSender: String?
    /// RCPT TO commands of the transaction, with the one that is judged, and valid recipients of those before.
    package var recipientsPresented = 0
    package var recipientsAccepted = 0
    /// `$G` of FROM_ACCESS.
    package var conversionTags: [String] = []
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

    /// Those of FROM_ACCESS; E, L and the conditions of a notification belong to the recipient tables (section 5.1).
    var senderFlags: MappingFlags { MappingFlags((isAuthenticated ? "A" : "") + (usesTLS ? "T" : "")) }
}

/// What an access table said of one recipient.
struct AccessVerdict: Hashable {
    /// The refusal; nil when the table allows.
    var refusal: RoutingRefusal?
    var effects = AccessEffects()
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
    let options: MTAOptions.Access

    enum Stage: String {
        case original = "ORIG_"
        case final = ""
    }

    /// Both tables of a stage; the first refusal wins.
    func judge(
        _ stage: Stage, _ facts: AccessFacts, recipient: QueueRecipientFacts, channel: String, address: String,
        trace: RouteTrace? = nil
    ) -> AccessVerdict {
        let sender = field(fromAddress(facts))
        let flags = facts.flags(notify: recipient.notify)
        let tail = [facts.sourceChannel, sender, channel, field(address)].joined(separator: "|")
        let send = Table(stage, isMail: false)
        var verdict = judge(send.name, tail + added(send, facts, recipient), flags, trace)
        if verdict.refusal != nil { return verdict }
        let mail = Table(stage, isMail: true)
        guard mappings.contains(mail.name) else { return verdict }
        let probe =
            "\(facts.portAccessProbe)|\(field(facts.applicationInformation))|\(facts.submitType)|\(tail)"
            + added(mail, facts, recipient)
        let second = judge(mail.name, probe, flags, trace)
        verdict.refusal = second.refusal
        verdict.effects.add(second.effects)
        return verdict
    }

    /// One of the four recipient tables, with its bits in the options that add fields.
    private struct Table {
        var name: String
        /// Of `access_orcpt` and `access_counts`.
        var bit: Int
        /// Of `include_conversiontag`.
        var tagBit: Int

        init(_ stage: Stage, isMail: Bool) {
            name = stage.rawValue + (isMail ? "MAIL_ACCESS" : "SEND_ACCESS")
            let place = (stage == .original ? 0 : 1) + (isMail ? 2 : 0)
            bit = 2 << place
            tagBit = 8 << place
        }
    }

    /// The fields that options append (section 4): original recipient, counts, conversion tags.
    private func added(_ table: Table, _ facts: AccessFacts, _ recipient: QueueRecipientFacts) -> String {
        var text = ""
        if options.originalRecipientBits & (table.bit | 1) != 0 {
            text += "|" + field(recipient.originalRecipient ?? recipient.given)
        }
        if options.countBits & (table.bit | 1) != 0 {
            text += "|\(facts.recipientsPresented)/\(facts.recipientsAccepted)/"
        }
        if options.conversionTagBits & table.tagBit != 0 {
            text += "|" + field(facts.conversionTags.joined(separator: ","))
        }
        return text
    }

    /// Which form of the envelope From the tables see (section 3).
    private func fromAddress(_ facts: AccessFacts) -> String {
        if options.usesAuthenticatedSender, !facts.user.isEmpty { return facts.user }
        return options.usesGivenSender ? facts.givenSender ?? facts.sender : facts.sender
    }

    /// FROM_ACCESS, once for each transaction (section 3); the verdict also says what replaces the sender.
    func judgeSender(_ facts: AccessFacts, trace: RouteTrace? = nil) -> AccessVerdict {
        guard mappings.contains("FROM_ACCESS") else { return .allowed }
        let probe = [
            facts.portAccessProbe, field(facts.applicationInformation), facts.submitType, facts.sourceChannel,
            field(fromAddress(facts)), field(facts.user),
        ].joined(separator: "|")
        return judge("FROM_ACCESS", probe, facts.senderFlags, trace)
    }

    private func judge(_ table: String, _ probe: String, _ flags: MappingFlags, _ trace: RouteTrace?) -> AccessVerdict {
        let result = mappings.probe(table, probe, flags: flags, context: context)
        let verdict = result.map { self.verdict($0, of: table) } ?? withoutMatch(table, probe)
        if let trace {
            trace.add(
                .asked(
                    AccessQuestion(
                        table: table, probe: probe, isPresent: mappings.contains(table), entry: result?.matchedEntry,
                        flags: result?.flags.description ?? "", output: result?.output ?? "",
                        refusal: verdict.refusal, isHeld: verdict.effects.isHeld)))
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

    private func verdict(_ result: MappingResult, of table: String) -> AccessVerdict {
        // `$I` asks for membership in a group of the system; we know of none, so that the entry counts as no match.
        guard !result.flags.has("I") else { return .allowed }
        let arguments = FlagArguments(result)
        var verdict = AccessVerdict(effects: arguments.effects, newSender: arguments.newSender)
        if table != "FROM_ACCESS" { verdict.effects.authenticatedSender = nil }
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
}
