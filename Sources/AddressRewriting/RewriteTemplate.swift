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

    /// Controls that stand in the template itself are known before anything is evaluated.
    let kinds: [AddressKind]
    let directions: [AddressDirection]
    let locations: [HostLocation]

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
