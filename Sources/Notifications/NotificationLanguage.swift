package import InternetMessage
package import Mappings

/// NOTIFICATION_LANGUAGE and DISPOSITION_LANGUAGE: in which language something is said (notifications-logging
/// specification, 1.4 and 1.8).
package struct LanguageSelection: Hashable, Sendable {
    /// Where the files of texts are: what is put before their names. Empty: the usual place.
    package var place: String
    /// Of the subject, and of a disposition notification's text that comes from no file.
    package var charset: String
    /// In place of the usual subject, in that charset.
    package var subject: String?

    init(place: String, charset: String = "", subject: String? = nil) {
        self.place = place
        self.charset = charset
        self.subject = subject
    }

    /// `directory|charset|subject`; the subject counts with `$T`.
    private init(fields output: String, _ flags: MappingFlags) {
        let fields = output.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        place = String(fields[0].drop { $0 == " " })
        charset = fields.count > 1 ? fields[1].lowercased() : ""
        subject = flags.has("T") && fields.count > 2 ? fields[2] : nil
    }

    /// What NOTIFICATION_LANGUAGE answered; nil: nothing that counts. `$I` says that there is a directory, `$T` that there
    /// is a subject.
    package init?(notification result: MappingResult?) {
        guard let result, result.flags.has("I") || result.flags.has("T") else { return nil }
        self.init(fields: result.output, result.flags)
        if !result.flags.has("I") { place = "" }
    }

    /// What DISPOSITION_LANGUAGE answered.
    package init?(disposition result: MappingResult?) {
        guard let result else { return nil }
        self.init(fields: result.output, result.flags)
    }

    /// The languages that the author of a message reads: the first of three fields that is there.
    package static func wanted(by header: HeaderBlock) -> String {
        ["Accept-Language", "Preferred-Language", "X-Accept-Language"].lazy.compactMap { header.text(of: $0) }.first
            ?? ""
    }
}

extension LanguageSelection {
    /// The languages that a message names, fit for the name of a directory, which the mapping may make of them: without
    /// other characters than those of language ranges and their weights, without slashes and `..`.
    static func inPath(_ languages: String) -> String {
        let kept = languages.unicodeScalars.filter { scalar in
            guard scalar.isASCII, let octet = UInt8(exactly: scalar.value) else { return false }
            return (octet | 32) &- 97 < 26 || octet &- 48 < 10 || ",;=.*_ -".utf8.contains(octet)
        }
        return String(String.UnicodeScalarView(kept)).replacing("..", with: "")
    }
}

/// The probes of the two tables.
package struct LanguageProbe: Hashable, Sendable {
    package var text: String

    /// `paranoia`: what a bar in a field becomes (`mapping_paranoia`); nil leaves it.
    private init(_ fields: [String], _ paranoia: Character?) {
        text = fields.map { field in
            guard let paranoia else { return field }
            return String(field.map { $0 == "|" ? paranoia : $0 })
        }.joined(separator: "|")
    }

    /// `channel`: that the message was queued to. `sender`: the envelope From. `recipient`: the first of the report.
    package init(
        notification kind: NotificationKind, channel: String, language: String, sender: String, recipient: String,
        paranoia: Character?
    ) {
        self.init([kind.rawValue, channel, language, sender, recipient], paranoia)
    }

    /// For a disposition notification (RFC 8098): what became of the message, and what else there is to say of it.
    package init(
        disposition type: String, modifiers: [String] = [], channel: String, language: String = "", sender: String,
        recipient: String, paranoia: Character?
    ) {
        self.init([type, modifiers.joined(separator: ","), channel, language, sender, recipient], paranoia)
    }
}
