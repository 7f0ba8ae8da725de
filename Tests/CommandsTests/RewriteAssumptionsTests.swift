import ArgumentParser
import Channels
import Configuration
import Enqueue
import Envelope
import Glibc
import InternetMessage
import OptionSyntax
import SystemCalls
import Testing

@testable import Commands

/// Switches of `test rewrite` that assume something (commands specification, 7.1).
@Suite struct RewriteAssumptionsTests {
    private static let text = """
        base.hostname = mail.example.com
        mta.use_text_databases = 5
        mta.use_forward_database = 1
        [rewrites]
          q  $U%$($D)@tcp-daemon
        [channel:l]
          official_host_name = mail.example.com
        [channel:tcp_x]
          official_host_name = tcp-daemon
          smtp
          sourcefilter = file:a.sieve
          destinationfilter = file:b.sieve
        """

    private func report(_ arguments: [String], _ address: String) throws -> RewriteReport {
        let paths = InstancePaths(instanceRoot: "/i", bin: "/i/bin")
        let files = [
            "martlet.conf": Self.text, "general.txt": "q from.general\n", "forward.txt": "f@tcp-daemon g@tcp-daemon\n",
        ]
        let located = Dictionary(uniqueKeysWithValues: files.map { ("/i/config/" + $0.key, $0.value) })
        let load = MTAConfiguration.load(paths: paths, files: .memory(located))
        let assumptions = try RewriteAssumptions.parse(arguments)
        let configuration = try assumptions.applied(to: try #require(load.configuration, "\(load.diagnostics.all)"))
        let channel = try #require(configuration.channels.channel(named: "tcp_x"))
        var tester = RewriteTester(
            router: Router(configuration: configuration) { _ in }, channel: channel,
            facts: AccessFacts(sourceChannel: "tcp_x", sender: ""))
        tester.notify = assumptions.notify
        tester.showsReadReceipt = assumptions.readReceipt
        tester.isRestricted = assumptions.restricted == 1
        tester.showsFilters = assumptions.filter
        return tester.report(address)
    }

    private func submitted(_ report: RewriteReport) -> [String] {
        guard case .accepted(let recipients)? = report.route else { return [] }
        return recipients.map(\.recipient.address)
    }

    @Test(arguments: [
        ([], "u@q", ["u@from.general"]), (["--database", "nogeneral"], "u@q", []),
        ([], "f@tcp-daemon", ["g@tcp-daemon"]),
        (["--database", "nogeneral,noforward,noalias,nodomain,noreverse"], "f@tcp-daemon", ["f@tcp-daemon"]),
    ])
    func databases(_ arguments: [String], _ address: String, _ expected: [String]) throws {
        #expect(submitted(try report(arguments, address)) == expected)
    }

    @Test func databaseOfAnotherFile() throws {
        let path = "/tmp/martlet-database-\(Processes.executablePath.hashValue.magnitude).txt"
        try Files.replace(path, with: Array("q elsewhere.example\n".utf8))
        defer { unlink(path) }
        #expect(submitted(try report(["--database", "general=\(path)"], "u@q")) == ["u@elsewhere.example"])
        try Files.replace(path, with: Array("other.example $U%$D@tcp-daemon\n".utf8))
        #expect(submitted(try report([], "u@other.example")).isEmpty)
        #expect(submitted(try report(["--database", "domain=\(path)"], "u@other.example")) == ["u@other.example"])
    }

    @Test(arguments: ["alias=x", "noaliases", "general", "what=x", "nogeneral=x"])
    func badDatabases(item: String) {
        if item == "general" {
            #expect(throws: Never.self) { try report(["--database", item], "u@q") }
        } else {
            #expect(throws: (any Error).self) { try report(["--database", item], "u@q") }
        }
    }

    @Test func localAlias() throws {
        #expect(submitted(try report([], "u@other.example")).isEmpty)
        let found = try report(["--local-alias", "other.example"], "u@other.example")
        #expect(found.forwardChannel == "l")
    }

    @Test func receiptsFiltersAndEncoding() throws {
        let found = try report(["--delivery-receipt", "--read-receipt", "--filter", "--restricted", "1"], "\"a b\"@q")
        let table = ChannelTable([])
        let lines = found.lines(table)
        #expect(
            lines.contains {
                $0.hasSuffix("*NOTIFY FAILURES* *NOTIFY DELAYS* *NOTIFY SUCCESSES* *READ RECEIPT*")
            }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("envelope To: address   = a_b@from.general") })
        #expect(lines.contains("  destination channel filter: file:b.sieve, not run"))
        #expect(lines.contains("  source channel filter: file:a.sieve, not run"))
        #expect(lines.contains { $0.contains("Sieve is not part of this release") })
        #expect(try report([], "u@q").lines(table).contains { $0.hasSuffix("*NOTIFY FAILURES* *NOTIFY DELAYS*") })
    }
}
