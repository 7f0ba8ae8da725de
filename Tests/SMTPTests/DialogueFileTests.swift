import SystemCalls
import Testing

@testable import SMTP

/// The dialogues of Tests/Dialogues: one file for each command, with a section for each state a session can be in. They
/// are read by people as well: what a client says (`C`) and what the server answers (`S`), as ``Dialogue`` has it. A heading
/// is `[state]`, `[state: what it shows]` or `[state: what it shows; options]`.
@Suite struct DialogueFileTests {
    static let directory =
        Files.parent(of: Files.parent(of: #filePath)) + "/Dialogues"

    static let commands = [
        "AUTH", "BDAT", "DATA", "EHLO", "ETRN", "EXPN", "HELO", "HELP", "LHLO", "MAIL", "NOOP", "QUIT", "RCPT", "RSET",
        "SEND", "STARTTLS", "TURN", "VRFY", "XADR", "XCIR", "XCLIENT", "XFORWARD", "XGEN", "XSTA", "unknown",
    ]

    @Test(arguments: commands)
    func command(command: String) throws {
        let text = String(decoding: try Files.read("\(Self.directory)/\(command).txt"), as: UTF8.self)
        let sections = Self.sections(of: text)
        let bare = sections.filter { !$0.heading.contains(":") }.map(\.heading)
        #expect(bare == DialogueState.allCases.map(\.rawValue), "each state has its section")
        for section in sections {
            let dialogue = try #require(section.dialogue, "heading of [\(section.heading)]")
            #expect(dialogue.differences(pieces: { [$0] }, answering: .atOnce) == [], "[\(section.heading)]")
            let octets = dialogue.differences(pieces: { $0.map { [$0] } }, answering: .late)
            #expect(octets == [], "[\(section.heading)], octet by octet")
        }
    }

    private struct Section {
        var heading: String
        var lines: [String] = []

        var dialogue: Dialogue? {
            let parts = heading.split(separator: ";").map(String.init)
            let state = heading.split(whereSeparator: { $0 == ":" || $0 == ";" }).first.map(String.init) ?? ""
            guard let known = DialogueState(rawValue: state) else { return nil }
            let names = parts.count < 2 ? [] : parts[1].split(separator: " ").map(String.init)
            guard names.allSatisfy({ DialogueState.options[$0] != nil }) else { return nil }
            var dialogue = Dialogue(heading, (known.script + lines).joined(separator: "\n")) { options in
                DialogueState.prepare(&options)
                for name in names { DialogueState.options[name]?(&options) }
            }
            dialogue.trust.takesXCLIENT = names.contains("all")
            dialogue.trust.takesXFORWARD = names.contains("all")
            dialogue.trust.enablesPrivateCommands = names.contains("v-flag")
            return dialogue
        }
    }

    private static func sections(of text: String) -> [Section] {
        var sections: [Section] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("["), line.hasSuffix("]") {
                sections.append(Section(heading: String(line.dropFirst().dropLast())))
            } else if !sections.isEmpty {
                sections[sections.count - 1].lines.append(String(line))
            }
        }
        return sections
    }
}

/// What has happened before a dialogue begins.
enum DialogueState: String, CaseIterable {
    case connected = "before HELO"
    case greeted = "after HELO"
    case transaction = "in a transaction"
    case recipient = "after RCPT"
    case refusedRecipient = "after a refused RCPT"
    case chunks = "inside BDAT"
    case secured = "after STARTTLS"
    case authenticated = "after AUTH"

    private static let hello = ["C HELO client.example", "S 250 mx.example OK, [192.0.2.7]."]
    private static let mail = hello + ["C MAIL FROM:<ann@example.org>", "S 250 2.5.0 Address Ok."]
    private static let oneRecipient = mail + ["C RCPT TO:<bob@example.com>", "S 250 2.1.5 bob@example.com OK."]

    var script: [String] {
        switch self {
        case .connected: []
        case .greeted: Self.hello
        case .transaction: Self.mail
        case .recipient: Self.oneRecipient
        case .refusedRecipient:
            Self.mail + ["C RCPT TO:<bad@example.com>", "S 550 5.1.1 unknown or illegal user: bad@example.com"]
        case .chunks: Self.oneRecipient + ["C BDAT 3", "c abc", "S 250 2.5.0 Ok."]
        case .secured: Self.hello + ["C STARTTLS", "S 220 2.5.0 Go ahead with TLS negotiation.", "! tls"]
        case .authenticated:
            Self.hello + ["C AUTH PLAIN good", "S 235 2.7.0 PLAIN authentication successful."]
        }
    }

    /// What all dialogues have: TLS, AUTH, EXPN and ETRN.
    static func prepare(_ options: inout ServerOptions) {
        options.offersTLS = true
        options.authenticationMechanisms = ["PLAIN", "LOGIN"]
        options.allowsExpand = true
        options.offersRemoteQueueStart = true
        // 2026-11-22T08:00:28Z
        options.now = 1_795_334_428
    }

    /// The options a heading may name.
    static let options: [String: @Sendable (inout ServerOptions) -> Void] = [
        "lmtp": {
            $0.service = .lmtp
            $0.offersRemoteQueueStart = false
        },
        "submission": { $0.service = .submission },
        "short-names": { $0.longestGreetingName = 20 },
        "two-recipients": { $0.limits.recipients = 2 },
        "must-auth": { $0.requiresAuthentication = true },
        "must-tls": { $0.requiresTLS = true },
        "no-tls": { $0.offersTLS = false },
        "no-expn": { $0.allowsExpand = false },
        "no-etrn": { $0.offersRemoteQueueStart = false },
        "v-flag": { _ in },
        "no-chunking": { $0.offersChunking = false },
        "all": offerEverything,
    ]

    @Sendable private static func offerEverything(_ options: inout ServerOptions) {
        options.advertisesExpand = true
        options.allowsSend = true
        options.privateCommands = ["XADR", "XCIR", "XGEN", "XSTA"]
        options.offersSMTPUTF8 = true
        options.refusedSolicitations = ["net.example:ADV"]
        options.limits.transactions = 5
        options.extensions.offersBinaryMIME = true
        options.extensions.longestHold = 86_400
        options.extensions.shortestDeliverBy = 60
        options.extensions.priorities = -4...4
        options.extensions.showsLimits = true
    }
}
