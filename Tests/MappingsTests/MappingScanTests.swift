import Mappings
import OptionSyntax
import Testing

/// Templates and control flow (mappings specification, sections 3 and 7).
@Suite struct MappingScanTests {
    private static let t1 = ["a*    $C1$0", "1*    2$0", "2*    $E3$0"]

    @Test(
        arguments: [
            ("F1", ["PSI$%*::*    $1@$0.psi.siroe.com"], "PSI%A::B", "", "B@A.psi.siroe.com []"),
            ("F2", ["PSI$%*::*    $1@$0.psi.siroe.com"], "PSIABC::DEF", "", "no match"),
            ("F3", ["PSI$%*::*    $1@$0.psi.siroe.com"], "psi%a::b", "", "b@a.psi.siroe.com []"),
            ("L1", t1, "abc", "", "2bc []"),
            ("L2", t1, "2x", "", "3x []"),
            ("L3", t1, "zzz", "", "no match"),
            ("L4", ["*x*  $R$0y$1"], "axbxc", "", "aybyc []"),
            ("L5", ["*  $R$0"], "q", "", "q []"),
            ("L6", ["*  ${nokey}$Y", "*  $Yok"], "p", "", "no match"),
            ("L7", ["*  $C${nokey}$Y", "*  $Yok"], "p", "", "ok [Y]"),
            ("L8", ["*  $:A$Yyes", "*  $Nno"], "p", "", "no [N]"),
            ("L9", ["*  $:A$Yyes", "*  $Nno"], "p", "A", "yes [Y]"),
            ("L10", ["*  $\\$0"], "AbC", "", "abc []"),
            ("L11", ["a  one$ two"], "A", "", "one two []"),
            ("L12", ["*  $#f|10|4#"], "p", "", "0008 []"),
            ("L13", ["c*  d$0", "a*  $Lb$0", "b*  $Cc$0"], "ax", "", "cx []"),
            ("L14", ["b*  c$0", "a*  $Lb$0"], "ax", "", "cx []"),
            ("S4", ["*  $N$D30|Relaying$ not$ allowed"], "p", "", "30|Relaying not allowed [DN]"),
            ("S5", ["*  30|Relaying$ not$ allowed$D$N"], "p", "", "30|Relaying not allowed [DN]"),
            ("clear flag", ["*  $;A$Yyes", "*  $Nno"], "p", "A", "no [N]"),
            ("letters in lower case", ["*  $c$y1", "1  $e2"], "p", "", "2 [Y]"),
            ("upper, then original case", ["*  $^$0x$_$0"], "aB", "", "ABxaB []"),
            ("filter quoting", ["*  (uid=$=$0)"], "a*(b)\\", "", "(uid=a\\2a\\28b\\29\\5c) []"),
            ("no such field", ["*  <$5>"], "p", "", "<> []"),
            ("empty template", ["*"], "p", "", " []"),
            ("end cancels", ["a  $Cb$E", "b  c"], "a", "", "b []"),
            ("end at once", ["a  b$+1Ec$Y"], "a", "", "b []"),
            ("the database", ["*  ${k$0}"], "ey", "", "Value []"),
            ("the database in lower case", ["*  $\\${key}"], "p", "", "value []"),
            ("a failure drops flags", ["*  $C$N${nokey}", "*  $Y$0"], "p", "", "p [Y]"),
            ("applied before a failure", ["*  $C$N$0!", "*  ${nokey}$Y"], "p", "", "p! [N]"),
            ("percentages", ["*  $C$?50?$Y", "*  $?51?$Z$0"], "p", "", "p [Z]"),
            ("radix and modulus", ["*  $#f|16#-$#f|10|3|5#"], "p", "", "8-003 []"),
            ("directory", ["*  $]ldap:///uid=$0[$Y"], "ann", "", "ldap:///uid=ann! [Y]"),
            ("domain attribute", ["*  $}$0,mail{$Y"], "d", "", "d.mail [Y]"),
            ("flags of punctuation", ["*  a$<$>$!$,"], "p", "", "a [!,<>]"),
            ("conditions stop callouts", ["*  $:A$[lib,fail,]", "*  $Y$0"], "p", "", "p [Y]"),
        ] as [(String, [String], String, String, String)])
    func rows(_ name: String, _ entries: [String], _ probe: String, _ flags: String, _ expected: String) {
        let text = "T\n\n" + entries.map { "  \($0)\n" }.joined()
        let (tables, findings) = compileMappings(text)
        #expect(findings.isEmpty, "\(name)")
        #expect(
            show(tables.probe("t", probe, flags: MappingFlags(flags), context: Self.context)) == expected, "\(name)")
    }

    private static let context = MappingContext(
        randomPercent: { 50 },
        generalDatabase: { $0 == "key" ? "Value" : nil },
        callout: { $0.routine == "echo" ? $0.argument : nil },
        directory: { .value($0 + "!") },
        domainAttribute: { "\($0).\($1)" },
        nextSequenceNumber: { _, modulus in modulus.map { 8 % $0 } ?? 8 })

    @Test(arguments: [
        ("flags and fields in the result", "x|y", "*|*  $[IMTA_LIB:l.so,echo,$$y$$1$$$ z]", "y z [Y]"),
        ("plain result", "x", "*  <$[l,echo,$0]>", "<x> []"),
        ("a result may not call", "x", "*  $[l,echo,$${key}]", "no match"),
        ("unknown routine", "x", "*  $[l,other,$0]", "no match"),
    ])
    func callouts(_ name: String, _ probe: String, _ entry: String, _ expected: String) {
        #expect(show(table(entry).probe("T", probe, context: Self.context)) == expected, "\(name)")
    }

    @Test func calloutSeesFlagsAndImageName() {
        let context = MappingContext(callout: { "\($0.imageName),\($0.flags.has("a"))" })
        let result = table("*  $[IMTA_LIB:conn_throttle.so,throttle,$0,10]").probe(
            "T", "x", flags: "A", context: context)
        #expect(result?.output == "conn_throttle.so,true")
    }

    @Test func tablesThatCallThemselvesEnd() {
        #expect(table("*  $Y$|T;$0|").probe("T", "x") == nil)
    }

    /// Restarts at every depth: the calls of one probe are counted together.
    @Test func tablesThatRestartAndCallThemselvesEnd() {
        #expect(table("$_*$0*  $R$|T;$1|").probe("T", "x") == nil)
        #expect(table("*  $R$Y$|T;$0x|").probe("T", "x") == nil)
    }

    /// Section 3.3: inputs that become shorter and longer by turns reset its counter for ever.
    @Test(arguments: [["aa  $Rb", "b  $Raa"], ["aa  $Lb", "b  $Laa", "x  y"], ["aaa  $Ra", "a  $R$|U;x|aa$Y"]])
    func alternatingLengthsEnd(entries: [String]) {
        let text = "U\n\n  *  $Y\n\nT\n\n" + entries.map { "  \($0)\n" }.joined()
        for probe in ["a", "aa"] {
            #expect(compileMappings(text).tables.probe("T", probe)?.flags.has("N") != true)
        }
    }

    /// Section 1.2.
    @Test func longProbesMatchNothing() {
        let tables = table("*  $Y")
        #expect(tables.probe("T", String(repeating: "x", count: MappingTables.probeLimit)) != nil)
        #expect(tables.probe("T", String(repeating: "x", count: MappingTables.probeLimit + 1)) == nil)
    }

    @Test func unavailableDirectoryIsNoMiss() {
        let tables = table("a  $C$]ldap:///$0[$Y", "*  $Yok")
        let down = MappingContext(directory: { _ in .unavailable })
        #expect(tables.answer("T", "a", context: down) == .directoryUnavailable)
        #expect(tables.answer("T", "a", context: MappingContext()) == .result(tables.probe("T", "a")!))
        #expect(tables.answer("U", "a", context: down) == .noMatch)
    }

    /// Section 4.1: the sample of the manual.
    @Test func pager() {
        let tables = compileMappings("PAGER\n\n  H|From:$ *<*@*>  $YH|F:$1\n  H|From:*  $N\n").tables
        let result = tables.probe("PAGER", "H|From: \"Daniel C. Newman\" <dan@example.com>")
        #expect(result?.output == "H|F:dan")
        #expect(result?.flags.codes == [89])
    }

    @Test func outputIsBounded() {
        let long = String(repeating: "x", count: 1000)
        #expect(table("*  $0$0$0$0$0$Y").probe("T", long) == nil)
        #expect(table("*  $0$0$Y").probe("T", long)?.output.utf8.count == 2000)
    }

    @Test func longTablesFindTheirEntry() {
        let entries = (0..<1000).map { "  TCP|*|25|10.\($0 / 250).\($0 % 250).1|*  $Y\($0)\n" }.joined()
        let tables = compileMappings("T\n\n\(entries)  *  $Nnone\n").tables
        #expect(tables.probe("T", "TCP|192.0.2.1|25|10.3.249.1|4000")?.output == "999")
        #expect(tables.probe("T", "TCP|192.0.2.1|25|10.4.0.1|4000")?.output == "none")
    }

    @Test func flagsAreCaseBlindAndOrdered() {
        let flags: MappingFlags = "yN<"
        #expect(flags.has("Y") && flags.has("n") && !flags.has("A"))
        #expect(flags.codes == [60, 78, 89])
        #expect(flags.description == "<NY")
    }

    @Test func matchedEntryIsTheLastApplied() {
        let result = table("a  $Cb", "b  c").probe("T", "a")
        #expect(result?.matchedEntry == SourceLocation(file: "mappings", line: 4, column: 3))
    }
}
