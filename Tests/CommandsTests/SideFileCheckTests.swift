import ArgumentParser
import Configuration
import Enqueue
import Glibc
import OptionSyntax
import SystemCalls
import Testing

@testable import Commands

/// What `config check` says of files and names that programs read by themselves.
@Suite struct SideFileCheckTests {
    private func findings(_ lines: String, files: [String: String] = [:]) throws -> [String] {
        let unified = DefaultConfiguration(
            hostname: "mail.example.com", defaultDomain: "example.com", ownAddresses: ["192.0.2.25"]
        ).unified
        // What a test sets takes the place of what is shipped.
        let own = Set(lines.split(separator: "\n").map { $0.prefix { $0 != "=" }.filter { $0 != " " } })
        let shipped = unified.split(separator: "\n", omittingEmptySubsequences: false).filter {
            !$0.contains("=") || !own.contains($0.prefix { $0 != "=" }.filter { $0 != " " })
        }.joined(separator: "\n")
        let top = "role.mta.enable = 1\n"
        let text =
            lines.hasPrefix("[") ? shipped + "\n" + lines : shipped.replacing(top, with: top + lines + "\n")
        let load = MTAConfiguration.load(
            paths: InstancePaths(instanceRoot: "/i", bin: "/bin"),
            files: .memory(["/i/config/martlet.conf": text]))
        let configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        return SideFileChecks(configuration) { path in
            guard let content = files[path] else { throw SystemCallError(call: "open", code: ENOENT, object: path) }
            return Array(content.utf8)
        }.diagnostics.all.filter { $0.severity != .note }.map(\.description)
    }

    @Test func shippedConfigurationHasNoFinding() throws { #expect(try findings("").isEmpty) }

    @Test(arguments: [
        ("role.base.sasl_mechanisms = PLAIN ROT13", "warning: base.sasl_mechanisms: ROT13 is no mechanism"),
        ("role.base.ssladjustciphersuites = -TLS_NONE", "error: base.ssladjustciphersuites: -TLS_NONE is not"),
        ("role.base.ssladjustciphersuites = TLS_AES_128_GCM_SHA256", "is not +NAME or -NAME of a suite"),
        ("role.base.tls_client_ca = /nowhere.pem", "base.tls_client_ca: /nowhere.pem cannot be read"),
        ("role.base.tls_client_ca = /odd.pem", "base.tls_client_ca: /odd.pem holds no certificate in PEM"),
        ("role.base.tls_key = /odd.pem", "base.tls_key: /odd.pem is no private key"),
        ("[channel:ims-ms]\n  options.STORE = mbox", "STORE of channel ims-ms: mbox is unknown"),
        ("[channel:tcp_local]\n  options.TLS_POLICY_FILE = /policy", "channel:tcp_local.options.tls_policy_file"),
        ("[channel:tcp_local]\n  headertrim", "headertrim of channel tcp_local: tcp_local_headers.opt cannot be read"),
    ])
    func finding(line: String, expected: String) throws {
        let all = try findings(line, files: ["/odd.pem": "x\n"])
        let found = all.filter { $0.contains(expected) }
        #expect(found.count == 1, "\(all)")
        // Each says where.
        #expect(found.allSatisfy { $0.hasPrefix("martlet.conf:") })
    }

    @Test func tokensWithoutKeys() throws {
        let lines = "role.base.oauth_jwks = /keys\nrole.base.oauth_issuer = i\nrole.base.oauth_audience = a"
        #expect(try findings(lines, files: ["/keys": "{}"]).contains { $0.contains("so no token is taken") })
        #expect(try findings(lines).contains { $0.contains("/keys cannot be read") })
    }

    @Test func mistakesInHeaderOptionsHaveTheirPlace() throws {
        let found = try findings(
            "[channel:tcp_local]\n  headerread",
            files: [
                "/i/config/tcp_local_read_headers.opt": "X: MAXIMUM=1\nY: MAXIMUM=many\n",
                "/i/config/log_headers.opt": "! c\n  no colon\n",
            ])
        #expect(
            found == [
                "tcp_local_read_headers.opt:2:4: warning: MAXIMUM takes a number, not many",
                "log_headers.opt:2:3: warning: no field name with a colon; write Name: OPTION=value",
            ])
    }
}

/// A value that begins with a hyphen is no option.
@Suite struct ConfigSetValueTests {
    @Test(arguments: [
        (["config", "set", "mta.x", "-4..4"], ["config", "set", "mta.x", "--", "-4..4"]),
        (["config", "set", "mta.x", "-1", "--root", "/i"], ["config", "set", "mta.x", "--root", "/i", "--", "-1"]),
        (["config", "set", "--root", "/i", "mta.x", "-1"], ["config", "set", "--root", "/i", "mta.x", "--", "-1"]),
        (["config", "unset", "mta.x", "-1"], ["config", "unset", "mta.x", "--", "-1"]),
        (["config", "set", "mta.x", "--", "-1"], ["config", "set", "mta.x", "--", "-1"]),
        (["config", "set", "mta.x", "1"], ["config", "set", "mta.x", "1"]),
        (["config", "unset", "mta.x", "--all"], ["config", "unset", "mta.x", "--all"]),
        (["config", "set", "-h"], ["config", "set", "-h"]),
        (["config", "show", "x", "-1"], ["config", "show", "x", "-1"]),
    ])
    func valueWithHyphen(given: [String], expected: [String]) throws {
        #expect(ConfigSetCommand.protectingValue(given) == expected)
    }

    @Test func parses() throws {
        let words = ConfigSetCommand.protectingValue(["config", "set", "mta.x", "-4..4", "--root", "/i"])
        let command = try ConfigSetCommand.parse(Array(words.dropFirst(2)))
        #expect(command.value == "-4..4" && command.instance.root == "/i")
    }
}
