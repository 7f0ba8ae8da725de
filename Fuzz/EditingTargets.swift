import Configuration
import OptionSyntax

extension FuzzTarget {
    private static let unified = DefaultConfiguration(
        hostname: "mail.example.test", defaultDomain: "example.test", ownAddresses: ["192.0.2.1"]
    ).unified

    private static let edits: [ConfigurationEditor.Edit] = [
        .set(name: "mta.block_limit", value: "7"), .set(name: "channel:tcp_local.musttls", value: nil),
        .set(name: "channel:x.authpassword", value: "p"), .set(name: "mapping:INTERNAL_IP.rule", value: "a $Y"),
        .set(name: "alias:a.alias_entry", value: "b@c"), .set(name: "alias:a.alias_blocklimit", value: "7"),
        .unset(name: "rewrite.rule", all: true), .unset(name: "channel:tcp_local", all: true),
        .unset(name: "mapping:INTERNAL_IP.rule", value: "* $N"), .unset(name: "alias:a", all: true),
    ]

    /// Texts that people change by commands, as a whole, or bring from elsewhere.
    static let editingTargets = [
        FuzzTarget(
            "editor",
            [
                unified, unified.replacing("\n", with: "\r\n"),
                "[channel:x]\n  smtp mx \\\n! c\n  maytls\n[aliases]\n a: [BLOCKLIMIT] 3, b@c\nmta.block_limit = \\\n 4\n",
            ],
            words: [
                "\r\n", "\\\n", "\\\r\n", "! c\n", "[", "]\n", "[channel:x]\n  ", " = ", "(novalue)", "\\=", "a: ",
                ", ",
                "mta.block_limit", "maytls ", "[mapping:INTERNAL_IP]\n", "\"", "<x\n",
            ],
            run: { bytes in
                let texts = ConfigurationTexts(main: bytes, passwords: Array("channel:x.authpassword = q\n".utf8))
                var findings = Diagnostics()
                for edit in edits { _ = try? ConfigurationEditor.apply(edit, to: texts, findings: &findings) }
                _ = texts.withoutPasswords
                _ = ConfigurationDifferences(from: bytes, to: texts.main)
            }),
        FuzzTarget(
            "edit-part",
            ConfigurationPart.allCases.map { ConfigurationTexts(main: Array(unified.utf8)).legacyText(of: $0) },
            words: ["\n\n", "\\\n", "! c\n", "defaults ", "tcp_local ", ": ", "  ", "$", "@", "<", "nodefaults\n"],
            run: { bytes in
                let texts = ConfigurationTexts(main: Array(unified.utf8))
                for part in ConfigurationPart.allCases {
                    guard let new = try? texts.replacing(part, with: text(bytes)) else { continue }
                    _ = new.legacyText(of: part)
                }
            }),
        FuzzTarget(
            "config-xml",
            [
                "<configuration><role name='mta'><group type='channel' name='l'><option name='smtp' type='flag'/></group>"
                    + "<alias name='a'><entry>b@c</entry></alias><rewrites><rule pattern='a' template='$U@x'/></rewrites>"
                    + "</role><instance/></configuration>"
            ],
            words: [
                "<", "/>", "</", "=\"", "'", "&amp;", "&#10;", "<!--", "<entry>", "<option name='x'>",
                " type='password'",
            ],
            run: { bytes in
                _ = XMLImport(bytes, name: "config.xml", paths: InstancePaths(instanceRoot: "/i", bin: "/bin"))
            }),
    ]
}
