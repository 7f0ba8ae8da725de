import Configuration
import OptionSyntax
import Testing

/// Worked example 6 of the channels specification.
@Suite struct ChannelKeywordExampleTests {
    /// `msconfig> set channel:tcp_local.saslswitchchannel tcp_auth`: the legacy text of the channel gains the keyword.
    @Test func example6SetGivesTheKeyword() throws {
        let without = Samples.defaults.unified.replacing("\n  saslswitchchannel = tcp_auth", with: "")
        let line = { (text: String) throws -> String in
            let configuration = try #require(Samples.unified(text).configuration)
            let legacy = (LegacyExport(configuration).files["imta.cnf"] ?? "").replacing("\\\n", with: " ")
            return legacy.split(separator: "\n").first { $0.hasPrefix("tcp_local ") }.map(String.init) ?? ""
        }
        #expect(try !line(without).contains("saslswitchchannel"))
        let changed = try ConfigurationEditor.apply(
            .set(name: "channel:tcp_local.saslswitchchannel", value: "tcp_auth"), to: without)
        #expect(try line(changed).contains("saslswitchchannel tcp_auth"))
    }
}
