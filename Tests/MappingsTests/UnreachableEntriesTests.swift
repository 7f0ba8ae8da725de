import Mappings
import OptionSyntax
import Testing

/// Entries behind one that ends every scan (mappings specification, sections 3.3 and 3.4).
@Suite struct UnreachableEntriesTests {
    @Test(
        arguments: [
            ("an end", ["a  $Y", "*  $N", "b  $Y", "c  $Y"], 2),
            ("a failure ends the scan too", ["*  ${key}$Y", "b  $Y"], 1),
            ("a restart never goes on", ["*  $R$0x", "b  $Y"], 1),
            ("an end behind go on", ["*  $C$Y$E", "b  $Y"], 1),
            ("go on", ["*  $C$Y", "b  $Y"], 0),
            ("go on when the sub-table fails", ["*  $C$|U;$0|$Y$E", "b  $Y"], 0),
            ("a condition", ["*  $:A$Y", "*  $N"], 0),
            ("a condition in an argument", ["*  $|U;$:A|$Y", "*  $N"], 0),
            ("a routine may go on", ["*  $[lib,routine,$0]", "*  $N"], 0),
            ("not everything", ["%*  $Y", "*  $N"], 0),
            ("letters only", ["$A*  $Y", "*  $N"], 0),
            ("last", ["a  $Y", "*  $N"], 0),
        ] as [(String, [String], Int)])
    func counts(_ name: String, _ entries: [String], _ expected: Int) {
        let found = compileMappings("U\n\n  x  $Y\n\nT\n\n" + entries.map { "  \($0)\n" }.joined()).tables
            .unreachableEntries
        #expect(found.map(\.count) == (expected == 0 ? [] : [expected]), "\(name)")
        #expect(found.allSatisfy { $0.table == "T" && $0.first.line == $0.behind.line + 1 })
    }
}
