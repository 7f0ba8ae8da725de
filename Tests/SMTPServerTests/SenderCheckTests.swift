import Configuration
import DNS
import Enqueue
import Envelope
import NIOCore
import OptionSyntax
import SMTP
import SPF
import Testing

@testable import SMTPServer

/// Access-and-filtering specification, 9 and 10, and the time limits of the smtp specification, 6.1.
@Suite struct SenderCheckTests {
    private static let answers: [DNSQuestion: DNSAnswer] = {
        var answers: [DNSQuestion: DNSAnswer] = [:]
        func put(_ name: String, _ type: DNSRecordType, _ status: DNSAnswer.Status, _ records: [DNSRecord] = []) {
            let question = DNSQuestion(name, type)
            answers[question] = DNSAnswer(question, status, records: records)
        }
        put("mx.example", .mx, .answered, [.mailExchange(preference: 10, host: "a.example")])
        put("null.example", .mx, .answered, [.mailExchange(preference: 0, host: "")])
        for (name, address) in [("a.example", "192.0.2.7"), ("wild.example", "192.0.2.66")] {
            put(name, .mx, .noData)
            put(name, .a, .answered, [.address(address)])
            put(name, .aaaa, .noData)
        }
        put("six.example", .mx, .noData)
        put("six.example", .a, .noData)
        put("six.example", .aaaa, .answered, [.address("2001:db8::1")])
        put("text.example", .mx, .noData)
        put("text.example", .a, .noData)
        put("text.example", .aaaa, .noData)
        put("half.example", .mx, .noData)
        put("half.example", .a, .timedOut)
        put("half.example", .aaaa, .noData)
        put("none.example", .mx, .noSuchName)
        put("slow.example", .mx, .timedOut)
        put("broken.example", .mx, .failed(code: 2))
        return answers
    }()

    /// `mailfromdnsverify`; A-23: no MX, and an address equal to a literal in `blocked_mail_from_ips`.
    @Test(arguments: [
        ("mx.example", SenderDomainCheck.Outcome.exists), ("a.example", .exists), ("six.example", .exists),
        ("null.example", .missing), ("text.example", .missing), ("none.example", .missing),
        ("wild.example", .missing), ("slow.example", .unknown), ("broken.example", .unknown),
        ("half.example", .unknown),
        ("no name", .missing),
    ])
    func exampleA23(_ domain: String, _ outcome: SenderDomainCheck.Outcome) throws {
        var check = SenderDomainCheck(domain: domain, blocked: ["192.0.2.66"])
        var step = check.begin()
        var questions: [DNSQuestion] = []
        while true {
            switch step {
            case .done(let found):
                #expect(found == outcome)
                return
            case .ask(let asked): questions += asked
            }
            step = check.receive(try #require(Self.answers[questions.removeFirst()]))
        }
    }

    private func configuration(_ lines: String = "", channels: String = "") throws -> MTAConfiguration {
        let text =
            lines + "\nbase.hostname = mail.example.com\n[channel:l]\n  official_host_name = &/IMTA_HOST/\n" + channels
        let load = MTAConfiguration.load(
            paths: InstancePaths(instanceRoot: "/i", bin: "/b"), files: .memory(["/i/config/martlet.conf": text]))
        return try #require(load.configuration, "\(load.diagnostics.all)")
    }

    /// A-15 (SPF_SMTP_STATUS_FAIL=2, an explicit mechanism failed the client: accepted), and the defaults of section 10.
    @Test(
        arguments: [
            ("", SPFOutcome(.pass), nil), ("", SPFOutcome(.none), nil), ("", SPFOutcome(.neutral, isByAll: true), nil),
            ("", SPFOutcome(.fail, mechanism: "-a:x"), "550 5.7.23 SPF validation failed"),
            ("", SPFOutcome(.fail, isByAll: true), "550 5.7.23 SPF validation failed"),
            ("", SPFOutcome(.softfail), nil), ("", SPFOutcome(.softfail, isByAll: true), nil),
            ("", SPFOutcome(.temperror), "451 4.7.24 SPF temporary error"),
            ("", SPFOutcome(.permerror), "550 5.7.23 SPF validation failed"),
            ("mta.spf_smtp_status_fail = 2", SPFOutcome(.fail, mechanism: "-a:x"), nil),
            ("mta.spf_smtp_status_fail = 2", SPFOutcome(.fail, isByAll: true), "550 5.7.23 SPF validation failed"),
            ("mta.spf_smtp_status_fail_all = 4", SPFOutcome(.fail, isByAll: true), "451 4.7.24 SPF temporary error"),
            ("mta.spf_smtp_status_softfail = 4", SPFOutcome(.softfail), "451 4.7.24 SPF temporary error"),
            (
                "mta.spf_smtp_status_softfail_all = 5", SPFOutcome(.softfail, isByAll: true),
                "550 5.7.23 SPF validation failed"
            ),
            ("mta.spf_smtp_status_temperror = 2", SPFOutcome(.temperror), nil),
            ("mta.spf_smtp_status_permerror = 4", SPFOutcome(.permerror), "451 4.7.24 SPF temporary error"),
        ] as [(String, SPFOutcome, String?)])
    func exampleA15(_ line: String, _ outcome: SPFOutcome, _ reply: String?) throws {
        let options = try configuration(line).mta.senderPolicy
        let refusal = SenderPolicyReplies.refusal(outcome, domain: "remote.example", options: options)
        #expect(refusal?.text == reply)
    }

    @Test func whatTheDomainSays() throws {
        var outcome = SPFOutcome(.fail)
        outcome.explanation = "see http://remote.example/"
        let refusal = SenderPolicyReplies.refusal(
            outcome, domain: "remote.example", options: try configuration().mta.senderPolicy)
        #expect(
            refusal?.text == "550 5.7.23 SPF validation failed; remote.example explains: see http://remote.example/")
    }

    @Test func limitsOfEvaluation() throws {
        let options = try configuration("mta.spf_max_recursion = 3\nmta.spf_max_time = 9").mta.senderPolicy
        #expect(options.maxRecursion == 3 && options.maxTime == 9 && options.maxQueries == 10)
    }

    /// Section 6.1: the unit is TIMEOUT_MULTIPLIER seconds, values may be fractions.
    @Test(
        arguments: [
            ([:], 600, 300, 600),
            (["timeout_multiplier": "1", "command_receive_time": "30"], 30, 5, 10),
            (["data_receive_time": "0.5", "status_transmit_time": "2"], 600, 30, 120),
            (["command_receive_time": "0", "data_receive_time": "-1", "status_transmit_time": "x"], 600, 300, 600),
            (["timeout_multiplier": "1e300", "command_receive_time": "1e300"], 31_536_000, 31_536_000, 31_536_000),
        ] as [([String: String], Int64, Int64, Int64)])
    func timeLimits(_ options: [String: String], _ command: Int64, _ data: Int64, _ transmit: Int64) {
        let times = ServerTimes(options)
        #expect(times.command == .seconds(command))
        #expect(times.data == .seconds(data))
        #expect(times.transmit == .seconds(transmit))
        #expect(times.tick <= .seconds(15) && times.tick > .seconds(0))
    }

    /// `blocklimit`, `linelimit` and `line_limit` once the size is known.
    @Test(
        arguments: [
            ("a", 2_000, 10, nil), ("a", 2_049, 10, "552 5.3.4 channel limit of 2 kilobytes on message size exceeded"),
            ("a", 10, 4, nil), ("b", 9_999_999, 3, nil),
            ("b", 10, 4, "552 5.3.4 channel limit of 3 lines on message size exceeded"),
            ("bitbucket", 9_999_999, 9, nil),
            ("a", 10, 51, "552 5.3.4 channel limit of 50 lines on message size exceeded"),
        ] as [(String, Int64, Int64, String?)])
    func destinationLimits(_ channel: String, _ octets: Int64, _ lines: Int64, _ reply: String?) throws {
        let configuration = try configuration(
            "mta.line_limit = 50",
            channels: "[channel:a]\n  official_host_name = a-daemon\n  blocklimit = 2\n"
                + "[channel:b]\n  official_host_name = b-daemon\n  linelimit = 3\n"
                + "[channel:bitbucket]\n  official_host_name = bitbucket-daemon\n  blocklimit = 1\n")
        let recipient = RoutedRecipient(
            channel: channel, host: "x", recipient: QueueRecipient(address: "x@y", given: "x@y"))
        let refusal = DestinationLimits(configuration: configuration).refusal([recipient], octets: octets, lines: lines)
        #expect(refusal?.text == reply)
    }
}
