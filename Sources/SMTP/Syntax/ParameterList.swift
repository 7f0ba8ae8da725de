/// The ESMTP parameters after a path (RFC 5321 section 4.1.2, `esmtp-param`), one by one.
struct ParameterList {
    struct Parameter {
        /// As received.
        let keyword: ArraySlice<UInt8>
        /// What follows `=`; nil without one.
        let value: ArraySlice<UInt8>?

        /// As received, for reply texts.
        var name: String { String(decoding: keyword, as: UTF8.self) }

        func named(_ word: StaticString) -> Bool { Octet.matches(keyword, word) }

        var invalid: Reply { .invalidParameterValue(name.uppercased()) }
        var repeated: Reply { .repeatedParameter(name.uppercased()) }

        /// The value; a parameter without one is refused.
        func required() throws(Reply) -> ArraySlice<UInt8> {
            guard let value, !value.isEmpty else { throw invalid }
            return value
        }
    }

    private var rest: ArraySlice<UInt8>

    /// `rest`: what stands after the path; nothing, or a blank and the parameters.
    init(_ rest: ArraySlice<UInt8>) throws(Reply) {
        if let first = rest.first, !Octet.isBlank(first) { throw .parameterSyntax }
        self.rest = Octet.trimmed(rest)
    }

    mutating func next() throws(Reply) -> Parameter? {
        guard !rest.isEmpty else { return nil }
        let end = rest.firstIndex(where: Octet.isBlank) ?? rest.endIndex
        let word = rest[..<end]
        rest = Octet.trimmed(rest[end...])
        let equals = word.firstIndex(of: Octet.equals)
        let keyword = word[..<(equals ?? word.endIndex)]
        guard let first = keyword.first, first != Octet.hyphen, keyword.allSatisfy(Self.isKeywordOctet) else {
            throw .parameterSyntax
        }
        return Parameter(keyword: keyword, value: equals.map { word[($0 + 1)...] })
    }

    private static func isKeywordOctet(_ octet: UInt8) -> Bool {
        Octet.isLetter(octet) || Octet.isDigit(octet) || octet == Octet.hyphen
    }
}

/// `xtext` of RFC 3461 section 4.
enum ExtendedText {
    /// The decoded text. Nil for a `+` without two hexadecimal digits in upper case, for octets outside `!` to `~`, for
    /// `=`, and where the result has a control character or octet above 126: it goes to headers, logs, notifications.
    static func decode(_ octets: ArraySlice<UInt8>) -> String? {
        var output: [UInt8] = []
        output.reserveCapacity(octets.count)
        var rest = octets
        while let octet = rest.popFirst() {
            guard octet > 32, octet < 127, octet != Octet.equals else { return nil }
            if octet == Octet.plus {
                guard let high = digit(rest.popFirst()), let low = digit(rest.popFirst()) else { return nil }
                let value = high << 4 | low
                guard value >= 32, value < 127 else { return nil }
                output.append(value)
            } else {
                output.append(octet)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func digit(_ octet: UInt8?) -> UInt8? {
        guard let octet else { return nil }
        if Octet.isDigit(octet) { return octet &- 48 }
        return octet >= UInt8(ascii: "A") && octet <= UInt8(ascii: "F") ? octet &- 55 : nil
    }
}
