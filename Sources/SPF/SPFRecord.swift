/// What a mechanism says when it matches (RFC 7208 section 4.6.2).
package enum SPFQualifier: Character, Sendable {
    case pass = "+"
    case fail = "-"
    case softFail = "~"
    case neutral = "?"
}

/// An SPF record, read and checked as a whole before anything of it is evaluated (RFC 7208 section 4.6).
struct SPFRecord: Hashable, Sendable {
    enum Mechanism: Hashable, Sendable {
        case all
        case include(SPFMacroString)
        /// Nil: the domain that is checked.
        case address(SPFMacroString?, SPFPrefix)
        case mailExchange(SPFMacroString?, SPFPrefix)
        case pointer(SPFMacroString?)
        /// `ip4` and `ip6`: 4 or 16 octets, and how many of their bits count.
        case network([UInt8], Int)
        case exists(SPFMacroString)
    }

    struct Directive: Hashable, Sendable {
        var qualifier: SPFQualifier
        var mechanism: Mechanism
        /// As it stands in the record.
        var text: String
    }

    var directives: [Directive] = []
    var redirect: SPFMacroString?
    var explanation: SPFMacroString?

    /// Whether a TXT record is one of ours: `v=spf1` alone or before a blank (section 4.5).
    static func isRecord(_ text: [UInt8]) -> Bool {
        let head = text.prefix(6)
        guard head.elementsEqual("v=spf1".utf8) || String(decoding: head, as: UTF8.self).lowercased() == "v=spf1"
        else { return false }
        return text.count == 6 || text[6] == 0x20
    }

    /// Nil and a reason when anything in it is wrong.
    static func parse(_ text: [UInt8]) -> Result<SPFRecord, SPFSyntaxError> {
        guard text.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            return .failure(SPFSyntaxError("the record has characters outside ASCII"))
        }
        var record = SPFRecord()
        for term in String(decoding: text, as: UTF8.self).split(separator: " ").dropFirst() {
            do throws(SPFSyntaxError) {
                try record.add(String(term))
            } catch {
                return .failure(error)
            }
        }
        return .success(record)
    }

    private mutating func add(_ term: String) throws(SPFSyntaxError) {
        let name = term.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        if name.count < term.count, term[name.endIndex] == "=", name.first?.isLetter == true {
            return try addModifier(name.lowercased(), String(term[name.endIndex...].dropFirst()))
        }
        var rest = term[...]
        let qualifier = rest.first.flatMap(SPFQualifier.init(rawValue:))
        if qualifier != nil { rest.removeFirst() }
        directives.append(
            Directive(qualifier: qualifier ?? .pass, mechanism: try Self.mechanism(rest, in: term), text: term))
    }

    private mutating func addModifier(_ name: String, _ value: String) throws(SPFSyntaxError) {
        switch name {
        case "redirect":
            guard redirect == nil else { throw SPFSyntaxError("redirect= is given twice") }
            redirect = try SPFMacroString(domain: value)
        case "exp":
            guard explanation == nil else { throw SPFSyntaxError("exp= is given twice") }
            explanation = try SPFMacroString(domain: value)
        default:
            _ = try SPFMacroString(value, isExplanation: false)
        }
    }

    private static func mechanism(_ text: Substring, in term: String) throws(SPFSyntaxError) -> Mechanism {
        let name = text.prefix { $0 != ":" && $0 != "/" }
        let rest = text[name.endIndex...]
        let argument = rest.first == ":" ? String(rest.dropFirst()) : nil
        switch name.lowercased() {
        case "all":
            guard rest.isEmpty else { throw SPFSyntaxError("all takes no argument: \(term)") }
            return .all
        case "include": return .include(try SPFMacroString(domain: try required(argument, term)))
        case "exists": return .exists(try SPFMacroString(domain: try required(argument, term)))
        case "a":
            let (domain, prefix) = try domainAndPrefix(rest, term)
            return .address(domain, prefix)
        case "mx":
            let (domain, prefix) = try domainAndPrefix(rest, term)
            return .mailExchange(domain, prefix)
        case "ptr":
            guard !rest.isEmpty else { return .pointer(nil) }
            return .pointer(try SPFMacroString(domain: try required(argument, term)))
        case "ip4": return try network(try required(argument, term), octets: 4, term)
        case "ip6": return try network(try required(argument, term), octets: 16, term)
        default: throw SPFSyntaxError("unknown mechanism: \(term)")
        }
    }

    private static func required(_ argument: String?, _ term: String) throws(SPFSyntaxError) -> String {
        guard let argument, !argument.isEmpty else { throw SPFSyntaxError("an argument is missing: \(term)") }
        return argument
    }

    /// `[":" domain-spec] [ip4-cidr] ["/" ip6-cidr]`; the lengths are read from the end, as a name may have slashes.
    private static func domainAndPrefix(
        _ text: Substring, _ term: String
    ) throws(SPFSyntaxError) -> (SPFMacroString?, SPFPrefix) {
        var rest = text
        var prefix = SPFPrefix()
        if let (head, digits) = cut(rest, "//") {
            prefix.bits6 = try length(digits, 128, term)
            rest = head
        }
        if let (head, digits) = cut(rest, "/") {
            prefix.bits4 = try length(digits, 32, term)
            rest = head
        }
        guard !rest.isEmpty else { return (nil, prefix) }
        guard rest.first == ":" else { throw SPFSyntaxError("not a prefix length: \(term)") }
        return (try SPFMacroString(domain: String(rest.dropFirst())), prefix)
    }

    /// `text` without its end of `mark` and digits.
    private static func cut(_ text: Substring, _ mark: String) -> (Substring, Substring)? {
        let head = text.reversed().drop { $0.isASCII && $0.isNumber }
        let digits = text.suffix(text.count - head.count)
        let before = text.prefix(head.count)
        guard !digits.isEmpty, before.hasSuffix(mark) else { return nil }
        return (before.dropLast(mark.count), digits)
    }

    private static func length(_ digits: Substring, _ limit: Int, _ term: String) throws(SPFSyntaxError) -> Int {
        guard let value = Int(digits), value <= limit, digits == "0" || digits.first != "0" else {
            throw SPFSyntaxError("wrong prefix length: \(term)")
        }
        return value
    }

    private static func network(_ text: String, octets: Int, _ term: String) throws(SPFSyntaxError) -> Mechanism {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = SPFAddress(String(parts[0])), address.octets.count == octets else {
            throw SPFSyntaxError("not an address: \(term)")
        }
        let bits = parts.count == 2 ? try length(parts[1], octets * 8, term) : octets * 8
        return .network(address.octets, bits)
    }
}

/// Prefix lengths for both kinds of addresses.
struct SPFPrefix: Hashable, Sendable {
    var bits4 = 32
    var bits6 = 128
}

/// What is wrong with a record: a PermError.
struct SPFSyntaxError: Error, Hashable {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
