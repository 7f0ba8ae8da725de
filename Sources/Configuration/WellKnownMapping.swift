/// A mapping table that the MTA asks by itself: what it asks with, and what it takes the answer for (mappings
/// specification, sections 5 and 6). The guide for administrators holds the same table.
package struct WellKnownMapping: Hashable, Sendable {
    /// Whether anything asks the table.
    package enum Effect: Hashable, Sendable {
        case asked
        /// Recognised only: a table of this name is loaded and checked, and does nothing.
        case notYet
        /// The same, as its service is held down: that it is the Dispatcher says.
        case heldDown
    }

    package var name: String
    /// Who asks, and when.
    package var askedBy: String
    /// The strings it is asked with, in order of time.
    package var probes: [String]
    /// What the flags and the output mean.
    package var result: String
    package var effect: Effect = .asked

    /// The table of that name, in any case.
    package static func named(_ name: String) -> WellKnownMapping? {
        let key = name.uppercased()
        return all.first { $0.name == key }
    }

    private static let access =
        "`$Y` or no match allows, `$N` or `$F` refuses with the text; `$X` a status, `$H` holds, `$B` `$V` `$Z` discard,"
        + " `$D` delays in 1/100 s, `$A` and `$T` for the header, `$<` and `$>` texts for syslog"
    private static let send = "source-channel|from-address|destination-channel|to-address"
    private static let mail = "port-access-probe|app-info|submit-type|" + send

    /// In the order in which a message meets them, then those that do nothing yet.
    package static let all = inEffect + notYet

    private static let inEffect = [
        WellKnownMapping(
            name: "PORT_ACCESS",
            askedBy: "the Dispatcher for each connection, with input flag A; again the SMTP server before its banner,"
                + " without",
            probes: ["TCP|server-address|server-port|client-address|client-port"],
            result: "`$N` or `$F` closes, after sending the text; anything else admits, and the Dispatcher then asks no"
                + " DNS list; `$<` and `$>` texts for syslog, `$D` delays the banner in 1/100 s"),
        WellKnownMapping(
            name: "INTERNAL_IP", askedBy: "PORT_ACCESS, and the rewrite rule `[]`, of the default configuration",
            probes: ["address"], result: "`$Y` internal, `$N` not"),
        WellKnownMapping(
            name: "IP_ACCESS", askedBy: "the SMTP client, before each connection",
            probes: ["source-channel|address-current|address-count|ip-current|hostname"],
            result: "`$N` fails the message, `$I` passes the address over, `$A` replaces it"),
        WellKnownMapping(
            name: "DEQUEUE_ACCESS", askedBy: "the SMTP client, when it takes a copy from the queue",
            probes: ["channel|filename|queue-time|envelope-from|auth-parameter|auth-sender|priority|domain"],
            result: "`$N` tries nothing now and counts no attempt, `$S` seconds until the next one"),
        WellKnownMapping(
            name: "FROM_ACCESS", askedBy: "MAIL FROM",
            probes: ["port-access-probe|app-info|submit-type|source-channel|from-address|auth-from"],
            result: access
                + "; `$J` replaces the sender, `$K` the authenticated address for `authrewrite`, `$S` lowers limits"),
        WellKnownMapping(
            name: "ETRN_ACCESS", askedBy: "ETRN",
            probes: ["transport-info|app-info|channel-to-run|full-name|claimed-system"],
            result: "`$N` or `$F` refuses, `$S` attempts it, `$D` runs the channel named"),
        WellKnownMapping(
            name: "AUTH_REWRITE", askedBy: "a source channel with `authrewrite` 3 or 4",
            probes: ["mail-from|sender|from|auth-sender"],
            result: "`$J` or `$K` envelope From, `$Y` or `$T` Sender, `$Z` From, `$N` refuses"),
        WellKnownMapping(
            name: "SPF_LOCAL", askedBy: "an SPF check, before the DNS", probes: ["domain"], result: "the record"),
        WellKnownMapping(
            name: "ORIG_SEND_ACCESS", askedBy: "RCPT TO, the recipient rewritten, before aliases", probes: [send],
            result: access),
        WellKnownMapping(
            name: "ORIG_MAIL_ACCESS", askedBy: "the same moment, after it", probes: [mail], result: access),
        WellKnownMapping(
            name: "SEND_ACCESS", askedBy: "RCPT TO, each address that aliases led to", probes: [send], result: access),
        WellKnownMapping(name: "MAIL_ACCESS", askedBy: "the same moment, after it", probes: [mail], result: access),
        WellKnownMapping(
            name: "FORWARD", askedBy: "each envelope recipient after aliases",
            probes: ["address", "source-channel|source-address|original-address"],
            result: "`$Y` the output is the new address, `$D` rewritten again, `$H` without this table, `$I` holds,"
                + " `$G` looked up in the forward database"),
        WellKnownMapping(
            name: "REVERSE", askedBy: "addresses after rewriting, mostly senders",
            probes: ["address", "source-channel|destination-channel|address"],
            result: "`$Y` the output is the new address, `$D` looked up in the reverse database, `$N` nothing; input"
                + " flags E envelope, B header, I message-id"),
        WellKnownMapping(
            name: "CHARSET-CONVERSION", askedBy: "each source and destination channel; each text part",
            probes: [convert, "IN-CHAN=in;OUT-CHAN=out;IN-CHARSET=charset"],
            result: "`Yes` or `Always`, other words do nothing; `OUT-CHARSET=charset`, with `;RELABEL-ONLY=1` the label"
                + " alone"),
        WellKnownMapping(
            name: "NOTIFICATION_LANGUAGE", askedBy: "a notification",
            probes: ["dsn-type|source-channel|accept-language|return-address|first-recipient"],
            result: "`$I` the directory of the texts, `directory|charset|subject` with `$T` the subject too"),
    ]
}

extension WellKnownMapping {
    private static func notYet(
        _ name: String, _ askedBy: String, _ probes: [String], _ result: String, _ effect: Effect = .notYet
    ) -> WellKnownMapping {
        WellKnownMapping(name: name, askedBy: askedBy, probes: probes, result: result, effect: effect)
    }

    private static let convert = "IN-CHAN=in;OUT-CHAN=out;CONVERT"

    private static let notYet = [
        notYet(
            "AUTH_ACCESS", "the SMTP client, before it looks the destination up",
            ["channel|filename|queue-time|envelope-from|auth-parameter|username|domain"], "features of the session"),
        notYet(
            "COMMENT_STRINGS", "`commentmap`, `sourcecommentmap`", ["(comment-text)|address"],
            "`$Y` the output with its parentheses replaces the comment"),
        notYet(
            "PERSONAL_NAMES", "`personalmap`, `sourcepersonalmap`", ["personal-name|address"],
            "`$Y` the output replaces the personal name"),
        notYet("CONVERSIONS", "each destination channel", [convert], "`Yes…` through the conversion channel, `No` not"),
        notYet(
            "DISPOSITION_LANGUAGE", "a disposition notification",
            ["type|modifiers|source-channel|header-language|return|recipient"],
            "`directory|charset`, with `$T` `directory|charset|subject`"),
        notYet(
            "HTTP_ACCESS", "the image `http_admin`", ["client-address|*|*|*|method|path"], "`$Y` allows, `$N` refuses",
            .heldDown),
        notYet("LOG_ACTION", "–", [], "not known"),
        notYet("AUTH_DEACCESS", "–", [], "not known"),
        notYet("MESSAGE_HASH", "–", [], "not known"),
    ]

    /// A field that an MTA option adds at the end of the four recipient probes, in this order, after a bar
    /// (section 5.2).
    package struct ExtraField: Hashable, Sendable {
        package var option: String
        package var field: String
        package var bits: String
    }

    package static let extraFields = [
        ExtraField(
            option: "access_orcpt", field: "`rfc822;user@domain`, the original recipient",
            bits: "1 all four tables, 2 ORIG_SEND, 4 SEND, 8 ORIG_MAIL, 16 MAIL"),
        ExtraField(
            option: "access_counts", field: "`rcpt-count/total-count/`; more may follow the last slash",
            bits: "as `access_orcpt`"),
        ExtraField(
            option: "include_conversiontag", field: "conversion tags",
            bits: "1 CHARSET-CONVERSION, 2 CONVERSIONS, 4 FORWARD, 8 ORIG_SEND, 16 SEND, 32 ORIG_MAIL, 64 MAIL"),
    ]
}
