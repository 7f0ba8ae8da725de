import Channels
import Configuration
import Enqueue
import InternetMessage
import OptionSyntax
import Testing

@testable import Commands

/// `martlet explain`: every step of a recipient's way, told by the router itself.
@Suite struct ExplanationTests {
    /// Rewrite-rules specification, 12.6, with an alias and an access table.
    private static let text = #"""
        base.hostname = local-host
        [rewrites]
          a  $U@a-daemon
          a  $M[nowhere]$U@b-daemon
          b  $N[nowhere]$E$R$U@a-daemon
          b  $U@b-daemon
        [mapping:ORIG_SEND_ACCESS]
          *|*|b_channel|secret@*  $X5.7.9|no$ secrets$N
        [channel:l]
          official_host_name = local-host
          viaaliasrequired
        [channel:a_channel]
          official_host_name = a-daemon
        [channel:b_channel]
          official_host_name = b-daemon
        [aliases]
          root: u@a
        [mapping:REVERSE]
          *@a-daemon  $Y$0@public.example
        """#

    private func explanation(_ address: String) throws -> Explanation {
        let paths = InstancePaths(instanceRoot: "/i", bin: "/i/bin")
        let load = MTAConfiguration.load(paths: paths, files: .memory(["/i/config/martlet.conf": Self.text]))
        let configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        let channel = try #require(configuration.channels.channel(named: "l"))
        let trace = RouteTrace()
        let router = Router(configuration: configuration) { _ in }
        let result = router.route(
            try Mailbox(argument: address), recipient: QueueRecipientFacts(given: address), channel: channel,
            completion: HostCompletion(), facts: AccessFacts(sourceChannel: "l", sender: "x@y"), trace: trace)
        var explanation = Explanation(
            input: address, sourceChannel: "l", sender: "x@y", steps: trace.steps, result: result,
            channels: configuration.channels)
        explanation.headers = router.headerForms(
            of: try Mailbox(argument: address), source: channel, completion: HostCompletion(),
            on: Explanation.channels(of: result))
        return explanation
    }

    /// Whether the lines stand in this order, others between them.
    private func stand(_ wanted: [String], in lines: [String]) -> Bool {
        var rest = lines[...]
        for text in wanted {
            guard let index = rest.firstIndex(where: { $0.contains(text) }) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }

    @Test(
        arguments: [
            (
                "root",
                [
                    "1. root names no host: completed with local-host", "2. Rewriting root",
                    "channel l, host local-host",
                    "ORIG_SEND_ACCESS", "probe  l|x@y|l|root@local-host", "=> no entry applies, allowed",
                    "Aliases of root@local-host, alias file", "=> u@a", "Rewriting u@a",
                    "a: rule at martlet.conf:3:3 gives u@a-daemon", "SEND_ACCESS: there is none, allowed",
                    "Goes to u@a-daemon", "channel   a_channel",
                    "In the header on channel a_channel: root@local-host as recipient, root@local-host as sender",
                    "told: 250 2.1.5 root OK.",
                ]
            ),
            (
                "secret@b",
                [
                    "b: rule at martlet.conf:5:3 does not apply: not this", "b: rule at martlet.conf:6:3 gives",
                    "entry  martlet.conf:8:3: $N $X", "=> refused: 550 5.7.9 no secrets", "Refused.",
                    "told: 550 5.7.9 no secrets: secret@b",
                ]
            ),
            ("u@nowhere", ["nowhere: no rule", "=> fails: 5.1.2", "Refused.", "told: 550 5.1.2"]),
            ("nobody@local-host", ["alias file: not found", "Refused.", "told: 550 5.1.1"]),
        ] as [(String, [String])])
    func lines(address: String, wanted: [String]) throws {
        let lines = try explanation(address).lines
        #expect(stand(wanted, in: lines), "\(lines.joined(separator: "\n"))")
    }

    /// The whole way of a header address, with reversal.
    @Test func headers() throws {
        let explanation = try explanation("u@a")
        #expect(
            explanation.headers == [
                .init(channel: "a_channel", recipient: "u@public.example", sender: "u@public.example")
            ])
        #expect(
            explanation.json.text.contains(
                #""headers":[{"channel":"a_channel","to":"u@public.example","from":"u@public.example"}]"#))
    }

    @Test func json() throws {
        let text = try explanation("secret@b").json.text
        for part in [
            #"{"input":"secret@b","sourceChannel":"l","from":"x@y","steps":[{"step":"rewrite","address":"secret@b","#,
            #""event":"ruleFailed","rule":"b $N[nowhere]$E$R$U@a-daemon","place":"martlet.conf:5:3""#,
            #""step":"access","table":"ORIG_SEND_ACCESS","present":true,"probe":"l|x@y|b_channel|secret@b-daemon""#,
            #""recipients":[],"headers":[],"reply":{"code":550,"status":"5.7.9","text":"no secrets: secret@b"}}"#,
        ] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(
            try explanation("root").json.text.contains(#""recipients":[{"address":"u@a-daemon","channel":"a_channel""#))
    }
}
