import Mappings
import OptionSyntax
import Testing

/// Dispatcher specification, section 9.3: how flags share the result string. The Dispatcher and the workers read it by
/// this.
@Suite struct ConnectionAccessTests {
    private func access(_ flags: MappingFlags, _ output: String) -> ConnectionAccess {
        ConnectionAccess(
            MappingResult(output: output, flags: flags, matchedEntry: SourceLocation(file: "mappings", line: 1)))
    }

    @Test(
        arguments: [
            ("Y", "EXTERNAL", false, "EXTERNAL", "", []), ("Y", "", false, "", "", []),
            ("N", "554 No", true, "554 No", "", []), ("F", "", true, "", "", []),
            // "Cut off the text after the first ||".
            ("Y", "EXTERNAL||office|2||x", false, "EXTERNAL", "office|2||x", []),
            // "Hand the pieces out in the order $U, $<, $>, $D to those flags that are set", "$N takes all that is left".
            ("NU<>D", "7|seen|refused|50|554 No|more", true, "554 No|more", "", ["seen", "refused"]),
            ("N<", "seen|554 No||site", true, "554 No", "site", ["seen"]),
            // $> is for refusals only.
            ("Y<>", "seen|refused|EXTERNAL", false, "EXTERNAL", "", ["seen"]),
            ("YD", "50|EXTERNAL", false, "EXTERNAL", "", []), ("N>", "only", true, "", "", ["only"]),
        ] as [(String, String, Bool, String, String, [String])])
    func piecesOfTheResult(
        flags: String, output: String, isRefused: Bool, text: String, logText: String, notes: [String]
    ) {
        let access = access(MappingFlags(flags), output)
        #expect(access.isRefused == isRefused)
        #expect(access.text == text)
        #expect(access.logText == logText)
        #expect(access.notes == notes)
        #expect(!access.isRecorded)
    }

    @Test func tildesSeparateLinesAndTIsARecord() {
        #expect(access("N", "550-See our page~550 Go away").lines == ["550-See our page", "550 Go away"])
        #expect(access("NT", "554 No").isRecorded)
        #expect(!access("YT", "x").isRecorded)
        #expect(access("N", "").lines.isEmpty)
    }
}
