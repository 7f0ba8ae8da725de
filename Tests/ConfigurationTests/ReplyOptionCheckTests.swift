import OptionSyntax
import Testing

@testable import Configuration

/// Options about replies that have no effect say so (smtp specification, 5: "not supported, always 0, warn if set").
@Suite struct ReplyOptionCheckTests {
    private func warnings(_ line: String) -> [String] {
        let unified = DefaultConfiguration(
            hostname: "mail.example.com", defaultDomain: "example.com", ownAddresses: ["192.0.2.25"]
        ).unified.replacing("role.mta.enable = 1\n", with: "role.mta.enable = 1\nrole.mta.\(line)\n")
        return MTAConfiguration.load(
            paths: InstancePaths(instanceRoot: "/i", bin: "/bin"),
            files: .memory(["/i/config/martlet.conf": unified])
        ).diagnostics.all.filter { $0.severity != .note }.map(\.description)
    }

    @Test(arguments: [
        ("use_temporary_error = 1", "use_temporary_error has no effect"),
        ("use_permanent_error = 17", "use_permanent_error: only 16"),
        ("error_text_srs_timeout = x", "error_text_srs_timeout has no effect"),
        ("error_text_permanent_failure = x", "error_text_permanent_failure has no effect"),
    ])
    func warns(line: String, expected: String) {
        let found = warnings(line)
        #expect(
            found.count == 1 && found.allSatisfy { $0.contains(expected) && $0.hasPrefix("martlet.conf:") }, "\(found)")
    }

    @Test(arguments: [
        "use_temporary_error = 0", "use_permanent_error = 16", "error_text_unknown_user = who",
        "error_text_over_quota = full", "error_text_unnegotiated_eightbit = x",
    ])
    func isSilent(line: String) { #expect(warnings(line).isEmpty) }
}
