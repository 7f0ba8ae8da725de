import AddressRewriting
import Aliases
import Channels
import Enqueue
import Envelope
import InternetMessage
import OptionSyntax

extension Explanation {
    /// `{"input":…,"sourceChannel":…,"from":…,"steps":[…],"recipients":[…],"headers":[…],"reply":{"code":…,"status":…,"text":…}}`;
    /// `step` of a step is `completion`, `rewrite`, `access`, `alias` or `forward`.
    var json: JSONValue {
        [
            "input": .string(input), "sourceChannel": .string(sourceChannel), "from": .string(sender),
            "steps": .array(steps.map(Self.json)), "recipients": .array(recipients),
            "headers": .array(
                headers.map {
                    ["channel": .string($0.channel), "to": .string($0.recipient), "from": .string($0.sender)]
                }),
            "reply": [
                "code": .integer(reply.code), "status": .string(reply.status), "text": .string(reply.text),
            ],
        ]
    }

    private var recipients: [JSONValue] {
        guard case .accepted(let recipients) = result else { return [] }
        return recipients.map { recipient in
            [
                "address": .string(recipient.recipient.address), "channel": .string(recipient.channel),
                "host": .string(recipient.host), "held": recipient.heldReason.map(JSONValue.string) ?? .null,
                "keywords": .array(keywords(recipient.channel)),
            ]
        }
    }

    private func keywords(_ name: String) -> [JSONValue] {
        let settings = channels.channel(named: name)?.settings ?? [:]
        return settings.sorted { $0.key < $1.key }.map { name, setting in
            [
                "name": .string(name), "arguments": .array(Self.shown(name, setting.arguments).map(JSONValue.string)),
                "inherited": .bool(setting.isInherited),
                "origin": setting.location.map { .string($0.description) } ?? .null,
            ]
        }
    }

    private static func json(_ step: RouteTrace.Step) -> JSONValue {
        switch step {
        case .completed(let address, let host):
            ["step": "completion", "address": .string(address), "host": .string(host)]
        case .rewritten(let address, let outcome, let trace, let looksUpAliases):
            [
                "step": "rewrite", "address": .string(address), "tried": .array(trace.map(json)),
                "result": json(outcome), "looksUpAliases": .bool(looksUpAliases),
            ]
        case .asked(let question):
            [
                "step": "access", "table": .string(question.table), "present": .bool(question.isPresent),
                "probe": .string(question.probe), "entry": question.entry.map { .string($0.description) } ?? .null,
                "flags": .array(question.flags.map { .string(String($0)) }), "output": .string(question.output),
                "allowed": .bool(question.refusal == nil), "held": .bool(question.isHeld),
                "refusal": question.refusal.map { .string("\($0.code) \($0.status) \($0.text)") } ?? .null,
            ]
        case .lookedUp(let lookup): json(lookup)
        case .forwarded(let question):
            [
                "step": "forward", "address": .string(question.address), "probe": .string(question.probe),
                "entry": question.entry.map { .string($0.description) } ?? .null,
                "key": question.key.map(JSONValue.string) ?? .null, "inDatabase": .bool(question.isInDatabase),
                "result": question.result.map(JSONValue.string) ?? .null,
                "rewritesAgain": .bool(question.rewritesAgain),
                "held": question.heldReason.map(JSONValue.string) ?? .null,
            ]
        }
    }

    private static func json(_ outcome: RewriteEngine.Outcome) -> JSONValue {
        switch outcome {
        case .failed(let code, let text): ["status": "failed", "code": .string(code), "text": .string(text)]
        case .rewritten(let rewritten):
            [
                "status": "ok", "address": .string(rewritten.address), "channel": .string(rewritten.channel),
                "host": .string(rewritten.host), "routingSystem": .string(rewritten.routingSystem),
            ]
        }
    }

    private static func json(_ lookup: AliasLookup) -> JSONValue {
        var found: [JSONValue] = []
        var failure: JSONValue = .null
        switch lookup.answer {
        case .notFound: break
        case .addresses(let addresses): found = addresses.map { .string($0.address.description) }
        case .failure(let reason): failure = .string(reason.description)
        }
        return [
            "step": "alias", "address": .string(lookup.address.description), "source": .string(lookup.source),
            "found": .bool(lookup.answer != .notFound), "addresses": .array(found), "error": failure,
        ]
    }

    /// One thing that was tried while rewriting.
    private static func json(_ step: RewriteTraceStep) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("host", .string(step.host)), .init("probe", .string(step.probe)),
        ]
        func add(_ event: String, _ rule: RewriteRuleSource? = nil, _ detail: String? = nil) {
            members.append(.init("event", .string(event)))
            if let rule {
                members.append(.init("rule", .string("\(rule.pattern) \(rule.template)")))
                members.append(.init("place", .string(rule.location.description)))
            }
            if let detail { members.append(.init("detail", .string(detail))) }
        }
        switch step.event {
        case .noRule: add("noRule")
        case .ruleFailed(let rule, let failure): add("ruleFailed", rule, failure.description)
        case .ruleApplied(let rule, let result): add("ruleApplied", rule, result)
        case .channelHost: add("channelHost")
        case .asItStands: add("asItStands")
        case .localPart: add("localPart")
        case .stripped(let channel): add("stripped", nil, channel)
        case .routed(let channel): add("routed", nil, channel)
        }
        return .object(members)
    }
}
