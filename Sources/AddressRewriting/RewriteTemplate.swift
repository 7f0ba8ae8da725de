import Mappings
import OptionSyntax

/// A compiled template of a rewrite rule (rewrite-rules specification, section 5).
struct RewriteTemplate: Hashable, Sendable {
    enum Separator: Hashable, Sendable {
        case percent, at

        var character: String { self == .at ? "@" : "%" }
    }

    enum LocalPartPiece: Hashable, Sendable { case whole, withoutSubaddress, subaddress }

    enum LabelSource: Hashable, Sendable { case host, domain }

    enum Element: Hashable, Sendable {
        case text(String)
        case separator(Separator)
        case localPart(LocalPartPiece)
        case host(dropping: Int)
        case domain(dropping: Int)
        case literal
        case addressCharacter(Int)
        case mailHostLabel(Int)
        case label(Int, of: LabelSource, fromRight: Bool)
        case uniqueString
        case letterCase(LetterCase)
        case filterQuoting
        case generalDatabase(key: [Element])
        case mapping(table: String, argument: [Element])
        case directory(url: String)
        case callout(image: String, routine: String, argument: [Element])
        case kind(AddressKind)
        case direction(AddressDirection)
        case location(HostLocation)
        case sourceChannel(isNamed: Bool, [Element])
        case destinationChannel(isNamed: Bool, [Element])
        case reprocessing(Bool)
        /// `$1~`: the channel checks so far decide now.
        case checkChannels
        case domainCheck(isLocal: Bool, [Element])
        case tag([Element])
        case errorText(code: String, [Element])
    }

    var elements: [Element]
    /// Set when `$?text` is the whole template: rewriting stops with this error.
    var soleError: RewriteError?

    /// Controls that stand in the template itself, and not in an argument, are asked before anything is evaluated; they
    /// are not in `elements`, but for the locations, of which one has to hold together with those of texts read later.
    private let kinds: [AddressKind]
    private let directions: [AddressDirection]
    private let locations: [HostLocation]
    /// `$V$H` and `$Z$H` ahead of everything that could fail or ask elsewhere: whether the host has to be local.
    private let hostIsLocal: Bool?

    init(compiling source: String, at place: TextPlace = TextPlace(nil), diagnostics: inout Diagnostics) {
        var compiler = RewriteTemplateCompiler(source, at: place)
        soleError = compiler.soleError(diagnostics: &diagnostics)
        elements = soleError == nil ? compiler.compile(diagnostics: &diagnostics) : []
        var kinds: [AddressKind] = []
        var directions: [AddressDirection] = []
        var locations: [HostLocation] = []
        for element in elements {
            switch element {
            case .kind(let kind): kinds.append(kind)
            case .direction(let direction): directions.append(direction)
            case .location(let location): locations.append(location)
            default: break
            }
        }
        self.kinds = kinds
        self.directions = directions
        self.locations = locations
        elements.removeAll { $0.isKindOrDirection }
        let check = elements.firstIndex { !$0.isPlain }
        if let check, case .domainCheck(let isLocal, [.host(dropping: 0)]) = elements[check] {
            hostIsLocal = isLocal
            elements.remove(at: check)
        } else {
            hostIsLocal = nil
        }
    }

    /// Whether it can be known before the evaluation that the template does not apply.
    var isConditional: Bool {
        !kinds.isEmpty || !directions.isEmpty || !locations.isEmpty || hostIsLocal != nil
    }

    /// Throws when the template does not apply, as far as that is known before it is evaluated.
    func check(_ task: RewriteTask, _ subject: RewriteSubject, _ parts: HostProbes.Parts) throws(RuleInterruption) {
        for kind in kinds where kind != task.query.kind { throw .fails(.kind) }
        for direction in directions where direction != task.query.direction { throw .fails(.direction) }
        if !locations.isEmpty, !locations.contains(subject.location) { throw .fails(.location) }
        guard let hostIsLocal else { return }
        try task.check(domain: parts.host(of: subject.host), isLocal: hostIsLocal)
    }
}

extension RewriteTemplate.Element {
    fileprivate var isKindOrDirection: Bool {
        switch self {
        case .kind, .direction: true
        default: false
        }
    }

    /// Makes text of what is there, and nothing else.
    fileprivate var isPlain: Bool {
        switch self {
        case .text, .separator, .localPart, .host, .domain, .literal, .location: true
        default: false
        }
    }
}

extension RewriteTemplate {
    /// Whether it is for header addresses and asks, or may come to ask, for the destination channel.
    var headersDependOnDestination: Bool {
        !kinds.contains(.envelope)
            && elements.contains { element in
                switch element {
                case .destinationChannel, .generalDatabase, .mapping: true
                default: false
                }
            }
    }
}

/// An error that a rule sets, `$?text` or `$nxxxyyy?text` (section 5.9).
package struct RewriteError: Hashable, Sendable {
    /// Extended status code, for example `5.1.2`; class 4 is temporary.
    package var code: String
    /// The text without the address that replies add to it.
    package var text: String

    package init(code: String, text: String) {
        self.code = code
        self.text = text
    }
}
