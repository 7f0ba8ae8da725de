import Mappings
import OptionSyntax

/// The rewriting of one address (rewrite-rules specification, sections 4 and 6).
struct RewriteRun {
    private enum Found {
        case rule(AppliedRule)
        case asItStands
        /// The host stays in the local part, on the local host (section 4.5).
        case localPart
        case stopped(RewriteError)
        case directoryUnavailable
    }

    private let task: RewriteTask
    private let isTraced: Bool
    private(set) var trace: [RewriteTraceStep] = []

    private var address: String
    private var tag = ""
    /// What a rule set; nil: the host is unknown.
    private var error: RewriteError?
    /// False while the rounds of `A%B` go on: `$*` is not repeated.
    private var probesEveryHost = true

    /// Rounds for one address, repeated rewriting and stripped hosts together.
    private static let roundLimit = 25

    init(engine: RewriteEngine, query: RewriteEngine.Query, isTraced: Bool) {
        task = RewriteTask(engine: engine, query: query)
        self.isTraced = isTraced
        address = query.address
    }

    private var engine: RewriteEngine { task.engine }

    mutating func run() -> RewriteEngine.Outcome {
        for _ in 0..<Self.roundLimit {
            if let outcome = round() { return outcome }
        }
        return failure
    }

    private var failure: RewriteEngine.Outcome {
        .failed(code: error?.code ?? RewriteEngine.unknownHostCode, text: error?.text ?? engine.unknownHostText)
    }

    private var syntax: LocalPartSyntax { engine.channels.localPartSyntax(channel: task.query.sourceChannel) }

    /// One round; nil when another one follows.
    private mutating func round() -> RewriteEngine.Outcome? {
        let extracted = extractHost(address, syntax: syntax)
        let isNone = extracted.location == .none
        let subject = RewriteSubject(
            address: address, localPart: extracted.remainder,
            host: isNone ? task.query.defaultHost ?? engine.localHost : extracted.host,
            location: isNone ? .at : extracted.location)
        switch find(subject) {
        case .directoryUnavailable: return .failed(code: "4.4.3", text: "temporary directory failure")
        case .stopped(let stop):
            error = stop
            return finish(as: unchanged(subject), subject)
        case .asItStands: return finish(as: unchanged(subject), subject)
        case .localPart:
            let local = AppliedRule(localPart: address, host: engine.localHost, routingSystem: engine.localHost)
            guard let channel = engine.channels.channel(forHost: engine.localHost) else { return failure }
            return deliver(local, engine.localHost, location: .at, channel: channel)
        case .rule(let rule):
            tag = rule.tag ?? tag
            error = rule.error ?? error
            guard rule.routingSystem != nil else {
                address = putBack(localPart: rule.localPart, host: rule.host, location: subject.location)
                probesEveryHost = false
                return nil
            }
            return finish(as: rule, subject)
        }
    }

    private func unchanged(_ subject: RewriteSubject) -> AppliedRule {
        AppliedRule(localPart: subject.localPart, host: subject.host, routingSystem: subject.host)
    }

    /// Section 6: a channel ends the rewriting, unless it is ours and the address names further hosts.
    private mutating func finish(as rule: AppliedRule, _ subject: RewriteSubject) -> RewriteEngine.Outcome? {
        guard let system = rule.routingSystem, let channel = engine.channels.channel(forHost: system) else {
            return failure
        }
        if mayNameHost(subject.localPart), takesRoutesApart(channel),
            extractHost(subject.localPart, syntax: syntax).location != .none
        {
            note(subject.host, "", .stripped(channel: channel))
            address = subject.localPart
            probesEveryHost = true
            return nil
        }
        return deliver(rule, system, location: subject.location, channel: channel)
    }

    private func takesRoutesApart(_ channel: String) -> Bool {
        engine.channels.isLocal(channel: channel) || engine.channels.hasRouteLocal(channel: channel)
    }

    /// The finished address on the channel that owns the routing system.
    private mutating func deliver(
        _ rule: AppliedRule, _ system: String, location: HostLocation, channel: String
    ) -> RewriteEngine.Outcome {
        note(system, "", .routed(channel: channel))
        var result = RewriteEngine.Rewritten(
            address: putBack(localPart: rule.localPart, host: rule.host, location: location),
            localPart: rule.localPart, host: rule.host, routingSystem: system, channel: channel)
        if let route = rule.route {
            result.localPart = result.address
            result.host = route
            result.address = written(rule, location, route, channel: channel)
        }
        return .rewritten(result)
    }

    /// Section 8. An address that has a source route already keeps that form.
    private func written(_ rule: AppliedRule, _ location: HostLocation, _ route: String, channel: String) -> String {
        let plain = putBack(localPart: rule.localPart, host: rule.host, location: location)
        guard !plain.hasPrefix("@") else { return routed(plain, through: route) }
        return switch engine.channels.routeStyle(channel: channel, kind: task.query.kind) {
        case .sourceRoute: routed(plain, through: route)
        case .percents: "\(rule.localPart)%\(rule.host)@\(route)"
        case .bangs: "\(route)!\(rule.host)!\(rule.localPart)"
        }
    }

    private mutating func note(_ host: String, _ probe: String, _ event: RewriteTraceStep.Event) {
        if isTraced { trace.append(RewriteTraceStep(host: host, probe: probe, event: event)) }
    }
}

/// Finding a rule (section 4).
extension RewriteRun {
    private mutating func find(_ subject: RewriteSubject) -> Found {
        let probes = HostProbes(subject.host)
        let whole = probes.wholeParts(domain: "")
        if probesEveryHost, let found = tryEveryHost(subject, whole) { return found }
        let specific = probes.first(asterisks: engine.rules.hasAsterisks || isTraced) { probe in
            let tail = probes.lower.span.extracting(probe.tail...)
            return tryRules(probe.head.span, tail, subject, probes.parts(probe))
                ?? (probe.hasAsterisk ? nil : tryDatabase(probe.head.span, tail, subject, probes.parts(probe)))
        }
        if let specific { return specific }
        if engine.channels.channel(forHost: subject.host) != nil {
            note(subject.host, "", .channelHost)
            return .asItStands
        }
        let general = probes.wholeParts(domain: ".")
        let dot = Self.general.span
        if let found = tryRules(dot, Span(), subject, general) ?? tryDatabase(dot, Span(), subject, general) {
            return found
        }
        guard subject.location == .percent || subject.location == .bang else {
            note(subject.host, "", .asItStands)
            return .asItStands
        }
        let key = subject.location == .percent ? Self.everyPercent : Self.everyBang
        if let found = tryRules(key.span, Span(), subject, whole) ?? tryDatabase(key.span, Span(), subject, whole) {
            return found
        }
        note(subject.host, "", .localPart)
        return .localPart
    }

    private static let everyHost = Array("$*".utf8)
    private static let general = Array(".".utf8)
    private static let everyPercent = Array("$%".utf8)
    private static let everyBang = Array("$!".utf8)

    /// The first rule of a pattern, `head` + `tail` behind the tag, that succeeds.
    private mutating func tryRules(
        _ head: Span<UInt8>, _ tail: Span<UInt8>, _ subject: RewriteSubject, _ parts: HostProbes.Parts
    ) -> Found? {
        let candidates =
            tag.isEmpty
            ? engine.rules.rules(head: head, tail: tail) : engine.rules.rules(head: tagged(head).span, tail: tail)
        if !isTraced, candidates == nil { return nil }
        return tryRules(candidates ?? [], isTraced ? key(head, tail) : "", subject, parts)
    }

    /// Without a tag the rules of `$*` are known.
    private mutating func tryEveryHost(_ subject: RewriteSubject, _ parts: HostProbes.Parts) -> Found? {
        tag.isEmpty
            ? tryRules(engine.rules.everyHost, "$*", subject, parts)
            : tryRules(Self.everyHost.span, Span(), subject, parts)
    }

    private mutating func tryRules(
        _ candidates: [RewriteRules.Rule], _ key: String, _ subject: RewriteSubject, _ parts: HostProbes.Parts
    ) -> Found? {
        if isTraced, candidates.isEmpty { note(subject.host, key, .noRule) }
        for rule in candidates {
            if let found = apply(rule, key, subject, parts) { return found }
        }
        return nil
    }

    /// The rules of the domain database, in its order (section 4.4).
    private mutating func tryDatabase(
        _ head: Span<UInt8>, _ tail: Span<UInt8>, _ subject: RewriteSubject, _ parts: HostProbes.Parts
    ) -> Found? {
        guard let database = engine.domainRules else { return nil }
        let candidates =
            tag.isEmpty ? database.rules(head: head, tail: tail) : database.rules(head: tagged(head).span, tail: tail)
        guard let candidates else { return nil }
        return tryRules(candidates, isTraced ? key(head, tail) : "", subject, parts)
    }

    private func tagged(_ head: Span<UInt8>) -> [UInt8] { foldedBytes(tag) + bytes(head) }

    /// The pattern that is looked up, with the tag in front.
    private func key(_ head: Span<UInt8>, _ tail: Span<UInt8>) -> String { text(tagged(head) + bytes(tail)) }

    private func bytes(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

    private mutating func apply(
        _ rule: RewriteRules.Rule, _ key: String, _ subject: RewriteSubject, _ parts: HostProbes.Parts
    ) -> Found? {
        if let error = rule.template.soleError {
            if isTraced { note(subject.host, key, .ruleApplied(rule.source, result: error.text)) }
            return .stopped(error)
        }
        do throws(RuleInterruption) {
            try rule.template.check(task, subject, parts)
            var evaluation = TemplateEvaluation(task: task, subject: subject, parts: parts)
            let applied = try evaluation.apply(rule.template)
            if isTraced {
                let system = applied.routingSystem.map { ", routing system \($0)" } ?? ", rewritten again"
                note(
                    subject.host, key,
                    .ruleApplied(rule.source, result: "\(applied.localPart)@\(applied.host)\(system)"))
            }
            return .rule(applied)
        } catch {
            switch error {
            case .fails(let failure):
                if isTraced { note(subject.host, key, .ruleFailed(rule.source, failure)) }
                return nil
            case .stops(let stop): return .stopped(stop)
            case .directoryUnavailable: return .directoryUnavailable
            case .endsSuccessfully: return nil
            }
        }
    }
}
