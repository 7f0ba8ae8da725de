import Configuration
import Mappings
import OptionSyntax
import SystemCalls
import Testing

/// Findings that need more than one part of a configuration.
@Suite struct CrossCheckTests {
    private static let head = """
        base.hostname = mail.example.com
        [channel:l]
          official_host_name = mail.example.com
        [channel:tcp_local]
          smtp
          official_host_name = tcp-daemon

        """
    /// Only a host that takes mail needs a postmaster.
    private static let service = """
        [dispatcher.service:SMTP]
          image = IMTA_BIN:tcp_smtp_server
          tcp_ports = 25

        """
    private static let postmaster = "[alias:postmaster]\n  alias_entry = u@elsewhere\n"

    private func findings(_ text: String) -> [String] {
        Samples.unified(Self.head + Self.postmaster + text).findings.filter { !$0.contains("no channel class") }
    }

    @Test func nothingToSay() {
        #expect(findings("[rewrites]\n  .  $U%$H@tcp-daemon\n").isEmpty)
    }

    @Test(arguments: [
        (
            "to an unknown host", ["a  $U@tcp-demon"],
            "a leads to tcp-demon, which is no channel's host name (did you mean"
        ),
        ("with an error text", ["a  $U%a@nowhere$?no such host"], "a leads to nowhere, which is no channel's"),
        ("with a source route", ["a  $U@b@nowhere$Ml"], "a leads to nowhere"),
        ("no channel", ["a  $U@tcp-daemon$Mtcp_locl"], "a asks for channel tcp_locl, which does not exist (did you"),
        ("no table", ["a  $U@${NONE,$U}tcp-daemon"], "a asks mapping table NONE, which does not exist"),
        ("a table in an argument", ["a  $U@tcp-daemon$M${NONE,$U}"], "a asks mapping table NONE"),
        (
            "behind an unconditional one", ["a  $E$U@tcp-daemon", "a  $U@tcp-daemon", "a  $B$U@tcp-daemon"],
            "a is never reached: the rule of the same pattern at martlet.conf:11:3 always applies"
        ),
        (
            "behind $*", ["a  $U@tcp-daemon", ".b  $U%$H$D@tcp-daemon", "$*  $U%$H@tcp-daemon"],
            "$* always applies, so that no other pattern is looked up: 2 rules are never reached, the first at"
        ),
        ("behind .", [".  $U%$H@tcp-daemon", "$%  $U%$H@tcp-daemon"], "$% is never reached: rule ."),
    ])
    func rules(_ name: String, _ rules: [String], _ expected: String) {
        let found = findings("[rewrites]\n" + rules.map { "  \($0)\n" }.joined())
        #expect(found.count == 1 && found[0].contains("warning: rewrite rule \(expected)"), "\(name): \(found)")
    }

    /// Rewrite-rules specification, 12.5 T10; `$@` and the `@` of a call are no separators.
    @Test(arguments: [
        ".  $?Unrecognized address; contact postmaster@siroe.com", "a  $U$@z@tcp-daemon",
        "a  ${T,x@y}%$H@tcp-daemon", "a  $U@$H", "$*  $A$E$F$U%$H$V$H@mail.example.com", "$*  $U%$H",
        "a  $U@tcp-daemon$Mtcp_local$Nl",
    ])
    func goodRules(rule: String) {
        let found = findings("[mapping:T]\n  *  $Y\n[rewrites]\n  \(rule)\n  b  $U@tcp-daemon\n")
        #expect(found.allSatisfy { $0.contains("none of the forms") }, "\(found)")
    }

    @Test func unreachableEntries() {
        #expect(
            findings("[mapping:T]\n  a  $Y\n  *  $N\n  b  $Y\n  c  $Y\n") == [
                "martlet.conf:12:3: warning: this entry and what follows, 2 in all, are never reached: every scan of T ends"
                    + " with the entry at martlet.conf:11:3 (put that entry last, or write $C into its template)"
            ])
    }

    @Test func missingTables() {
        let text = #"""
            [channel:tcp_out]
              smtp
              commentmap sourcepersonalmap
              official_host_name = out-daemon
            [alias:list]
              alias_entry = a@elsewhere
              alias_auth_mapping = POSTERS
              alias_moderator_mapping = MODERATORS
            """# + "\nmta.delivery_options = *mailbox=$M@$|/HOSTS/$D|,&members=*\n"
        for table in ["COMMENT_STRINGS", "PERSONAL_NAMES", "POSTERS", "MODERATORS", "HOSTS"] {
            #expect(findings(text).contains { $0.contains("asks mapping table \(table), which does not exist") })
        }
        let defined = ["POSTERS", "MODERATORS", "HOSTS"].map { "[mapping:\($0)]\n  *  $Y\n" }.joined()
        #expect(!findings(defined + text).contains { $0.contains("POSTERS") || $0.contains("HOSTS") })
    }

    @Test func tablesThatNothingAsks() {
        let found = findings(
            "[mapping:auth_deaccess]\n  *  $Y\n[mapping:SITE]\n  *  $Y\n[mapping:HTTP_ACCESS]\n  *  $N\n")
        #expect(found.count == 1 && found[0].contains("mapping table auth_deaccess has no effect: nothing asks it yet"))
    }

    @Test(arguments: [
        ("a: b\n  b: c\n  c: a", "alias a leads back to itself: a@mail.example.com -> b@mail.example.com -> c@"),
        ("a@mail.example.com: b\n  b: x@y, A@mail.example.com", "alias a@mail.example.com leads back to itself"),
        ("a: a, b\n  b: c+x\n  c: b", "alias b leads back to itself"),
    ])
    func aliasLoops(aliases: String, expected: String) {
        let found = findings("[aliases]\n  \(aliases)\n")
        #expect(found.count == 1 && found[0].contains("warning: \(expected)"), "\(found)")
    }

    /// The own address is the mailbox; other domains and lists with conditions may lead anywhere.
    @Test(arguments: [
        "a: a, b\n  b: b@elsewhere", "a: b@elsewhere\n  b: a@elsewhere", "a: b, c\n  b: d\n  c: d\n  d: x@y",
        "*@mail.example.com: u@mail.example.com",
    ])
    func noLoops(aliases: String) {
        #expect(findings("[aliases]\n  \(aliases)\n").isEmpty)
    }

    /// A chain as long as the file needs no stack.
    @Test func longChainOfAliases() {
        let chain = (0..<2000).map { "  a\($0): a\($0 + 1)\n" }.joined()
        #expect(findings("[aliases]\n\(chain)").isEmpty)
        let found = findings("[aliases]\n\(chain)  a2000: a0\n")
        #expect(found.count == 1 && found[0].utf8.count < 400)
    }

    @Test func postmaster() {
        let finding = "there is no alias postmaster, so mail to the postmaster of this host may not arrive"
        #expect(!Samples.unified(Self.head).findings.contains { $0.contains(finding) })
        let head = Self.head + Self.service
        #expect(Samples.unified(head).findings.contains { $0.contains("warning: \(finding)") })
        let withDirectory = Samples.unified("base.directory = file:/d\n" + head).findings
        #expect(withDirectory.contains { $0.contains("note: \(finding) unless the directory") })
        for alias in ["postmaster@mail.example.com", "Postmaster", "*@mail.example.com"] {
            let found = Samples.unified(head + "[aliases]\n  \(alias): x@y\n").findings
            #expect(!found.contains { $0.contains(finding) }, "\(alias)")
        }
    }

    /// Rewrite-rules specification, 12.6, C9: a blank line between the rules b and c.
    @Test func c9() {
        let text = """
            a     $U@a-daemon
            b     $U@b-daemon

            c     $U%c@b-daemon
            d     $U%d@a-daemon

            l
            local-host

            a_channel
            a-daemon

            b_channel
            b-daemon

            """
        let broken = Samples.legacy(["imta.cnf": text])
        #expect(broken.configuration == nil)
        #expect(broken.findings.contains { $0.hasPrefix("imta.cnf:4:") && $0.contains("error") }, "\(broken.findings)")
        let good = Samples.legacy(["imta.cnf": text.replacing("daemon\n\nc ", with: "daemon\nc ")])
        #expect(good.configuration != nil, "\(good.findings)")
    }

    /// Rewrite-rules specification, 1.4.
    @Test(arguments: ["l-daemon NAME\n", "l-daemon\nother.example NAME\n"])
    func longNames(lines: String) {
        for count in [128, 129] {
            let lines = lines.replacing("NAME", with: String(repeating: "x", count: count))
            let found = Samples.legacy(["imta.cnf": "a  $U@l-daemon\n\nl\n\(lines)"]).findings
            let tooLong = found.contains { $0.contains("error: local host alias or proper name too long for system") }
            #expect(tooLong == (count > 128), "\(found)")
        }
    }

    /// Rewrite-rules specification, 1.3.
    @Test func longLines() {
        let rule = "a  $U@l-daemon" + String(repeating: " ", count: 4096)
        let found = Samples.legacy(["imta.cnf": "b  $U@x\n\(rule)\n\nl\nl-daemon\n"]).findings
        #expect(found.contains { $0.hasPrefix("imta.cnf:2:1: error: the line is longer than 4096 octets") })
    }

    /// Columns in rules and entries of both forms, behind symbols and in joined lines too.
    @Test func columns() {
        let found = findings(
            "[rewrites]\n  a  $U$K@tcp-daemon\n  b  $U$K@&/IMTA_HOST/\n[mapping:T]\n  a  x$?y?\n  &/IMTA_HOST/  $?y?\n")
        for place in ["10:8: warning: '$K'", "11:8: warning: '$K'", "13:7: error: the template", "14:17: error: the"] {
            #expect(found.contains { $0.hasPrefix("martlet.conf:\(place)") }, "\(place): \(found)")
        }
        let legacy = Samples.legacy([
            "imta.cnf": " a  $U$K@l-daemon\nb  $U\\\n  $K@l-daemon\n\nl\nl-daemon\n", "mappings": "T\n\n  a  x$?y?\n",
        ]).findings
        for place in [
            "imta.cnf:1:7: warning: '$K'", "imta.cnf:3:3: warning: '$K'", "mappings:3:7: error: the template",
        ] {
            #expect(legacy.contains { $0.hasPrefix(place) }, "\(place): \(legacy)")
        }
    }
}

/// The guide for administrators has the tables of the code.
@Suite struct WellKnownMappingTests {
    private func guide() throws -> String {
        let root = Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))
        return String(decoding: try Files.read("\(root)/docs/configuration.md"), as: UTF8.self)
    }

    /// `code`, with bars that do not end the column.
    private func code(_ text: String) -> String { "`\(text.replacing("|", with: "\\|"))`" }

    @Test func tablesOfTheGuide() throws {
        var rows = ["| Table | Asked by | Probe | Answer |", "|---|---|---|---|"]
        var later = rows
        for table in WellKnownMapping.all {
            let probes = table.probes.map(code).joined(separator: " or ")
            let row =
                "| `\(table.name)` | \(table.askedBy) | \(probes) | \(table.result.replacing("|", with: "\\|")) |"
            if table.effect == .asked { rows.append(row) } else { later.append(row) }
        }
        let fields =
            ["| Option | Field | Bits |", "|---|---|---|"]
            + WellKnownMapping.extraFields.map { "| `\($0.option)` | \($0.field) | \($0.bits) |" }
        let text = try guide()
        for part in [rows, later, fields] {
            #expect(text.contains("\n\n\(part.joined(separator: "\n"))\n"), "\n\(part.joined(separator: "\n"))")
        }
    }

    @Test func namesAreCaseBlindAndUnique() {
        #expect(WellKnownMapping.named("port_access")?.effect == .asked)
        #expect(WellKnownMapping.named("SITE") == nil)
        #expect(Set(WellKnownMapping.all.map(\.name)).count == WellKnownMapping.all.count)
    }
}
