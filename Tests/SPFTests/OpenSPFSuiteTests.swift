import Foundation
import Testing

@testable import SPF

/// The test suite of the openspf project for RFC 7208, in the folder `openspf` beside this file with its licence: its YAML
/// as JSON, with one row of strings for each DNS record.
@Suite struct OpenSPFSuiteTests {
    struct Scenario: Decodable, Sendable {
        struct Test: Decodable, Sendable {
            var name: String
            var helo: String
            var host: String
            var mailfrom: String
            var result: [String]
            var explanation: String?
        }

        var description: String
        var tests: [Test]
        var zone: [String: [[String]]]
    }

    /// A name with a blank in it: such names are not asked for.
    static let left = ["macro-mania-in-domain"]

    static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("openspf/rfc7208-tests.json").path

    static let scenarios: [Scenario] = {
        guard let data = FileManager.default.contents(atPath: file) else { return [] }
        return (try? JSONDecoder().decode([Scenario].self, from: data)) ?? []
    }()

    @Test func theSuiteIsThere() {
        #expect(Self.scenarios.map(\.tests.count).reduce(0, +) == 203)
    }

    @Test(arguments: scenarios.indices) func suite(_ index: Int) throws {
        let scenario = Self.scenarios[index]
        let zone = FakeZone(names: scenario.zone)
        for test in scenario.tests where !Self.left.contains(test.name) {
            var subject = try #require(SPFSubject(client: test.host, sender: test.mailfrom, helo: test.helo))
            subject.receiver = "receiver.example.net"
            let outcome = zone.check(subject)
            #expect(
                test.result.contains(outcome.result.rawValue),
                "\(scenario.description): \(test.name): \(outcome) instead of \(test.result)")
            guard let explanation = test.explanation, outcome.result == .fail else { continue }
            let given = outcome.explanation ?? "DEFAULT"
            // Digits of IPv6 addresses are in upper case in the suite, and in lower case in RFC 7208 section 7.4.
            #expect(given.lowercased() == explanation.lowercased(), "\(scenario.description): \(test.name)")
        }
    }
}
