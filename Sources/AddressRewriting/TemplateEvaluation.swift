import Mappings
import OptionSyntax

/// What one address is rewritten with. A class, as it is handed to each rule that is tried.
final class RewriteTask: Sendable {
    let engine: RewriteEngine
    let query: RewriteEngine.Query

    init(engine: RewriteEngine, query: RewriteEngine.Query) {
        self.engine = engine
        self.query = query
    }

    /// `$V` and `$Z`: asks the directory of a domain.
    func check(domain: String, isLocal: Bool) throws(RuleInterruption) {
        switch query.directory.locality(ofDomain: domain) {
        case .unavailable: throw .directoryUnavailable
        case .local: if !isLocal { throw .fails(.domainIsLocal(domain)) }
        case .nonLocal: if isLocal { throw .fails(.domainIsNotLocal(domain)) }
        }
    }
}

/// What a rule is applied to; a class for the same reason.
final class RewriteSubject: Sendable {
    /// The address as it stands in this round.
    let address: String
    /// The address without the host.
    let localPart: String
    let host: String
    let location: HostLocation

    init(address: String, localPart: String, host: String, location: HostLocation) {
        self.address = address
        self.localPart = localPart
        self.host = host
        self.location = location
    }
}

/// What a rule made of its subject.
struct AppliedRule {
    var localPart: String
    var host: String
    var route: String?
    /// Nil when the result is to be rewritten again.
    var routingSystem: String?
    var tag: String?
    var error: RewriteError?
}

/// Evaluates one template for one subject (rewrite-rules specification, section 5).
struct TemplateEvaluation: ~Copyable {
    typealias Element = RewriteTemplate.Element

    let task: RewriteTask
    let subject: RewriteSubject
    let parts: HostProbes.Parts

    private var pieces = TemplatePieces()
    private var letterCase = LetterCase.original
    private var quotesFilter = false
    private var locations: [HostLocation] = []
    /// Nil until a channel is asked for, which is rare.
    private var checks: ChannelChecks?
    private var tag: String?
    private var error: RewriteError?
    private var rescans = 0
    private var isInDatabaseValue = false
    /// In an argument `%` and `@` are ordinary text, out of a database as well.
    private var isInArgument = false

    private static let rescanLimit = 4

    init(
        task: RewriteTask, subject: RewriteSubject, parts: HostProbes.Parts
    ) {
        self.task = task
        self.subject = subject
        self.parts = parts
    }

    mutating func apply(_ template: RewriteTemplate) throws(RuleInterruption) -> AppliedRule {
        do throws(RuleInterruption) {
            try evaluate(template.elements)
        } catch .endsSuccessfully {
            return try result() ?? unchanged
        }
        if !locations.isEmpty, !locations.contains(subject.location) { throw .fails(.location) }
        if let failure = checks?.failure(for: task.query, task.engine.channels) { throw .fails(failure) }
        guard let result = try result() else { throw .fails(.form) }
        return result
    }

    /// The specification as it stands, for a template that `$1~` ended before it had a form.
    private var unchanged: AppliedRule {
        AppliedRule(
            localPart: subject.localPart, host: subject.host, routingSystem: subject.host, tag: tag, error: error)
    }

    /// Section 5.1. A route that only repeats the host is dropped, so that `A%B@B@D` adds none.
    private func result() throws(RuleInterruption) -> AppliedRule? {
        guard pieces.isForm else { return nil }
        var rule = AppliedRule(localPart: pieces.first, host: pieces.second, tag: tag, error: error)
        switch (pieces.separatorCount, pieces.beginsWithPercent) {
        case (1, true): break
        case (1, false): rule.routingSystem = pieces.second
        case (2, true): rule.routingSystem = pieces.third
        default:
            rule.routingSystem = pieces.separatorCount == 2 ? pieces.third : pieces.fourth
            rule.route = folded(pieces.third) == folded(pieces.second) ? nil : pieces.third
        }
        return rule
    }

    private mutating func evaluate(_ elements: [Element]) throws(RuleInterruption) {
        for element in elements { try evaluate(element) }
    }

    private mutating func evaluate(_ element: Element) throws(RuleInterruption) {
        switch element {
        case .text(let text): pieces.append(text)
        case .separator(let separator):
            if isInArgument { pieces.append(separator.character) } else { pieces.separate(separator) }
        case .letterCase(let style): letterCase = style
        case .filterQuoting: quotesFilter = true
        case .localPart, .host, .domain, .literal, .addressCharacter, .mailHostLabel, .label, .uniqueString:
            substitute(try value(of: element))
        case .generalDatabase, .mapping, .directory, .callout: try call(element)
        default: try control(element)
        }
    }

    private mutating func substitute(_ value: String) {
        guard letterCase != .original || quotesFilter else {
            pieces.append(value)
            return
        }
        let cased = letterCase.apply(value.utf8)
        pieces.append(text(quotesFilter ? quotedForSearchFilter(cased) : cased))
    }

    /// Evaluates an argument apart from the result.
    private mutating func argument(_ elements: [Element]) throws(RuleInterruption) -> String {
        if case .text(let text) = elements.first, elements.count == 1 { return text }
        if elements.count == 1, case .host(0) = elements[0], letterCase == .original, !quotesFilter {
            return parts.host(of: subject.host)
        }
        var outer = TemplatePieces()
        swap(&outer, &pieces)
        let wasInArgument = isInArgument
        isInArgument = true
        defer {
            swap(&outer, &pieces)
            isInArgument = wasInArgument
        }
        try evaluate(elements)
        guard !pieces.isTooLong else { throw .fails(.tooLong) }
        return pieces.first
    }
}

/// Substitutions from the address (sections 5.3 and 5.4).
extension TemplateEvaluation {
    private func value(of element: Element) throws(RuleInterruption) -> String {
        switch element {
        case .localPart(.whole): return subject.localPart
        case .localPart(.withoutSubaddress): return splitSubaddress(subject.localPart).name
        case .localPart(.subaddress): return splitSubaddress(subject.localPart).subaddress
        case .host(let count): return dropping(count, from: parts.host(of: subject.host))
        case .domain(let count): return dropping(count, from: parts.domain(of: subject.host))
        case .literal: return parts.literal(of: subject.host)
        case .uniqueString: return task.engine.uniqueString()
        case .addressCharacter(let number):
            return subject.address.dropFirst(number).first.map(String.init) ?? ""
        case .mailHostLabel(let number):
            return try label(number, of: subject.host, fromRight: false)
        case .label(let number, let source, let fromRight):
            let name = source == .host ? parts.host(of: subject.host) : parts.domain(of: subject.host)
            return try label(number, of: name, fromRight: fromRight)
        default: return ""
        }
    }

    private func label(_ number: Int, of name: String, fromRight: Bool) throws(RuleInterruption) -> String {
        let all = labels(of: name)
        guard number < all.count else { throw .fails(.missingLabel(number)) }
        return String(all[fromRight ? all.count - 1 - number : number])
    }

    /// `name` without its leftmost labels; a dot in front stays in front.
    private func dropping(_ count: Int, from name: String) -> String {
        guard count > 0 else { return name }
        let rest = labels(of: name).dropFirst(count).joined(separator: ".")
        return name.hasPrefix(".") && !rest.isEmpty ? "." + rest : rest
    }

    /// The labels of a name; a domain literal is one.
    private func labels(of name: String) -> [Substring] {
        name.hasPrefix("[") ? [name[...]] : name.split(separator: ".")
    }
}

/// `name+sub` cut before the plus sign, so that both together are the local part; a quoted local part has no
/// subaddress.
func splitSubaddress(_ localPart: String) -> (name: String, subaddress: String) {
    guard !localPart.hasPrefix("\""), let plus = localPart.firstIndex(of: "+"), plus > localPart.startIndex else {
        return (localPart, "")
    }
    return (String(localPart[..<plus]), String(localPart[plus...]))
}

/// Databases, mappings, directory and routines (section 5.5).
extension TemplateEvaluation {
    private mutating func call(_ element: Element) throws(RuleInterruption) {
        switch element {
        case .generalDatabase(let key):
            if isInDatabaseValue { throw .fails(.nesting) }
            let key = try argument(key)
            guard let value = task.engine.context.generalDatabase(key) else { throw .fails(.missingKey(key)) }
            isInDatabaseValue = true
            defer { isInDatabaseValue = false }
            try rescan(value)
        case .mapping(let table, let argument):
            let probe = try self.argument(argument)
            switch task.engine.mappings.answer(table, probe, context: task.engine.context) {
            case .result(let found) where found.flags.has("Y"): try rescan(found.output)
            case .result, .noMatch: throw .fails(.mapping(table))
            case .directoryUnavailable: throw .directoryUnavailable
            }
        case .directory(let url):
            let url = directoryURL(url, address: subject.address, localPart: subject.localPart, host: subject.host)
            switch url.map(task.engine.context.directory) {
            case .value(let value): substitute(value)
            case .missing: throw .fails(.directory(url ?? ""))
            case .unavailable: throw .directoryUnavailable
            case nil: throw .fails(.directory("a URL with an unknown sequence"))
            }
        case .callout(let image, let routine, let argument):
            let call = MappingCallout(image: image, routine: routine, argument: try self.argument(argument))
            guard let value = task.engine.context.callout(call) else { throw .fails(.routine(routine)) }
            substitute(value)
        default: break
        }
    }

    /// Reads a value as template text at this place.
    private mutating func rescan(_ value: String) throws(RuleInterruption) {
        guard !value.isEmpty else { return }
        guard rescans < Self.rescanLimit else { throw .fails(.nesting) }
        var ignored = Diagnostics()
        let template = RewriteTemplate(compiling: value, diagnostics: &ignored)
        if let error = template.soleError { throw .stops(error) }
        rescans += 1
        defer { rescans -= 1 }
        try template.check(task, subject, parts)
        try evaluate(template.elements)
    }
}

/// Controls (sections 5.6 to 5.9).
extension TemplateEvaluation {
    private mutating func control(_ element: Element) throws(RuleInterruption) {
        switch element {
        // In an argument; otherwise they were asked before.
        case .kind(let kind): if kind != task.query.kind { throw .fails(.kind) }
        case .direction(let direction): if direction != task.query.direction { throw .fails(.direction) }
        case .location(let location): locations.append(location)
        case .sourceChannel(let isNamed, let name):
            let channel = try argument(name)
            checks = checks ?? ChannelChecks()
            checks?.addSource(channel, isNamed: isNamed)
        case .destinationChannel(let isNamed, let name):
            let channel = try argument(name)
            checks = checks ?? ChannelChecks()
            checks?.addDestination(channel, isNamed: isNamed)
        case .reprocessing(let wanted):
            checks = checks ?? ChannelChecks()
            checks?.reprocessing.insert(wanted)
        case .checkChannels:
            if checks?.failure(for: task.query, task.engine.channels) != nil { throw .endsSuccessfully }
            checks = nil
        case .domainCheck(let isLocal, let name): try task.check(domain: try argument(name), isLocal: isLocal)
        case .tag(let elements): tag = try argument(elements)
        case .errorText(let code, let elements): error = RewriteError(code: code, text: try argument(elements))
        default: break
        }
    }
}
