import OptionSyntax

/// What becomes of the scan after an entry (mappings specification, section 3.3).
enum MappingControl: Hashable, Sendable {
    /// `$C`: the next entry.
    case next
    /// `$L`: the next entry, and once more from the top at the end.
    case nextAndAgain
    /// `$R`: the first entry.
    case restart
    /// `$E`.
    case end
}

/// A compiled template of a mapping entry.
struct MappingTemplate: Hashable, Sendable {
    indirect enum Element: Hashable, Sendable {
        case text([UInt8])
        case field(Int)
        case letterCase(LetterCase)
        case filterQuoting
        case generalDatabase(key: [Element])
        /// `table` is nil for a table that does not exist.
        case mapping(table: Int?, argument: [Element])
        case directory(url: [Element])
        case domainAttribute(domain: [Element], attribute: String)
        case sequence(SequenceFormat)
        case callout(image: String, routine: String, argument: [Element])
        case percentage(Int)
        case condition(flag: UInt8, isSet: Bool)
        case control(MappingControl)
        /// `$+1E`: the rest of the template is not interpreted.
        case endNow
        case flag(UInt8)
        /// A sequence that cannot be compiled; the entry fails.
        case failure

        /// The template text that has to be expanded before the element can be.
        var argument: [Element]? {
            switch self {
            case .generalDatabase(let key): key
            case .mapping(_, let argument): argument
            case .directory(let url): url
            case .domainAttribute(let domain, _): domain
            case .callout(_, _, let argument): argument
            default: nil
            }
        }
    }

    var elements: [Element]

    init(
        compiling source: String, tables: [String: Int], at place: TextPlace = TextPlace(nil),
        diagnostics: inout Diagnostics
    ) {
        var compiler = MappingTemplateCompiler(source, tables: tables, at: place)
        elements = compiler.compile(until: nil, diagnostics: &diagnostics)
    }
}

extension MappingEntrySource {
    /// The flags that the template sets, letters in upper case, in the order of the template and each once.
    package var flags: [Character] {
        var ignored = Diagnostics()
        let template = MappingTemplate(compiling: template, tables: [:], diagnostics: &ignored)
        var flags: [Character] = []
        for case .flag(let code) in template.elements {
            let flag = Character(UnicodeScalar(code))
            if !flags.contains(flag) { flags.append(flag) }
        }
        return flags
    }
}
