import AddressRewriting
import Aliases
import Configuration
import Mappings
import OptionSyntax

/// Two channels, for rules to lead to.
private struct FuzzChannels: ChannelHosts {
    func channel(forHost host: String) -> String? {
        ["here": "l", "out-daemon": "tcp_local"][host.lowercased()]
    }
    func officialHost(ofChannel channel: String) -> String? { channel == "l" ? "here" : "out-daemon" }
}

extension FuzzTarget {
    private static let defaults = DefaultConfiguration(
        hostname: "mail.example.test", defaultDomain: "example.test", ownAddresses: ["192.0.2.1"])

    private static func load(_ files: [String: String]) {
        let located = Dictionary(uniqueKeysWithValues: files.map { ("/i/config/" + $0.key, $0.value) })
        _ = MTAConfiguration.load(paths: InstancePaths(instanceRoot: "/i", bin: "/bin"), files: .memory(located))
    }

    /// A file of the legacy set among the others as they should be.
    private static func legacyFile(_ name: String, _ words: [String]) -> FuzzTarget {
        FuzzTarget(
            String(name.map { $0 == "." || $0 == "_" ? "-" : $0 }), [defaults.legacy[name] ?? ""],
            words: words + ["9223372036854775807", "-9223372036854775808", "99999999999999999999"],
            run: { bytes in load(defaults.legacy.merging([name: text(bytes)]) { $1 }) })
    }

    /// What an administrator writes, or a directory's owner.
    static let configurationTargets = [
        FuzzTarget(
            "martlet-conf", [defaults.unified],
            words: [
                "[", "]\n", "[rewrites]\n", "[channel:x]\n  ", " = ", "\\\n", "(novalue)", "&/IMTA_HOST/", "\"", "<x\n",
            ],
            run: { load(["martlet.conf": text($0)]) }),
        FuzzTarget(
            "imta-cnf", [defaults.legacy["imta.cnf"] ?? ""],
            words: [
                "\n\n", "$U@", "tcp_local ", "smtp ", "mx ", "notices 1 2 3 ", "defaults ", "<x\n", "\\\n", "P1D", "!",
            ],
            run: { bytes in load(defaults.legacy.merging(["imta.cnf": text(bytes)]) { $1 }) }),
        legacyFile(
            "dispatcher.cnf",
            ["[SERVICE=", "]\n", "PORT=", "PARAMETER=CHANNEL=", "16%", "MAX_PROCS=", ",", "!", "=-1\n"]),
        legacyFile(
            "job_controller.cnf", ["[POOL=", "[CHANNEL=", "]\n", "job_limit=", "max_life_age=", "synch_time=/", ":"]),
        legacyFile("option.dat", ["BLOCK_LIMIT=", "LOG_", "=2%101\n", "DELIVERY_OPTIONS=", "\\\n", "#", ";", "!"]),
        legacyFile("ims-ms_option", ["STORE=", "maildir", "IMTA_STORE:", "\n", "=", "&/IMTA_HOST/", "\\\n", "!"]),
        FuzzTarget(
            "mappings",
            [
                defaults.legacy["mappings"] ?? "",
                "T\n\n  aa  $Rb\n  b  $Raa\n  *$C  $Lx$0\n",
                "T\n\n  a*|%$D*$[a-z]*  $C$0$Y\n  $(10.0.0.0/8)|${2001:db8::/32}|$_*$0*  $R$|T;$1|$#f|16|4|9#\n",
            ],
            words: [
                "*", "$", "%", "$_*", "$0*", "$(", "$<", "${", "$[", "]*", "$|T;", "|", "$C", "$R", "$L", "\n  ", "  ",
            ],
            run: { bytes in
                var findings = Diagnostics()
                let sources = parseMappings(text(bytes), file: "mappings", diagnostics: &findings)
                let tables = MappingTables(compiling: sources, diagnostics: &findings)
                for name in tables.names.prefix(4) {
                    for probe in [
                        "", "aa", "TCP|10.0.0.1|25|IPv6:2001:db8::1|9", "aab1|é@a*b", text(Array(bytes.prefix(40))),
                    ] {
                        _ = tables.probe(name, probe)
                    }
                }
            }),
        FuzzTarget(
            "text-database",
            ["! comment\nuser@a.b  user@c.d\n\"Smith, John\"@x  j@x\nc|s|a@b\t\"helen of troy\"@q\n"],
            words: ["\"", "\\", "!", "\t", "\n", " ", "key value\n"],
            run: { bytes in
                var findings = Diagnostics()
                let file = LineReader.File(name: "general.txt", content: bytes)
                let entries = TextDatabase.entries(of: file, diagnostics: &findings)
                let table = TextDatabase(entries, diagnostics: &findings)
                for entry in entries.prefix(100) { precondition(table.value(for: entry.key) != nil, entry.key) }
            }),
        FuzzTarget(
            "aliases",
            [defaults.legacy["aliases"] ?? "", "a: b@c, d@e, \\\n f\nlist: <file, [ERRORS_TO] x@y, g\n\"q x\": z\n"],
            words: [":", "<", ",", "\\\n", "\"", "[", "]", "[MAX_LENGTH] ", "[AUTH_LIST] ", "\n", "@", "|"],
            run: { bytes in
                var findings = Diagnostics()
                _ = AliasFile(parsing: AliasLine.lines(of: text(bytes), file: "aliases"), diagnostics: &findings)
            }),
        FuzzTarget(
            "directory-file",
            [
                DefaultConfiguration.directoryFile(domain: "example.test")
                    + "\nuser: ann\nmail: ann@example.test\nmailDeliveryOption: mailbox\n\ngroup: g\nmember: ann@example.test\n"
            ],
            words: ["\n\n", "user: ", "domain: ", "group: ", "mail: ", "member: ", ":", "\n ", "!", "@", "ldap:///"],
            run: { bytes in
                var findings = Diagnostics()
                let file = DirectoryFile(parsing: text(bytes), file: "directory", diagnostics: &findings)
                _ = file.entry(forAddress: "ann@example.test")
            }),
        FuzzTarget(
            "rewrite-template",
            [
                "$U%$H$D@out-daemon", "$A$E$F$U%$H$V$H@here", "$U@$&0$!1.$*2@$L@out-daemon", "${T,$U}$Tx|$(k$H)@here",
                "$5001002?no $H", "$[l,r,$U]$=$\\$W@here$Mtcp_local$1~",
            ],
            words: [
                "$", "@", "%", "$U", "$H", "$2D", "$&", "$!", "$(", ")", "${", "}", "$[", "]", "$V", "$M", "$1~", "?",
            ],
            run: { bytes in
                var findings = Diagnostics()
                let rules = ["a.b", ".b", "*.c", "[1.2.]", "$*", "."].map {
                    RewriteRuleSource(
                        pattern: $0, template: text(bytes), location: SourceLocation(file: "imta.cnf", line: 1))
                }
                let engine = RewriteEngine(
                    rules: RewriteRules(compiling: rules, diagnostics: &findings), mappings: MappingTables(),
                    channels: FuzzChannels(), localHost: "here",
                    context: MappingContext(
                        generalDatabase: { $0 }, callout: { $0.argument }, directory: { .value($0) }))
                for address in ["ann@a.b", "x%y@q.c", "@[1.2.3.4]:u@v", "a!b", text(Array(bytes.prefix(60)))] {
                    _ = engine.rewrite(RewriteEngine.Query(address, sourceChannel: "l"))
                }
            }),
    ]
}
