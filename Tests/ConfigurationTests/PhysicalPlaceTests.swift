import Configuration
import OptionSyntax
import Testing

/// Findings in joined lines, and behind symbols, name the line and column in the file.
@Suite struct PhysicalPlaceTests {
    private func findings(_ load: ConfigurationLoad, _ text: String) -> [String] {
        load.findings.filter { $0.contains(text) }.map { $0.prefix { $0 != " " }.description }
    }

    @Test func rulesOfTheLegacyFile() {
        let text = "a.b \\\n   $U%$H\\\n $K@l-host\n&/IMTA_HOST/ $U$K@l-host\n\nl\nl-host\n"
        #expect(
            findings(Samples.legacy(["imta.cnf": text]), "means nothing") == ["imta.cnf:3:2:", "imta.cnf:4:16:"])
    }

    @Test func mappingsOfTheLegacyFile() {
        let text = "T\n\n  a* \\\n    $Y$\\\n   ?x\n  &/IMTA_HOST/*  $&/IMTA_HOST/$~\n"
        let load = Samples.legacy(["imta.cnf": "\nl\nl-host\n", "mappings": text])
        #expect(!findings(load, "").filter { $0.hasPrefix("mappings:6:") }.isEmpty, "\(load.findings)")
    }

    @Test func rulesOfTheUnifiedFile() {
        let load = Samples.small(
            "[rewrites]\n  a.b \\\n    $U%$H$K@mail.example.com\n  &/IMTA_HOST/ $U$K@mail.example.com")
        #expect(findings(load, "means nothing") == ["martlet.conf:3:10:", "martlet.conf:4:18:"])
    }
}
