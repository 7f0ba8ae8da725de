import AddressRewriting
import Mappings
import OptionSyntax
import Testing

/// Rules and routing (rewrite-rules specification, sections 4 to 8 and 12).
@Suite struct RewriteEngineTests {
    private static let siroe = """
        sc                     $U@sc.cs.siroe.edu
        sc1                    $U@sc1.cs.siroe.edu
        sc2                    $U@sc2.cs.siroe.edu
        *                      $U%$&0.cs.siroe.edu
        *.cs                   $U%$&0.cs.siroe.edu
        *.cs.siroe             $U%$&0.cs.siroe.edu
        *.cs.siroe.edu         $U%$&0.cs.siroe.edu@ds.adm.siroe.edu
        sc.cs.siroe.edu        $U@$D
        sc1.cs.siroe.edu       $U@$D
        sc2.cs.siroe.edu       $U@$D
        sd.cs.siroe.edu        $U@sd.cs.siroe.edu
        .siroe.edu             $U%$H.siroe.edu@cds.adm.siroe.edu
        .edu                   $U@$H$D@gate.adm.siroe.edu
        []                     $U@[$L]@gate.adm.siroe.edu
        """

    private static let siroeChannels = FixtureChannels(
        "l sc.cs.siroe.edu", "c1 sc1.cs.siroe.edu", "c2 sc2.cs.siroe.edu", "cd sd.cs.siroe.edu",
        "ds ds.adm.siroe.edu", "cds cds.adm.siroe.edu", "gate gate.adm.siroe.edu")

    @Test(arguments: [
        ("R1", "user@sc", "user@sc.cs.siroe.edu -> sc.cs.siroe.edu (l)"),
        ("R2", "user@sc2", "user@sc2.cs.siroe.edu -> sc2.cs.siroe.edu (c2)"),
        ("R3", "user@sc.cs", "user@sc.cs.siroe.edu -> sc.cs.siroe.edu (l)"),
        ("R4", "user@sc1.cs", "user@sc1.cs.siroe.edu -> sc1.cs.siroe.edu (c1)"),
        ("R5", "user@sc.cs.siroe", "user@sc.cs.siroe.edu -> sc.cs.siroe.edu (l)"),
        ("R6", "user@sc2.cs.siroe", "user@sc2.cs.siroe.edu -> sc2.cs.siroe.edu (c2)"),
        ("R7", "user@sc.cs.siroe.edu", "user@sc.cs.siroe.edu -> sc.cs.siroe.edu (l)"),
        ("R8", "user@sc1.cs.siroe.edu", "user@sc1.cs.siroe.edu -> sc1.cs.siroe.edu (c1)"),
        ("R9", "user@sd.cs.siroe.edu", "user@sd.cs.siroe.edu -> sd.cs.siroe.edu (cd)"),
        ("R10", "user@aa.cs.siroe.edu", "user@aa.cs.siroe.edu -> ds.adm.siroe.edu (ds)"),
        ("R11", "user@a.cs.ohio.edu", "@gate.adm.siroe.edu:user@a.cs.ohio.edu -> gate.adm.siroe.edu (gate)"),
        ("R12", "user@[1.2.3.4]", "@gate.adm.siroe.edu:user@[1.2.3.4] -> gate.adm.siroe.edu (gate)"),
    ])
    func completeRuleSet(_ name: String, _ address: String, _ expected: String) {
        let engine = engine(Self.siroe, Self.siroeChannels, localHost: "sc.cs.siroe.edu")
        #expect(show(engine.rewrite(.init(address, sourceChannel: "l"))) == expected, "\(name)")
    }

    @Test(arguments: [
        ("S1", "jdoe@hosta.subnet.siroe.com", "1"), ("S2", "jdoe@hostc.siroe.com", "3"),
        ("S2 subnet", "jdoe@hostb.subnet.siroe.com", "2"), ("S3", "jdoe@siroe.com", "4"),
        ("example 1 of section 11", "wallaby@thor.siroe.com", "3"),
    ])
    func specificBeatsGeneral(_ name: String, _ address: String, _ routing: String) {
        let engine = engine(
            """
            .siroe.com               $U%$H$D@3
            .subnet.siroe.com        $U%$H$D@2
            hosta.subnet.siroe.com   $U%$D@1
            .                        $U%$H@4
            """, FixtureChannels("l local-host", "a 1", "b 2", "c 3", "d 4"))
        guard case .rewritten(let result) = engine.rewrite(.init(address, sourceChannel: "l")) else {
            Issue.record("\(name)")
            return
        }
        #expect(result.routingSystem == routing, "\(name)")
        #expect(result.address == address, "\(name)")
    }

    @Test(arguments: [
        ("C1", "u@a", "u@a-daemon -> a-daemon (a_channel)"),
        ("C2", "u@b", "u@b-daemon -> b-daemon (b_channel)"),
        ("C3", "u@c", "u@c -> b-daemon (b_channel)"),
        ("C4", "u@a-daemon", "u@a-daemon -> a-daemon (a_channel)"),
        ("C5", "u@nowhere", "5.1.2 unknown host or domain"),
        ("C6", "@local-host:u@b", "u@b-daemon -> b-daemon (b_channel)"),
        ("C7", "u%a@local-host", "u@a-daemon -> a-daemon (a_channel)"),
        ("C8", "x%nowhere@local-host", "x%nowhere@local-host -> local-host (l)"),
        ("C8 with a bang", "nowhere!x@local-host", "nowhere!x@local-host -> local-host (l)"),
        ("no host", "u", "u@local-host -> local-host (l)"),
        ("route kept", "@a-daemon:u@b", "@a-daemon:u@b -> a-daemon (a_channel)"),
        ("two routes kept", "@a,@b:u@c", "@a-daemon,@b:u@c -> a-daemon (a_channel)"),
        ("routes through us", "@local-host,@LOCAL-HOST:u%b@local-host", "u@b-daemon -> b-daemon (b_channel)"),
        ("upper case", "U@A", "U@a-daemon -> a-daemon (a_channel)"),
    ])
    func smallConfiguration(_ name: String, _ address: String, _ expected: String) {
        let engine = engine(
            """
            a     $U@a-daemon
            b     $U@b-daemon
            c     $U%c@b-daemon
            d     $U%d@a-daemon
            """, FixtureChannels("l local-host", "a_channel a-daemon", "b_channel b-daemon"))
        #expect(show(engine.rewrite(.init(address, sourceChannel: "l"))) == expected, "\(name)")
    }

    private static let daemons = FixtureChannels(
        "l local-host", "tcp_local tcp-daemon", "d decnet", "m mailhub.example.com", "s siroe.com mail.siroe.com",
        "e EXAMPLE.COM", "a a-daemon", "x X")

    private static let context = MappingContext(
        generalDatabase: { key in
            switch key {
            case "example": "$u%examplevax.example.com@decnet"
            case "again": "$(example)"
            case "stop": "$4004003?not now"
            default: nil
            }
        },
        callout: { $0.routine == "echo" ? $0.argument : nil },
        directory: {
            $0.hasPrefix("ldap:///busy") ? .unavailable : .value($0.split(separator: "/").last.map(String.init) ?? "")
        })

    private static let tables = """
        T

          u|*  $Y$$U%$0@tcp-daemon
          v    $Nno

        """

    @Test(
        arguments: [
            ("T1", ["example.com  $U@EXAMPLE.COM"], "adrian@example.com", "adrian@EXAMPLE.COM -> EXAMPLE.COM (e)"),
            (
                "T2", [".com  $U%$H$D@TCP-DAEMON"], "jdoe@example.org.com",
                "jdoe@example.org.com -> TCP-DAEMON (tcp_local)"
            ),
            ("T3", [".siroe.com  $U@siroe.com"], "jdoe@mailhost.siroe.com", "jdoe@siroe.com -> siroe.com (s)"),
            ("T4", [".DECNET  $($H)"], "jdoe@example.decnet", "jdoe@examplevax.example.com -> decnet (d)"),
            (
                "T5", ["*.EXAMPLE.COM  $U%$&0.example.com@mailhub.example.com"], "jdoe@vaxa.example.com",
                "jdoe@vaxa.example.com -> mailhub.example.com (m)"
            ),
            ("T6", [".DECNET  $($H)", ".  $U%$H@X"], "jdoe@other.decnet", "jdoe@other.decnet -> X (x)"),
            ("T7", ["siroe.net  $U@mail.siroe.com$E$F"], "u@siroe.net", "u@mail.siroe.com -> mail.siroe.com (s)"),
            ("T9", ["com1  $U@com1@siroe.com"], "jdoe@com1", "@siroe.com:jdoe@com1 -> siroe.com (s)"),
            (
                "T10", [".  $?Unrecognized address; contact postmaster@siroe.com"], "u@q",
                "5.1.2 Unrecognized address; contact postmaster@siroe.com"
            ),
            ("T11", [".  $U%$H@X"], "u@a.b", "u@a.b -> X (x)"),
            ("T12", [".removable  $U%$H", "a  $U@a-daemon"], "u@a.removable.removable", "u@a-daemon -> a-daemon (a)"),
            ("T13", ["$*  $U%$H", "a  $U@a-daemon"], "u@a", "u@a-daemon -> a-daemon (a)"),
            ("T14", [".  $4002001?try later"], "u@q", "4.2.1 try later"),
            ("dot domain", [".  $U@x$D@X"], "u@a.b", "@X:u@x. -> X (x)"),
            ("exact", ["a.b  $U%<$H><$D>@X"], "u@A.b", "u@<><A.b> -> X (x)"),
            ("asterisks", ["*.*.dom.com  $U%<$H><$D>@X"], "u@a.b.dom.com", "u@<a.b><.dom.com> -> X (x)"),
            ("every host", ["$*  $U%<$H><$D>@X"], "u@a.b", "u@<a.b><> -> X (x)"),
            ("literal prefix", ["[1.2.3.]  $U%$L@X"], "u@[1.2.3.4]", "u@4 -> X (x)"),
            ("literal", ["[]  $U%$L@X"], "u@[1.2.3.4]", "u@1.2.3.4 -> X (x)"),
            ("IPv6 literal", ["[]  $U%$L@X"], "u@[IPv6:::1]", "u@IPv6:::1 -> X (x)"),
            ("labels", [".c.d  $U%$&0-$!0-$*0-$#0@X"], "u@a.b.c.d", "u@a-b-c-d -> X (x)"),
            ("missing label", ["a  $U%$&0@X", ".  $U%$H@X"], "u@a", "u@a -> X (x)"),
            ("dropping labels", [".d.e  $U%<$1H><$1D><$9D>@X"], "u@a.b.d.e", "u@<b><.e><> -> X (x)"),
            ("subaddress", ["a  $0U=$1U%h@X"], "n+sub@a", "n=+sub@h -> X (x)"),
            ("characters", ["a.b  $0A$2A$99A%$0X-$1X@X"], "uvw@a.b", "uw@a-b -> X (x)"),
            ("unique", ["a  $W%h@X"], "u@a", "A1B2@h -> X (x)"),
            ("case", ["a  $^$U$\\$U$_$Ux%H@X"], "Ab@a", "ABabAbx@H -> X (x)"),
            ("plain characters", ["a  $U$%b$@c$$%h@X"], "u@a", "u%b@c$@h -> X (x)"),
            ("separators in a local part", ["a  $U%h@X"], "\"x%y\"@a", "\"x%y\"@h -> X (x)"),
            ("route and system", ["a  $U@h@r@X"], "u@a", "@r:u@h -> X (x)"),
            ("superfluous route", [".lmtp  $U%$H@$H@X"], "u@store.lmtp", "u@store -> X (x)"),
            ("mapping", ["a  ${T,$U|$D}"], "u@a", "u@a -> tcp-daemon (tcp_local)"),
            ("mapping without $Y", ["a  ${T,$U}$U%h@X", ".  $U%$H@X"], "v@a", "v@a -> X (x)"),
            ("unknown mapping", ["a  ${NONE,$U}$U%h@X", ".  $U%$H@X"], "v@a", "v@a -> X (x)"),
            ("database in a database", ["a  $(again)", ".  $U%$H@X"], "v@a", "v@a -> X (x)"),
            ("error from the database", ["a  $(stop)"], "v@a", "4.4.3 not now"),
            ("directory", ["a  $U%$]ldap:///h/$D$S[@X"], "v+w@a", "v+w@aw -> X (x)"),
            ("directory away", ["a  $U%$]ldap:///busy[@X"], "v@a", "4.4.3 temporary directory failure"),
            ("routine", ["a  $U%$[lib,echo,<$U>]@X"], "v@a", "v@<v> -> X (x)"),
            ("routine fails", ["a  $U%$[lib,no,$U]@X", ".  $U%$H@X"], "v@a", "v@a -> X (x)"),
            ("same pattern in order", ["a  $B$U%1@X", "a  $U%2@X", "a  $U%3@X"], "u@a", "u@2 -> X (x)"),
            ("as it stands", [], "u@q.r", "5.1.2 unknown host or domain"),
            ("text for no channel", ["a  $U@q$?no such place"], "u@a", "5.1.2 no such place"),
            ("text ends at a separator", ["a  $U$?gone%q@r"], "u@a", "5.1.2 gone"),
            ("text stays", ["a  $U%b$5004001?first", "b  $U@q"], "u@a", "5.4.1 first"),
            ("tag", ["a  $U%b$Tt|", "t|b  $U%2@X", "b  $U%3@X"], "u@a", "u@2 -> X (x)"),
            ("tag replaces patterns", ["a  $U%b$Tt|", "b  $U%3@X"], "u@a", "5.1.2 unknown host or domain"),
            ("percent rule", ["$%  $U%$H@X"], "u%q@local-host", "u@q -> X (x)"),
            ("bang rule", ["$!  $U%$H@X"], "q!u@local-host", "u@q -> X (x)"),
            ("percent rule comes last", ["$%  $U%$H@X", ".  $U%$H@a-daemon"], "u%q@local-host", "u@q -> a-daemon (a)"),
            ("never more than so often", ["a  $U%b", "b  $U%a"], "u@a", "5.1.2 unknown host or domain"),
            ("empty host", [".  $U%$&0@X", "a  $U%$H@X"], "u@a", "u@a -> X (x)"),
            ("no form", ["a  $E$F", ".  $U%$H@X"], "u@a", "u@a -> X (x)"),
        ] as [(String, [String], String, String)])
    func templates(_ name: String, _ rules: [String], _ address: String, _ expected: String) {
        let engine = engine(
            rules.joined(separator: "\n"), Self.daemons, mappings: Self.tables, context: Self.context)
        #expect(show(engine.rewrite(.init(address, sourceChannel: "l"))) == expected, "\(name)")
    }

    @Test func hostAndLocalPartOfTheResult() {
        let engine = engine("a  $U@h@r@X\nb  $U%h@X", Self.daemons)
        guard case .rewritten(let routed) = engine.rewrite(.init("u@a", sourceChannel: "l")),
            case .rewritten(let plain) = engine.rewrite(.init("u@b", sourceChannel: "l"))
        else {
            Issue.record("not rewritten")
            return
        }
        #expect([routed.host, routed.localPart] == ["r", "u@h"])
        #expect([plain.host, plain.localPart] == ["h", "u"])
    }

    @Test(arguments: [(RouteStyle.sourceRoute, "@C:A@B"), (.percents, "A%B@C"), (.bangs, "C!B!A")])
    func routeStyles(_ style: RouteStyle, _ expected: String) {
        var channels = FixtureChannels("l local-host", "c C")
        channels.styles = ["c": style]
        let engine = engine("b  $U@B@C", channels)
        guard case .rewritten(let result) = engine.rewrite(.init("A@b", sourceChannel: "l")) else {
            Issue.record("not rewritten")
            return
        }
        #expect(result.address == expected)
    }

    @Test func routeLocalStripsLikeTheLocalChannel() {
        var channels = FixtureChannels("l local-host", "in in-daemon", "out out-daemon")
        let rules = "b  $U%b@out-daemon"
        #expect(
            show(engine(rules, channels).rewrite(.init("@in-daemon:u@b", sourceChannel: "l")))
                == "@in-daemon:u@b -> in-daemon (in)")
        channels.routeLocal = ["in"]
        #expect(
            show(engine(rules, channels).rewrite(.init("@in-daemon:u@b", sourceChannel: "l")))
                == "u@b -> out-daemon (out)")
    }

    @Test func domainDatabase() {
        let engine = RewriteEngine(
            rules: compileRules("b  $U%file@X").rules, mappings: MappingTables(), channels: Self.daemons,
            localHost: "local-host",
            domainRules: compileRules("b  $U%1@X\n*.c  $U%2@X\n.c  $U%no@X$B\n.c  $U%3@X\n.  $U%4@X").rules)
        #expect(show(engine.rewrite(.init("u@b", sourceChannel: "l"))) == "u@file -> X (x)")
        #expect(show(engine.rewrite(.init("u@a.c", sourceChannel: "l"))) == "u@3 -> X (x)")
        #expect(show(engine.rewrite(.init("u@q", sourceChannel: "l"))) == "u@4 -> X (x)")
    }

    @Test func defaultHost() {
        let engine = engine(".  $U%$H@X", Self.daemons)
        let query = RewriteEngine.Query("u", sourceChannel: "l", defaultHost: "example.net")
        #expect(show(engine.rewrite(query)) == "u@example.net -> X (x)")
    }

    @Test func explanation() {
        let engine = engine("a.b  $B$U%a@X\n.b  $U%1@X", Self.daemons)
        let (outcome, trace) = engine.explain(.init("u@a.b", sourceChannel: "l"))
        #expect(show(outcome) == "u@1 -> X (x)")
        #expect(
            trace.map(\.description) == [
                "$*: no rule",
                "a.b: rule at imta.cnf:1:1 does not apply: not this kind of address ($E, $B)",
                "*.b: no rule",
                ".b: rule at imta.cnf:2:1 gives u@1, routing system X",
                "X: channel x",
            ])
    }
}
