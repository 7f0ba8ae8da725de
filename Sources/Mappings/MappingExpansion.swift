import OptionSyntax

/// How the expansion of a template ended.
enum ExpansionEnd {
    case expanded
    /// An element to the left of the end failed.
    case failed
    /// `$:x` or `$;x` was not met: as if the pattern had not matched.
    case conditionNotMet
}

/// Expands one template (mappings specification, sections 3.1 to 3.4).
struct MappingExpansion {
    typealias Element = MappingTemplate.Element

    private let probe: ProbeText
    private let fields: [Range<Int>]
    private let scan: MappingScan

    private(set) var output: [UInt8] = []
    private(set) var flags = MappingFlags()
    private(set) var control: MappingControl?
    private var letterCase = LetterCase.original
    private var quotesFilter = false
    private var stopped = false
    /// True while the result of a routine is read: it may not call anything itself.
    private var isReadingResult = false

    /// Longest output in octets: what one table makes another can take (section 1.2).
    static let outputLimit = MappingTables.probeLimit

    init(probe: ProbeText, fields: [Range<Int>], scan: MappingScan) {
        self.probe = probe
        self.fields = fields
        self.scan = scan
    }

    mutating func expand(_ elements: [Element]) -> ExpansionEnd {
        for element in elements {
            let end = expand(element)
            if case .expanded = end {} else { return end }
            if output.count > Self.outputLimit { return .failed }
            if stopped { break }
        }
        return .expanded
    }

    private mutating func expand(_ element: Element) -> ExpansionEnd {
        switch element {
        case .text(let bytes): output += bytes
        case .field(let number):
            if number < fields.count { substitute(probe.original[fields[number]]) }
        case .letterCase(let style): letterCase = style
        case .filterQuoting: quotesFilter = true
        case .percentage(let percent):
            if scan.context.randomPercent() >= percent { return .failed }
        case .condition(let flag, let isSet):
            if scan.flags.has(code: flag) != isSet { return .conditionNotMet }
        case .control(let wanted): control = wanted
        case .endNow:
            control = .end
            stopped = true
        case .flag(let code): flags.insert(code)
        case .failure: return .failed
        case .generalDatabase, .mapping, .directory, .domainAttribute, .sequence, .callout:
            if isReadingResult { return .failed }
            return call(element)
        }
        return .expanded
    }

    private mutating func call(_ element: Element) -> ExpansionEnd {
        var argument = ""
        if let elements = element.argument {
            let end = expandApart(elements, into: &argument)
            guard case .expanded = end else { return end }
        }
        if case .callout(let image, let routine, _) = element {
            let call = MappingCallout(image: image, routine: routine, argument: argument, flags: scan.flags)
            return scan.context.callout(call).map { read(result: $0) } ?? .failed
        }
        guard let value = value(of: element, argument) else { return .failed }
        substitute(value.utf8)
        return .expanded
    }

    private func value(of element: Element, _ argument: String) -> String? {
        switch element {
        case .generalDatabase: scan.context.generalDatabase(argument)
        case .mapping(let table, _): scan.call(table, argument)
        case .directory: scan.directory(argument)
        case .domainAttribute(_, let attribute): scan.context.domainAttribute(argument, attribute)
        case .sequence(let format):
            scan.context.nextSequenceNumber(format.file, format.modulus).map(format.format)
        default: nil
        }
    }

    /// Expands an argument apart from the output.
    private mutating func expandApart(_ elements: [Element], into argument: inout String) -> ExpansionEnd {
        let outer = output
        output = []
        let end = expand(elements)
        argument = output.text
        output = outer
        return end
    }

    /// Reads what a routine returned as template text, so that it can set flags and name fields.
    private mutating func read(result: String) -> ExpansionEnd {
        guard result.utf8.contains(UInt8(ascii: "$")) else {
            substitute(result.utf8)
            return .expanded
        }
        var ignored = Diagnostics()
        let template = MappingTemplate(compiling: result, tables: [:], diagnostics: &ignored)
        isReadingResult = true
        defer { isReadingResult = false }
        return expand(template.elements)
    }

    private mutating func substitute(_ bytes: some Sequence<UInt8>) {
        if letterCase == .original, !quotesFilter {
            output += bytes
        } else {
            let cased = letterCase.apply(bytes)
            output += quotesFilter ? quotedForSearchFilter(cased) : cased
        }
    }
}
