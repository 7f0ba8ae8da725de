import Configuration
import Envelope
import InternetMessage
import Mappings
import Testing

@testable import Notifications

/// Notifications-logging specification, 1.4 and 1.8: NOTIFICATION_LANGUAGE and DISPOSITION_LANGUAGE.
@Suite struct LanguageTests {
    private static let prefix = """
        Content-type: text/plain; charset=utf-8
        Content-language: fr

        Ce rapport concerne votre message : %H

        """

    private func mapping(_ entries: String...) -> (old: String, new: String) {
        let lines = entries.map { "  \($0)\n" }.joined()
        return ("[mapping:PORT_ACCESS]", "[mapping:NOTIFICATION_LANGUAGE]\n\(lines)\n[mapping:PORT_ACCESS]")
    }

    private func content(_ header: String) -> ReturnedContent {
        ReturnedContent(Array("\(header)Subject: original\r\n\r\nthe body\r\n".utf8))
    }

    @Test func example24FrenchTexts() async throws {
        let bench = try Bench(replacing: [
            mapping(
                "*|*|fr|*|*  $I/lc_messages/table/notify_french/".replacing(
                    "$I/", with: "$IIMTA_TABLE:"))
        ])
        try bench.write("lc_messages/table/notify_french/return_prefix.txt", Self.prefix)
        try bench.write("lc_messages/table/notify_french/return_failed.txt", "Non remis \u{E0} :%R\n")
        try bench.write(
            "lc_messages/table/notify_french/return_option.opt",
            "RECIPIENT_ADDRESS=Destinataire :\nREASON=\nSUBJECT=Non d\u{E9}livr\u{E9}\nRETURN_PERSONAL=Courrier\n"
                + "5.1.1=Bo\u{EE}te inconnue.\n")
        #expect(await bench.notify(.failed, queued(), content: content("Preferred-language: fr\r\n")) == nil)
        #expect(await bench.notify(.failed, queued(), attempt: 1, content: content("")) == nil)
        let all = try bench.finish()
        let french = try #require(all.first)
        #expect(french.message.body == .eightBitMIME)
        #expect(
            french.text.contains(
                """
                Content-type: text/plain; charset=utf-8\r
                Content-language: fr\r
                Content-transfer-encoding: 8bit\r
                \r
                Ce rapport concerne votre message :\r
                \r
                  Subject: original\r
                \r
                Non remis \u{E0} :\r
                \r
                  Destinataire : r0@final.example\r
                  Bo\u{EE}te inconnue.\r
                \r

                """))
        #expect(french.text.contains("\r\nSubject: =?utf-8?Q?Non_d=C3=A9livr=C3=A9?=\r\n"))
        #expect(french.text.contains("\r\nFrom: Courrier <postmaster@mail.example.com>\r\n"))
        #expect(all.last?.text.contains("Your message cannot be delivered") == true)
        // The texts of the other kinds are missing there, and each is reported once.
        #expect(bench.reports.contains { $0.contains("notify_french/return_delayed.txt cannot be read") })
        #expect(Set(bench.reports).count == bench.reports.count)
    }

    @Test func example25TheFirstFieldCounts() throws {
        let header = "Preferred-language: fr\r\nAccept-Language: de\r\n\r\n"
        let scan = try HeaderBlock.scan(Array(header.utf8)).get()
        #expect(LanguageSelection.wanted(by: scan.header) == "de")
        let probe = LanguageProbe(
            notification: .timedOut, channel: "tcp_local", language: "de", sender: "a@b.c", recipient: "d|e@f.g",
            paranoia: "?")
        #expect(probe.text == "timedout|tcp_local|de|a@b.c|d?e@f.g")
    }

    @Test func example27DispositionProbe() {
        let probe = LanguageProbe(
            disposition: "displayed", channel: "tcp_local", sender: "a@b.c", recipient: "d@f.g", paranoia: nil)
        #expect(probe.text == "displayed||tcp_local||a@b.c|d@f.g")
        let other = LanguageProbe(
            disposition: "deleted", modifiers: ["error", "expired"], channel: "ims-ms", language: "fr,de",
            sender: "", recipient: "d@f.g", paranoia: nil)
        #expect(other.text == "deleted|error,expired|ims-ms|fr,de||d@f.g")
    }

    /// `directory|charset|subject`: the subject counts with `$T`, the directory of a notification with `$I`.
    @Test func results() throws {
        let bench = try Bench(replacing: [
            mapping(
                "a  $I/x/", "b  $I$T/x/|Big5|One$ subject", "c  $T/x/|big5|subject", "d  /x/", "e  $I/x/|big5|subject")
        ])
        func answer(_ probe: String) -> LanguageSelection? {
            LanguageSelection(notification: bench.configuration.mappings.probe("NOTIFICATION_LANGUAGE", probe))
        }
        #expect(answer("a") == LanguageSelection(place: "/x/"))
        #expect(answer("b") == LanguageSelection(place: "/x/", charset: "big5", subject: "One subject"))
        #expect(answer("c") == LanguageSelection(place: "", charset: "big5", subject: "subject"))
        #expect(answer("d") == nil)
        #expect(answer("e") == LanguageSelection(place: "/x/", charset: "big5"))
        #expect(answer("z") == nil)
        let disposition = LanguageSelection(
            disposition: bench.configuration.mappings.probe("NOTIFICATION_LANGUAGE", "d"))
        #expect(disposition == LanguageSelection(place: "/x/"))
    }

    /// A subject of the mapping, with the usual texts; a directory without texts gives the usual ones, and a line.
    @Test func subjectOfTheMapping() async throws {
        let bench = try Bench(replacing: [
            mapping("failed|*|de|*  $TX|iso-8859-1|Nicht$ zugestellt", "failed|*|xx|*  $Ilocale/none/")
        ])
        #expect(await bench.notify(.failed, queued(), content: content("X-Accept-Language: de\r\n")) == nil)
        #expect(await bench.notify(.failed, queued(), attempt: 1, content: content("Accept-Language: xx\r\n")) == nil)
        let all = try bench.finish()
        #expect(all.first?.text.contains("\r\nSubject: Nicht zugestellt\r\n") == true)
        #expect(all.allSatisfy { $0.text.contains("\r\nYour message cannot be delivered to the following") })
        #expect(bench.reports.count == 1)
        #expect(bench.reports.first?.contains("locale/none") == true)
    }

    /// `IMTA_LANG:` is `config/locale/C`; texts that other programs of the family read are in `LC_MESSAGES` there.
    @Test(arguments: ["locale/C/", "locale/C/LC_MESSAGES/", "langdir"])
    func usualPlace(_ place: String) async throws {
        let isElsewhere = place == "langdir"
        let bench = try Bench(
            replacing: isElsewhere ? [Bench.options("role.mta.langdir = IMTA_TABLE:locale/de")] : [])
        let prefix = isElsewhere ? "locale/de/" : place
        try bench.write("\(prefix)return_prefix.txt", "Content-type: text/plain; charset=us-ascii\n\nOwn words.\n")
        try bench.write("\(prefix)return_header.opt", "Precedence: ADD=\"bulk\"\nMIME-version: MAXIMUM=-1\nbad line\n")
        #expect(await bench.notify(.failed, queued()) == nil)
        let text = try #require(try bench.finish().first).text
        #expect(text.contains("\r\nOwn words.\r\nYour message cannot be delivered"))
        #expect(text.contains("\r\nPrecedence: bulk\r\nMIME-version: 1.0\r\n"))
        #expect(bench.reports.contains { $0.contains("return_header.opt:3:1: no field name") })
    }

    @Test func withoutFilesNothingIsReported() async throws {
        let bench = try Bench()
        #expect(await bench.notify(.failed, queued()) == nil)
        #expect(bench.reports.isEmpty)
    }
}
