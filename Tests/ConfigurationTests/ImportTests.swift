import Configuration
import Glibc
import OptionSyntax
import SystemCalls
import Testing

/// Unified configuration specification, 8.2: legacy files become one martlet.conf that means the same.
@Suite struct LegacyImportTests {
    @Test func theDefaultConfiguration() throws {
        let result = try legacyImport(Samples.defaults.legacy)
        #expect(!result.isDifferent, "\(result.losses)")
        let text = try #require(result.text)
        #expect(text.contains("instance.base.hostname = mail.example.com\n"))
        #expect(text.contains("\n[channel:defaults]\n"))
        let load = Samples.unified(text)
        #expect(load.configuration != nil, "\(load.findings)")
    }

    @Test func defaultsThatChangeAreWrittenOut() throws {
        let result = try legacyImport([
            "imta.cnf": """
            ! rules
            a  $U@a-daemon

            l
            local-host

            defaults notices 1 2 urgentnotices 3

            a_channel
            a-daemon

            nodefaults

            b_channel
            b-daemon

            """, "aliases": "postmaster: [BLOCKLIMIT] 200, u@a\n", "imta_tailor": "IMTA_LOG=/old/log/\n",
            "general.txt": "",
        ])
        #expect(!result.isDifferent, "\(result.losses)")
        let text = try #require(result.text)
        #expect(text.contains("[channel:a_channel]\n  official_host_name = a-daemon\n  notices = 1 2\n"))
        #expect(
            text.hasSuffix(
                "[channel:b_channel]\n  official_host_name = b-daemon\n\n[aliases]\n"
                    + "  postmaster: [BLOCKLIMIT] 200, u@a\n"))
        #expect(result.losses.count == 3, "\(result.losses)")
    }

    @Test func errorsStopIt() throws {
        #expect(try legacyImport(["imta.cnf": "\na_channel\na-daemon\n\na_channel\nb-daemon\n"]).text == nil)
    }
}

/// Unified configuration specification, section 4: config.xml as exchange format.
@Suite struct XMLImportTests {
    private func legacyImport(_ document: String) -> XMLImport {
        XMLImport(Array(document.utf8), name: "config.xml", paths: Samples.paths)
    }

    private static let sample = #"""
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- by hand -->
        <configuration format="1" generation="57">
          <instance name="ims">
            <group type="base"><option name="hostname" type="string">mail.example.com</option></group>
          </instance>
          <role name="mta">
            <group type="mta"><option name="enable" type="bool">1</option></group>
            <group type="dispatcher">
              <group type="service" name="SMTP"><option name="tcp_ports" type="string">25</option></group>
              <option name="secret" type="password" ref="xpass"/>
            </group>
            <group type="channel" name="tcp_local" order="3">
              <option name="smtp" type="flag"/>
              <option name="official_host_name" type="string">tcp-daemon</option>
              <group type="options"><option name="banner_host" type="string">mx</option></group>
            </group>
            <group type="channel" name="l" order="1">
              <option name="official_host_name">&amp;/IMTA_HOST/</option>
            </group>
            <rewrites><rule pattern="&amp;/IMTA_HOST/" template="$U%$D@&amp;/IMTA_HOST/"/></rewrites>
            <mapping name="PORT_ACCESS"><rule pattern="*|*|*|*|*" template="$Y"/></mapping>
            <alias name="postmaster"><entry>admin@example.com</entry></alias>
            <mystery>x</mystery>
          </role>
        </configuration>
        """#

    @Test func theDocumentedShape() throws {
        let result = legacyImport(Self.sample)
        let text = try #require(result.text, "\(result.diagnostics.all)")
        for part in [
            "instance.base.hostname = mail.example.com\n", "role.dispatcher.service:SMTP.tcp_ports = 25\n",
            "[rewrites]\n  &/IMTA_HOST/ $U%$D@&/IMTA_HOST/\n", "[mapping:PORT_ACCESS]\n  *|*|*|*|* $Y\n",
            "[channel:l]\n  official_host_name = &/IMTA_HOST/\n\n[channel:tcp_local]\n  smtp\n",
            "  options.banner_host = mx\n", "[aliases]\n  postmaster: admin@example.com\n",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        #expect(
            result.losses == [
                "line 11: /configuration/role[mta]/group/option[secret]: a password, which an export does not hold; set"
                    + " it by hand",
                "line 24: /configuration/role[mta]/mystery: no option is known for it",
            ])
    }

    @Test(
        arguments: [
            "", "text", "<", "<a", "<a b", "<a b=", "<a b='", "<a b='x", "</a>", "<a></b>", "<a>", "<a>&x;</a>", "<a>&",
            "<a>&#xFFFFFFFF;</a>", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "<?", "<!--",
            String(repeating: "<a>", count: 100),
        ])
    func badDocumentsAreRefused(document: String) {
        let result = legacyImport(document)
        #expect(result.text == nil && result.diagnostics.hasErrors)
    }
}
