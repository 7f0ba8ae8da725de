import Mappings
import OptionSyntax
import Testing

@testable import Configuration

/// Flags that do nothing are never passed over in silence (access-and-filtering specification, sections 2 and 5.3:
/// "ignore with a warning").
@Suite struct AccessFlagCheckTests {
    private func warnings(_ table: String, _ template: String) -> [String] {
        var findings = Diagnostics()
        let tables = parseMappings("\(table)\n\n  *  \(template)\n", file: "mappings", diagnostics: &findings)
        return AccessFlagChecks(tables).diagnostics.all.map(\.description)
    }

    @Test(arguments: [
        ("PORT_ACCESS", "$U5|$Y", "$U in PORT_ACCESS asks for debugging output"),
        ("PORT_ACCESS", "$a$Y", "$A in PORT_ACCESS asks for debugging output"),
        ("FROM_ACCESS", "$U9|$Y", "$U in FROM_ACCESS"), ("FROM_ACCESS", "$!$Y", "$! in FROM_ACCESS keeps vacation"),
        ("FROM_ACCESS", "$,1|$Y", "$, in FROM_ACCESS is for filters"),
        ("from_access", "$P$Y", "$P in from_access is a flag that no document explains"),
        ("SEND_ACCESS", "$O$Y", "$O in SEND_ACCESS is a flag that no document explains"),
        ("MAIL_ACCESS", "$Iann|staff$Y", "counts as no match"),
        ("ORIG_SEND_ACCESS", "$Jann@x$Y", "$J in ORIG_SEND_ACCESS replaces the sender in FROM_ACCESS only"),
        ("ORIG_MAIL_ACCESS", "$Kann@x$Y", "in FROM_ACCESS only"), ("SEND_ACCESS", "$S1,2$Y", "in FROM_ACCESS only"),
    ])
    func flagWithoutEffectIsReported(table: String, template: String, warning: String) throws {
        let found = warnings(table, template)
        #expect(found.count == 1)
        let text = try #require(found.first)
        #expect(text.contains(warning) && text.hasPrefix("mappings:3:3: warning: "))
    }

    @Test(arguments: [
        ("PORT_ACCESS", "$C$|INTERNAL_IP;$3|$Y$E"), ("PORT_ACCESS", "$N$<$>$D$Ta|b|c"), ("PORT_ACCESS", "$YEXTERNAL"),
        ("FROM_ACCESS", "$J$K$<$>$D$T$A$G$S$X$Na|b"), ("SEND_ACCESS", "$B$H$V$Z$NU$ P"), ("OTHER", "$U$P$O"),
        ("MAIL_ACCESS", "$:A$;T$Y"),
    ])
    func flagInEffectIsNot(table: String, template: String) {
        #expect(warnings(table, template).isEmpty)
    }
}
