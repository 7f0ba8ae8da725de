import AddressRewriting
import Aliases
import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import OptionSyntax

/// What `martlet explain` says about one address, as lines for people and as JSON.
struct Explanation {
    var input: String
    var sourceChannel: String
    /// The envelope From; empty for `<>`.
    var sender: String
    var steps: [RouteTrace.Step]
    var result: Router.Result
    var channels: ChannelTable
    /// The address in the header, on each channel that it goes to.
    var headers: [Router.HeaderForms] = []

    /// The channels that the recipient came to, each once.
    static func channels(of result: Router.Result) -> [String] {
        guard case .accepted(let recipients) = result else { return [] }
        return recipients.map(\.channel).reduce(into: []) { found, name in
            if !found.contains(name) { found.append(name) }
        }
    }

    /// What the client would be told, as code, status and text.
    var reply: (code: Int, status: String, text: String) {
        switch result {
        case .accepted: (250, "2.1.5", "\(input) OK.")
        case .refused(let refusal): (refusal.code, refusal.status, "\(refusal.text): \(input)")
        }
    }

    // MARK: Lines

    var lines: [String] {
        var lines = ["\(input), from <\(sender)> on channel \(sourceChannel)", ""]
        for (index, step) in steps.enumerated() {
            let text = Self.text(step)
            lines.append("\(index + 1). \(text.first ?? "")")
            lines += text.dropFirst().map { "     \($0)" }
        }
        if !steps.isEmpty { lines.append("") }
        return lines + outcome
            + headers.map {
                "In the header on channel \($0.channel): \($0.recipient) as recipient, \($0.sender) as sender"
            }
            + ["The client is told: \(reply.code) \(reply.status) \(reply.text)"]
    }

    private var outcome: [String] {
        switch result {
        case .refused(let refusal):
            return ["Refused." + (refusal.detail.isEmpty ? "" : " For the log: \(refusal.detail)")]
        case .accepted(let recipients):
            return recipients.flatMap { recipient in
                [
                    "Goes to \(recipient.recipient.address)", "  channel   \(recipient.channel)",
                    "  host      \(recipient.host)",
                ] + (recipient.heldReason.map { ["  held      \($0)"] } ?? [])
                    + Self.labelled("keywords", keywords(recipient.channel))
            }
        }
    }

    /// A label, and words in lines of at most 100 columns.
    private static func labelled(_ label: String, _ words: [String]) -> [String] {
        var lines: [String] = []
        var line = "  " + label + String(repeating: " ", count: max(1, 10 - label.count))
        for word in words {
            if line.count + word.count > 100 {
                lines.append(line + ",")
                line = String(repeating: " ", count: 12)
            }
            line += line.hasSuffix(" ") ? word : ", \(word)"
        }
        return lines + [line]
    }

    /// Keywords in effect with their arguments, those that were given for the channel or inherited, by name.
    private func keywords(_ name: String) -> [String] {
        guard let channel = channels.channel(named: name) else { return [] }
        return channel.settings.sorted { $0.key < $1.key }.map { name, setting in
            ([name] + Self.shown(name, setting.arguments)).joined(separator: " ")
        }
    }

    /// The arguments of a keyword, a password not among them (unified configuration specification, section 2.4).
    static func shown(_ keyword: String, _ arguments: [String]) -> [String] {
        ChannelKeyword.named(keyword).contains(where: \.isPassword) ? [OptionSetting.suppressed] : arguments
    }

    private static func text(_ step: RouteTrace.Step) -> [String] {
        switch step {
        case .completed(let address, let host): ["\(address) names no host: completed with \(host)"]
        case .rewritten(let address, let outcome, let trace, let looksUpAliases):
            ["Rewriting \(address)"] + trace.map { "\($0)" } + [text(outcome, looksUpAliases)]
        case .asked(let question): text(question)
        case .lookedUp(let lookup): text(lookup)
        case .forwarded(let question): text(question)
        }
    }

    private static func text(_ question: ForwardingQuestion) -> [String] {
        var lines = ["Forwarding of \(question.address)", "probe  \(question.probe)"]
        lines.append(question.entry.map { "entry  \($0)" } ?? "no entry of FORWARD applies")
        if let key = question.key {
            lines.append("key    \(key): \(question.isInDatabase ? "found" : "not in the forward database")")
        }
        let held = question.heldReason == nil ? "" : ", and held"
        guard let result = question.result else { return lines + ["=> unchanged\(held)"] }
        return lines + ["=> \(result)\(question.rewritesAgain ? ", rewritten again" : "")\(held)"]
    }

    private static func text(_ outcome: RewriteEngine.Outcome, _ looksUpAliases: Bool) -> String {
        switch outcome {
        case .failed(let code, let text): "=> fails: \(code) \(text)"
        case .rewritten(let rewritten):
            "=> \(rewritten.address), channel \(rewritten.channel), host \(rewritten.host)"
                + (looksUpAliases ? "; its addresses are looked up among the aliases" : "")
        }
    }

    private static func text(_ question: AccessQuestion) -> [String] {
        guard question.isPresent else { return ["Access table \(question.table): there is none, allowed"] }
        var lines = ["Access table \(question.table)", "probe  \(question.probe)"]
        guard let entry = question.entry else { return lines + ["=> no entry applies, allowed"] }
        let flags = question.flags.map { "$\($0)" }.joined(separator: " ")
        lines.append("entry  \(entry): \(flags.isEmpty ? "no flags" : flags)")
        if let refusal = question.refusal {
            lines.append("=> refused: \(refusal.code) \(refusal.status) \(refusal.text)")
        } else {
            lines.append(question.isHeld ? "=> allowed, and held" : "=> allowed")
        }
        return lines
    }

    private static func text(_ lookup: AliasLookup) -> [String] {
        let head = "Aliases of \(lookup.address), \(lookup.source)"
        switch lookup.answer {
        case .notFound: return ["\(head): not found"]
        case .failure(let failure):
            return ["\(head): \(failure)" + (failure.detail.isEmpty ? "" : " (\(failure.detail))")]
        case .addresses(let found):
            return [head] + found.map { "=> \($0.address)\(TestAliasCommand.remarks($0))" }
        }
    }
}
