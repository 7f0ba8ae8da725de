import Mappings
import OptionSyntax
import Testing

@testable import AddressRewriting

/// Worked examples of the rewrite-rules specification that need a rule set of their own.
@Suite struct WorkedExampleTests {
    private static let channels = FixtureChannels("l local-host", "tcp TCP-DAEMON", "x X", "decnet decnet")

    /// `$H` and `$D` for host `a.b.dom.com` and the examples of section 12.5, with bars around them.
    @Test(arguments: [
        ("5.3 the host", "a.b.dom.com", "a.b.dom.com", "|a.b.dom.com"),
        ("5.3 .dom.com", ".dom.com", "a.b.dom.com", "a.b|.dom.com"),
        ("5.3 .com", ".com", "a.b.dom.com", "a.b.dom|.com"),
        ("5.3 *.*.dom.com", "*.*.dom.com", "a.b.dom.com", "a.b|.dom.com"),
        ("5.3 .", ".", "a.b.dom.com", "a.b.dom.com|."),
        ("5.3 $*", "$*", "a.b.dom.com", "a.b.dom.com|"),
        ("T2", ".com", "example.com", "example|.com"),
        ("T11", ".", "a.b", "a.b|."),
    ])
    func hostParts(_ name: String, _ pattern: String, _ host: String, _ expected: String) {
        let engine = engine("\(pattern)  $U%$H|$D@X", Self.channels)
        #expect(
            show(engine.rewrite(.init("u@\(host)", sourceChannel: "l"))) == "u@\(expected) -> X (x)", "\(name)")
    }

    @Test func t2() {
        let engine = engine(".com  $U%$H$D@TCP-DAEMON", Self.channels)
        #expect(
            show(engine.rewrite(.init("jdoe@example.com", sourceChannel: "l")))
                == "jdoe@example.com -> TCP-DAEMON (tcp)")
    }

    /// T4 without the database entry: the rule fails, as if it had not matched.
    @Test func t6() {
        let engine = engine(".DECNET  $($H)", Self.channels)
        let (outcome, trace) = engine.explain(.init("jdoe@example.decnet", sourceChannel: "l"))
        #expect(show(outcome) == "5.1.2 unknown host or domain")
        #expect(trace.contains { $0.description.contains("the general database has no 'example'") })
    }

    /// Section 12.2: in the second round of an `A%B` the same lists without `$*`.
    @Test func secondRoundDoesNotProbeEveryHost() {
        let engine = engine("a.first  $U%a.second", Self.channels)
        let (_, trace) = engine.explain(.init("u@a.first", sourceChannel: "l"))
        #expect(trace.filter { $0.host == "a.first" }.map(\.probe) == ["$*", "a.first"])
        #expect(
            trace.filter { $0.host == "a.second" && !$0.probe.isEmpty }.map(\.probe)
                == ["a.second", "*.second", ".second", "*.*", "."])
    }

    /// Section 11.1: `example.com` does not match thor.example.com.
    @Test func patternsAreNoSubstrings() {
        let engine = engine("example.com  $U%example.com@TCP-DAEMON", Self.channels)
        #expect(
            show(engine.rewrite(.init("wallaby@thor.example.com", sourceChannel: "l")))
                == "5.1.2 unknown host or domain")
        #expect(
            show(engine.rewrite(.init("wallaby@example.com", sourceChannel: "l")))
                == "wallaby@example.com -> TCP-DAEMON (tcp)")
    }

    /// A re-scanned value inside an argument keeps its separators as text; one too long fails the rule.
    @Test func argumentsFromTheDatabase() {
        let context = MappingContext(generalDatabase: { key in
            ["ann": "ann@x%y", "long": String(repeating: "x", count: 5000)][key]
        })
        let mappings = "T\n\n  ann@x%y  $Ygood\n  x*  $Ycut\n"
        let engine = engine(".q  ${T,$($U)}%$H$D@X", Self.channels, mappings: mappings, context: context)
        #expect(show(engine.rewrite(.init("ann@a.q", sourceChannel: "l"))) == "good@a.q -> X (x)")
        let (outcome, trace) = engine.explain(.init("long@a.q", sourceChannel: "l"))
        #expect(show(outcome) == "5.1.2 unknown host or domain")
        #expect(trace.contains { $0.description.contains("an argument is longer than 4096 octets") })
    }

    /// Section 5.5: never "unknown", also when a mapping asks the directory.
    @Test func unavailableDirectory() {
        let down = MappingContext(directory: { _ in .unavailable })
        let mappings = "T\n\n  *  $C$]ldap:///o=x??sub?(mail=$0)[$Y\n  *  $N\n"
        for rules in [".q  $]ldap:///o=x??sub?(mail=$A)[%$H$D@X", ".q  ${T,$U}%$H$D@X"] {
            let engine = engine(rules, Self.channels, mappings: mappings, context: down)
            #expect(
                show(engine.rewrite(.init("u@a.q", sourceChannel: "l"))) == "4.4.3 temporary directory failure")
        }
    }

    /// The domain database is asked for `$%` and `$!` as well: they are no names with asterisks.
    @Test func databaseForPercentAndBang() {
        let database = ["$%": "$U%$H@X", "$!": "$U%$H@TCP-DAEMON"]
        let engine = RewriteEngine(
            rules: RewriteRules(), mappings: MappingTables(), channels: Self.channels, localHost: "local-host",
            domainDatabase: { database[$0] })
        #expect(show(engine.rewrite(.init("u%q", sourceChannel: "l"))) == "u@q -> X (x)")
        #expect(show(engine.rewrite(.init("q!u", sourceChannel: "l"))) == "u@q -> TCP-DAEMON (tcp)")
    }

    /// Findings name the byte where the bad sequence begins.
    @Test(arguments: [
        ("a.b   $U%$H$K@X", "imta.cnf:1:12: warning: '$K' means nothing"),
        ("a.b $U%$H@${T,$U$K}X", "imta.cnf:1:17: warning: '$K' means nothing"),
        ("a.b $U@X$(key", "imta.cnf:1:9: error: ')' is missing"),
        ("a.b $U%$H$6001002?x$Ml@X", "imta.cnf:1:10: error: '$6001002?' is not a status"),
        (
            "a.b $U%$H@$]ldap:///$~u[@X",
            "imta.cnf:1:11: warning: '$~' cannot be used in the URL of a directory, so the rule will never apply"
        ),
    ])
    func columns(rule: String, expected: String) {
        #expect(compileRules(rule).findings.contains { $0.description.hasPrefix(expected) })
    }

    @Test(arguments: [
        ("a.b  $U@X", "X", true), ("a.b  $U@$D", nil, true), ("a.b  $U@$H", nil, false), (".b  $U%$H$D@X", "X", true),
        ("a.b  $U@host$?no such$Ml", "host", false), ("a.b  $U@${T,x@y}", nil, false), (".b  $U%$H", nil, true),
        (".  $?Unrecognized address; contact postmaster@siroe.com", nil, true), ("a.b  $U@$@x", "@x", true),
        ("$*  $A$E$F$U%$H$V$H@local-host", "local-host", false), ("*.b  $U@$&0@X", "X", false),
        ("a.b  $U@X$Tx|", "X", true),
    ])
    func facts(rule: String, host: String?, always: Bool) throws {
        let facts = try #require(compileRules(rule).rules.facts.first?.first)
        #expect(facts.routingHost == host)
        #expect(facts.alwaysApplies == always)
    }
}
