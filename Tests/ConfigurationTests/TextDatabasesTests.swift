import AddressRewriting
import Aliases
import Configuration
import Mappings
import OptionSyntax
import Testing

/// Text databases and what has no backend: unified configuration specification, sections 7 and 8; rewrite-rules
/// specification, section 1.6; aliases specification, sections 3.1, 5 and 7.2.
@Suite struct TextDatabasesTests {
    private static let small = "base.hostname = mail.example.com\n[channel:l]\n  official_host_name = &/IMTA_HOST/\n"

    private func load(_ options: String, _ files: [String: String] = [:], _ sections: String = "") -> ConfigurationLoad
    {
        Samples.unified(options + Self.small + sections, others: files)
    }

    @Test(arguments: [
        (0, []), (1, ["general"]), (2, ["reverse"]), (4, ["forward"]), (7, ["general", "reverse", "forward"]),
    ])
    func bits(_ bits: Int, _ tables: [String]) throws {
        let load = load(
            "mta.use_text_databases = \(bits)\n",
            ["general.txt": "k general\n", "reverse.txt": "k reverse\n", "forward.txt": "k forward\n"])
        let databases = try #require(load.configuration, "\(load.findings)").databases
        let values = [databases.general, databases.reverse, databases.forward].compactMap { $0?.value(for: "K") }
        #expect(values == tables)
        #expect(load.findings.filter { $0.contains("is there and nothing looks into it") }.count == 3 - tables.count)
    }

    @Test func missingAndWrong() {
        let missing = load("mta.use_text_databases = 1\n")
        #expect(missing.findings.contains { $0.hasPrefix("martlet.conf:1") && $0.contains("general.txt") })
        #expect(missing.configuration != nil)
        let wrong = load("mta.use_text_databases = 1\n", ["general.txt": "a 1\nb\n"])
        #expect(wrong.findings.contains { $0.hasPrefix("general.txt:2:1: error: no value for the key b") })
        #expect(wrong.configuration == nil)
    }

    /// The domain database is rules, checked like rules, with the line they stand on.
    @Test func domainRules() throws {
        let load = load("", ["domain.txt": "! rules\nb  $U%b@&/IMTA_HOST/\nb  $U%c@x\n*.b  $U%b@x\n"])
        #expect(try #require(load.configuration).databases.domainRules?.count == 3)
        #expect(load.findings.contains { $0.hasPrefix("domain.txt:4:1: warning: the pattern *.b is never looked up") })
        let wrong = self.load("", ["domain.txt": "b  $U\n"])
        #expect(wrong.findings.contains { $0.hasPrefix("domain.txt:1:1: warning: the template of b") })
        let off = self.load("mta.use_domain_database = 0\n", ["domain.txt": "b  $U%b@x\n"])
        #expect(try #require(off.configuration).databases.domainRules == nil)
    }

    /// One context for all who ask: the general database, and sequence files by symbolic name.
    @Test func context() throws {
        let load = load(
            "mta.use_text_databases = 1\n", ["general.txt": "key value\n"],
            "[mapping:T]\n  *  $Y${$0}\n[mapping:S]\n  *  $Y$#IMTA_TABLE:none#\n")
        let configuration = try #require(load.configuration, "\(load.findings)")
        let context = configuration.mappingContext { _ in }
        #expect(configuration.mappings.probe("T", "KEY", context: context)?.output == "value")
        #expect(configuration.mappings.probe("T", "other", context: context) == nil)
        #expect(configuration.mappings.probe("S", "x", context: context) == nil)
    }

    @Test(arguments: [
        ("[mapping:T]\n  *  $Y$]ldap:///x?y[\n", "an entry of T asks a directory by LDAP"),
        ("[mapping:T]\n  *  $Y$[a.so,f,$0]\n", "an entry of T calls routine f of a.so"),
        ("[rewrites]\n  b  $U%$]ldap:///x[@l\n", "rewrite rule b asks a directory by LDAP"),
        ("[rewrites]\n  b  $[a.so,f,$H]\n", "rewrite rule b calls routine f of a.so"),
        ("[aliases]\n  list: </no/such/file\n", "members of alias list: the file /no/such/file cannot be read"),
        ("[aliases]\n  list: <ldap:///x\n", "members of alias list are at ldap:///x"),
        (
            "[aliases]\n  list: </i/config/l, [auth_list] IMTA_TABLE:none\n",
            "a parameter of alias list: the file IMTA_TABLE:none cannot be read"
        ),
        ("[aliases]\n  list: </i/config/l, a@b\n", "need the channel reprocess, which does not exist"),
    ])
    func withoutBackend(_ section: String, _ finding: String) {
        let load = load("", ["l": "a@b\n"], section)
        #expect(
            load.findings.filter { $0.contains("warning: ") && $0.contains(finding) }.count == 1, "\(load.findings)")
    }

    @Test(
        arguments: [
            ("mta.alias_magic = 8764", nil), ("mta.alias_magic = 64", nil),
            ("mta.alias_magic = 3", "alias_magic: digit 3 names an alias source"),
            ("mta.alias_magic = 4321", "alias_magic: digit 1 names an alias source"),
            ("mta.alias_url0 = ldap:///x", "alias_url0 is not asked"),
            ("mta.reverse_url = ldap:///x", "reverse_url is not"),
            ("mta.use_reverse_database = 7", "reversal before rewriting is not supported"),
            ("mta.use_reverse_database = 517", "bits above 256"),
            ("mta.use_reverse_database = 5", nil),
        ] as [(String, String?)])
    func options(_ option: String, _ finding: String?) {
        let findings = load(option + "\n").findings.filter { $0.contains("martlet.conf:1:") }
        #expect(findings.contains { finding.map($0.contains) ?? true } == (finding != nil), "\(findings)")
    }

    /// What the default configuration says needs no warning.
    @Test func defaultsAreQuiet() {
        #expect(Samples.unified(Samples.defaults.unified).findings.isEmpty)
        #expect(Samples.legacy(Samples.defaults.legacy).findings.isEmpty)
    }

    // MARK: The alias file of the legacy set (aliases specification, 2.1, 2.3 and 10.1)

    @Test(arguments: [
        ("</no/such/file\n", "aliases:1:1: error: cannot open alias include file /no/such/file"),
        ("a: b@c,\\\n d@e\nx: b@c\\\n d@e\n", "aliases:3:1: error: bad equivalence for alias x"),
        ("foo : bar@x\n", "aliases:1:1: error: bad equivalence for alias foo"),
        ("staff: a@b\n! comment\nStaff: x@y\n", "aliases:3:1: error: duplicate aliases found: Staff"),
        ("<IMTA_TABLE:1\n", "is nested more than 3 deep"),
    ])
    func aliasErrors(_ aliases: String, _ finding: String) {
        var files = Samples.defaults.legacy
        files["aliases"] = aliases
        for level in 1...4 { files["\(level)"] = level < 4 ? "<IMTA_TABLE:\(level + 1)\n" : "a: b@c\n" }
        let errors = Samples.legacy(files).findings.filter { $0.contains("error: ") }
        #expect(errors.count == 1 && errors[0].contains(finding), "\(errors)")
    }

    @Test func aliasIncludes() throws {
        var files = Samples.defaults.legacy
        files["aliases"] = "a: b@c,\\\n   d@e\n<IMTA_TABLE:more\n"
        files["more"] = "! more\nf: g@h\n"
        let load = Samples.legacy(files)
        let configuration = try #require(load.configuration, "\(load.findings)")
        #expect(configuration.aliases.order == ["a", "f"])
        #expect(configuration.aliases.entry(named: "a")?.members.count == 2)
        #expect(configuration.aliases.entry(named: "f")?.location.description == "IMTA_TABLE:more:2")
    }

    @Test func orClauses() throws {
        for (option, isAlternative) in [("", false), ("mta.or_clauses = 1\n", true)] {
            let load = load(
                option, ["l": "a@b\n"], "[aliases]\n  x: </i/config/l, [auth_channel] a, [auth_channel] b\n")
            let entry = try #require(load.configuration, "\(load.findings)").aliases.entry(named: "x")
            #expect(entry?.parameters?.access.map(\.isAlternative) == [isAlternative, isAlternative])
        }
    }
}
