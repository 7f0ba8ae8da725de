import InternetMessage
import Mappings

/// What access tables want done with a message besides letting it in or not (access-and-filtering specification, 5.2 and
/// 5.3). Flags of FROM_ACCESS concern all of a message, those of the other tables one recipient but where it says so.
package struct AccessEffects: Hashable, Sendable {
    /// How all recipients of a message are discarded.
    package enum Disposal: Hashable, Sendable {
        /// `$V`.
        case discard
        /// `$Z`, which nothing undoes.
        case jettison
    }

    /// The limits that `$S` lowers for a transaction.
    package struct Limits: Hashable, Sendable {
        /// In blocks.
        package var blockLimit: Int?
        package var recipientLimit: Int?
        package var recipientCutoff: Int?

        package init() {}
    }

    /// `$H`: the copy is held.
    package var isHeld = false
    /// `$B`: the copy goes to the bitbucket.
    package var isDropped = false
    /// For all recipients.
    package var disposal: Disposal?
    /// `$D`: how long the client is to wait.
    package var delay = AccessDelay()
    /// `$A`: header fields that the message gets.
    package var headerFields: [String] = []
    /// `$T`: what is put before the subject.
    package var subjectTags: [String] = []
    /// `$G`: conversion tags, which later probes may show.
    package var conversionTags: [String] = []
    /// `$S` of FROM_ACCESS.
    package var limits = Limits()
    /// `$K` of FROM_ACCESS: stands for the address of who has authenticated, for `authrewrite`.
    package var authenticatedSender: String?
    /// `$<`, and `$>` of a refusal: for syslog.
    package var notes: [String] = []

    package init() {}

    /// Adds what another table wants.
    package mutating func add(_ other: AccessEffects) {
        isHeld = isHeld || other.isHeld
        isDropped = isDropped || other.isDropped
        if disposal != .jettison { disposal = other.disposal ?? disposal }
        delay.formUnion(other.delay)
        headerFields += other.headerFields.filter { !headerFields.contains($0) }
        subjectTags += other.subjectTags.filter { !subjectTags.contains($0) }
        conversionTags += other.conversionTags.filter { !conversionTags.contains($0) }
        if other.limits != Limits() { limits = other.limits }
        authenticatedSender = other.authenticatedSender ?? authenticatedSender
        notes += other.notes
    }
}

/// Collects what access tables want while a transaction goes on.
package final class AccessFindings {
    package private(set) var effects = AccessEffects()

    package init() {}

    func add(_ found: AccessEffects) { effects.add(found) }
}

/// The arguments of output flags: pieces of the result between bars, in a fixed order whatever the order of the flags;
/// the last one takes the rest (section 5.3).
struct FlagArguments {
    /// The text of `$N`.
    var text = ""
    var effects = AccessEffects()
    /// `$J` of FROM_ACCESS: the address that replaces the envelope From.
    var newSender: String?
    /// A permanent or temporary status; nil when `$X` is not set or is neither.
    var status: EnhancedStatus?

    /// Flags before `$N` in the order in which they take their arguments.
    private static let order: [Character] = ["U", "J", "K", "<", ">", "D", "T", "A", "G", "S", "X", ","]

    init(_ result: MappingResult) {
        let flags = result.flags
        let isRefused = flags.has("N") || flags.has("F")
        var rest = result.output[...]
        let taking = Self.order.filter { flags.has($0) }
        for flag in taking {
            let isLast = flag == taking.last && !isRefused
            let piece = isLast ? rest : rest.prefix { $0 != "|" }
            rest = rest.dropFirst(piece.count + (isLast ? 0 : 1))
            take(flag, String(piece), isRefused: isRefused)
        }
        text = String(rest)
        effects.isHeld = flags.has("H")
        effects.isDropped = flags.has("B")
        effects.disposal = flags.has("Z") ? .jettison : flags.has("V") ? .discard : nil
    }

    private mutating func take(_ flag: Character, _ piece: String, isRefused: Bool) {
        guard !piece.isEmpty else { return }
        switch flag {
        case "J": if Mailbox(piece) != nil { newSender = piece }
        case "K": if Mailbox(piece) != nil { effects.authenticatedSender = piece }
        case "<": effects.notes.append(piece)
        case ">": if isRefused { effects.notes.append(piece) }
        case "D": effects.delay = AccessDelay(piece)
        case "T": effects.subjectTags = [piece]
        case "A": effects.headerFields = [piece]
        case "G": effects.conversionTags = piece.split(separator: ",").map(String.init)
        case "S": effects.limits = AccessEffects.Limits(piece)
        case "X": status = EnhancedStatus(piece[...]).flatMap { $0.statusClass == 2 ? nil : $0 }
        // `$U`: debugging; `$,`: for Sieve. Their pieces are passed over; loading the table warned of them.
        default: break
        }
    }
}

extension AccessEffects.Limits {
    /// `x[,y[,z]]`; what is no number leaves its limit alone.
    init(_ argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { part in
            Int(part).flatMap { $0 >= 0 ? $0 : nil }
        }
        blockLimit = numbers.first ?? nil
        recipientLimit = numbers.count > 1 ? numbers[1] : nil
        recipientCutoff = numbers.count > 2 ? numbers[2] : nil
    }
}
