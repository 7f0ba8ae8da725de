import Channels
import Configuration
import OptionSyntax
import Testing

/// Default configuration specification, section 8: "Equality of the two forms"; unified configuration specification,
/// sections 4 and 8, examples 5, 6 and 24.
@Suite struct ExportTests {
    private func exported(_ configuration: MTAConfiguration) -> [String: String] {
        LegacyExport(configuration).files
    }

    /// White space is layout, and so are comments and the words on a continued line.
    private func words(_ text: String?) -> [[String]] {
        var logical: [String] = []
        var continues = false
        for line in (text ?? "").split(separator: "\n", omittingEmptySubsequences: true) where !line.hasPrefix("!") {
            let part = line.hasSuffix("\\") ? line.dropLast() : line
            if continues { logical[logical.count - 1] += part } else { logical.append(String(part)) }
            continues = line.hasSuffix("\\")
        }
        return logical.map { $0.split(whereSeparator: { $0 == " " || $0 == "=" }).map(String.init) }
    }

    @Test func theTwoDefaultsMeanTheSame() throws {
        let unified = try #require(Samples.unified(Samples.defaults.unified).configuration)
        let legacy = Samples.legacy(Samples.defaults.legacy)
        #expect(ConfigurationComparison.differences(unified, legacy) == [])
    }

    /// "`martlet config export legacy` of section 3 gives section 4 up to layout."
    @Test(arguments: ["mappings", "aliases", "dispatcher.cnf", "job_controller.cnf", "ims-ms_option", "option.dat"])
    func exportLegacyGivesTheLegacyDefault(file: String) throws {
        let export = LegacyExport(try #require(Samples.unified(Samples.defaults.unified).configuration))
        #expect(!export.isDifferent, "\(export.losses)")
        let ours = words(export.files[file]).map { $0.joined(separator: " ") }
        let theirs = words(Samples.defaults.legacy[file]).map { $0.joined(separator: " ") }
        // The order of options has no meaning.
        let isOrdered = file == "mappings" || file == "aliases"
        #expect(isOrdered ? ours == theirs : ours.sorted() == theirs.sorted())
    }

    @Test func exportLegacyGivesTheRulesAndChannels() throws {
        let export = LegacyExport(try #require(Samples.unified(Samples.defaults.unified).configuration))
        let ours = words(export.files["imta.cnf"])
        let theirs = words(
            Samples.defaults.legacy["imta.cnf"]?.replacing("dequeue_removeroute", with: "dequeueremoveroute"))
        // On a keyword line only the order of the members of one group counts.
        #expect(ours.count == theirs.count)
        for (one, other) in zip(ours, theirs) { #expect(one.sorted() == other.sorted()) }
    }

    @Test func example24ReparsedModelsAreEqual() throws {
        let legacy = try #require(Samples.legacy(Samples.defaults.legacy).configuration)
        #expect(ConfigurationComparison.differences(legacy, Samples.unified(UnifiedWriter.text(of: legacy))) == [])
        let again = Samples.legacy(
            exported(try #require(Samples.unified(UnifiedWriter.text(of: legacy)).configuration)))
        #expect(ConfigurationComparison.differences(legacy, again) == [])
    }

    @Test func examples5And6KeywordsInTheBlock() throws {
        var text = Samples.defaults.unified
        for edit in [
            ConfigurationEditor.Edit.set(name: "channel:tcp_local.backoff", value: "PT5M PT1H"),
            .set(name: "channel:tcp_local.mx", value: nil),
        ] {
            text = try ConfigurationEditor.apply(edit, to: text)
        }
        let configuration = try #require(Samples.unified(text).configuration)
        #expect(
            configuration.show("channel:tcp_local.backoff").map(\.line) == [
                "role.channel:tcp_local.backoff = PT5M PT1H"
            ])
        #expect(configuration.show("channel:tcp_local.mx").map(\.line) == ["role.channel:tcp_local.mx (novalue)"])
        let block = words(exported(configuration)["imta.cnf"]).first { $0.first == "tcp_local" }
        #expect(block?.contains("mx") == true)
        #expect(block?.firstRange(of: ["backoff", "PT5M", "PT1H"]) != nil)
    }

    /// Example 7: "alias line `first.last@sub.example.com: a@b.example`".
    @Test func example7AsALegacyLine() throws {
        let name = "alias:first\\.last@sub\\.example\\.com"
        let text = try ConfigurationEditor.apply(
            .set(name: name + ".alias_entry", value: "a@b.example"), to: Samples.defaults.unified)
        let files = exported(try #require(Samples.unified(text).configuration))
        #expect(files["aliases"]?.hasSuffix("first.last@sub.example.com: a@b.example\n") == true)
    }

    @Test func whatALegacyFileCannotSayIsListed() throws {
        let text = Samples.defaults.unified + "base.tmpdir = /x\nchannel:tcp_local.authpassword = s3cret\n"
        let export = LegacyExport(try #require(Samples.unified(text).configuration))
        #expect(!export.isDifferent, "\(export.losses)")
        #expect(
            export.losses == [
                "channel:tcp_local.authpassword: a password", "base.tmpdir: no legacy file has such an option",
            ])
        #expect(!export.files.values.contains { $0.contains("s3cret") })
    }

    @Test func theXMLDocumentComesBack() throws {
        let text =
            Samples.defaults.unified
            + "\n[alias:list]\n  alias_entry = a@b\n  alias_entry = \"<x>\"@c\n  alias_blocklimit = 7\n"
            + "instance.channel:tcp_local.maxjobs = 3\nchannel:tcp_local.authpassword = s3cret\n"
        let load = Samples.unified(text)
        let configuration = try #require(load.configuration, "\(load.findings)")
        let document = XMLExport.text(of: configuration)
        #expect(!document.contains("s3cret"))
        #expect(document.contains("<option name=\"authpassword\" type=\"password\" ref=\"xpass\"/>"))
        let result = XMLImport(Array(document.utf8), name: "config.xml", paths: Samples.paths)
        let back = try #require(result.text, "\(result.diagnostics.all)")
        let secrets = "channel:tcp_local.authpassword = s3cret\n"
        #expect(
            ConfigurationComparison.differences(
                configuration, Samples.unified(back, others: ["passwords.conf": secrets])) == [])
    }
}
