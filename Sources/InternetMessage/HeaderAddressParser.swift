/// One pass over the value of an address field (RFC 5322 sections 3.4 and 4.4).
struct HeaderAddressParser {
    private var scanner: HeaderTokenScanner
    private let limit: Int
    private var inGroup = false
    private var result = HeaderAddressList()

    init(_ value: ArraySlice<UInt8>, allowUTF8: Bool, limit: Int) {
        scanner = HeaderTokenScanner(value, allowUTF8: allowUTF8)
        self.limit = limit
    }

    mutating func list() -> HeaderAddressList {
        while true {
            do throws(AddressError) {
                try scanner.skipCommentsAndBlanks()
                guard let octet = scanner.current else { break }
                if octet == Octet.comma || (octet == Octet.semicolon && inGroup) {
                    if octet == Octet.semicolon { inGroup = false }
                    scanner.advance()
                } else {
                    try element()
                }
            } catch {
                if result.firstError == nil { result.firstError = error }
                if error.code == .tooManyAddresses { break }
                scanner.skipElement()
            }
        }
        if inGroup, result.firstError == nil { result.firstError = scanner.fail(.trailingText) }
        return result
    }

    /// One mailbox, or the name of a group with its colon.
    private mutating func element() throws(AddressError) {
        if result.addresses.count >= limit { throw scanner.fail(.tooManyAddresses) }
        let start = scanner.position
        let words = try scanner.words()
        switch scanner.current {
        case Octet.less:
            try angleAddress(displayName: words.end > start ? start..<words.end : nil)
        case Octet.colon where words.end > start:
            guard !inGroup else { throw scanner.fail(.nestedGroup) }
            inGroup = true
            result.hasGroup = true
            scanner.advance()
            return
        case Octet.at:
            guard let local = words.localPart else {
                throw scanner.fail(words.end == start ? .missingLocalPart : .badLocalPart)
            }
            scanner.advance()
            let domain = try scanner.domain()
            add(Mailbox(localPart: try scanner.text(local), domain: domain), start..<scanner.contentEnd, nil)
        case nil, Octet.comma, Octet.semicolon:
            guard let local = words.localPart else { throw scanner.fail(.badLocalPart) }
            add(Mailbox(localPart: try scanner.text(local), domain: ""), start..<words.end, nil)
        default:
            throw scanner.fail(.badLocalPart)
        }
        try endOfElement()
    }

    private mutating func angleAddress(displayName: Range<Int>?) throws(AddressError) {
        scanner.advance()
        try scanner.skipCommentsAndBlanks()
        let start = scanner.position
        var route: [String] = []
        if scanner.current == Octet.at { route = try scanner.route() }
        let words = try scanner.words()
        guard let local = words.localPart else { throw scanner.fail(.badLocalPart) }
        var mailbox = Mailbox(localPart: try scanner.text(local), domain: "", route: route)
        var end = words.end
        if scanner.current == Octet.at {
            scanner.advance()
            mailbox.domain = try scanner.domain()
            end = scanner.contentEnd
        }
        guard scanner.current == Octet.greater else { throw scanner.fail(.missingBracket) }
        scanner.advance()
        add(mailbox, start..<end, displayName)
    }

    private mutating func endOfElement() throws(AddressError) {
        try scanner.skipCommentsAndBlanks()
        switch scanner.current {
        case nil, Octet.comma: return
        case Octet.semicolon where inGroup: return
        default: throw scanner.fail(.trailingText)
        }
    }

    private mutating func add(_ mailbox: Mailbox, _ range: Range<Int>, _ displayName: Range<Int>?) {
        result.addresses.append(
            HeaderAddress(mailbox: mailbox, range: range, displayName: displayName, isInGroup: inGroup))
    }
}
