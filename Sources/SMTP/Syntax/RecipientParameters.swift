/// The parameters of RCPT TO (RFC 3461 sections 4.1 and 4.2).
package struct RecipientParameters: Hashable, Sendable {
    /// NOTIFY. Empty: not given. `never` stands alone.
    package struct Notify: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let never = Notify(rawValue: 1)
        package static let success = Notify(rawValue: 2)
        package static let failure = Notify(rawValue: 4)
        package static let delay = Notify(rawValue: 8)
    }

    package var notify: Notify = []
    /// ORCPT, decoded: `type;address`.
    package var originalRecipient: String?

    package init() {}

    /// Whether any was given: the reply differs (smtp specification, 4).
    package var isEmpty: Bool { self == RecipientParameters() }

    /// Longest ORCPT (RFC 3461 section 4.2).
    private static let longestOriginalRecipient = 500

    /// Reads what stands after the path of RCPT TO. The failure is the reply to send: 501 or 555.
    /// `allowsUTF8`: SMTPUTF8 is in force, so that an ORCPT of type `utf-8` may have UTF-8 (RFC 6533 section 3).
    package static func parse(
        _ rest: ArraySlice<UInt8>, allowsUTF8: Bool = false
    ) -> Result<RecipientParameters, Reply> {
        do throws(Reply) {
            var parameters = RecipientParameters()
            var list = try ParameterList(rest)
            while let parameter = try list.next() { try parameters.take(parameter, allowsUTF8) }
            return .success(parameters)
        } catch {
            return .failure(error)
        }
    }

    private mutating func take(_ parameter: ParameterList.Parameter, _ allowsUTF8: Bool) throws(Reply) {
        if parameter.named("NOTIFY") {
            guard notify.isEmpty else { throw parameter.repeated }
            notify = try Self.notify(parameter)
        } else if parameter.named("ORCPT") {
            guard originalRecipient == nil else { throw parameter.repeated }
            originalRecipient = try Self.originalRecipient(parameter, allowsUTF8)
        } else {
            throw .unsupportedParameter(parameter.name)
        }
    }

    private static func notify(_ parameter: ParameterList.Parameter) throws(Reply) -> Notify {
        let value = try parameter.required()
        // Not in a list, not even with itself (RFC 3461 section 4.1).
        if Octet.matches(value, "NEVER") { return .never }
        var result: Notify = []
        for word in value.split(separator: Octet.comma, omittingEmptySubsequences: false) {
            if Octet.matches(word, "SUCCESS") {
                result.insert(.success)
            } else if Octet.matches(word, "FAILURE") {
                result.insert(.failure)
            } else if Octet.matches(word, "DELAY") {
                result.insert(.delay)
            } else {
                throw parameter.invalid
            }
        }
        return result
    }

    /// `addr-type ";" xtext`.
    private static func originalRecipient(
        _ parameter: ParameterList.Parameter, _ allowsUTF8: Bool
    ) throws(Reply) -> String {
        let value = try parameter.required()
        guard value.count <= longestOriginalRecipient, let separator = value.firstIndex(of: Octet.semicolon),
            separator > value.startIndex, value[..<separator].allSatisfy(isTypeOctet)
        else { throw parameter.invalid }
        let text = value[(separator + 1)...]
        let isUTF8 = allowsUTF8 && Octet.matches(value[..<separator], "UTF-8")
        guard let address = isUTF8 ? internationalAddress(text) : ExtendedText.decode(text), !address.isEmpty else {
            throw parameter.invalid
        }
        return String(decoding: value[...separator], as: UTF8.self) + address
    }

    /// `utf-8-addr-unitext` of RFC 6533 section 3: UTF-8, and what `xtext` may have.
    private static func internationalAddress(_ text: ArraySlice<UInt8>) -> String? {
        guard text.contains(where: { $0 > 127 }) else { return ExtendedText.decode(text) }
        guard text.allSatisfy({ $0 > 32 && $0 != 127 && $0 != Octet.equals && $0 != Octet.plus }) else { return nil }
        return String(validating: text, as: UTF8.self)
    }

    private static func isTypeOctet(_ octet: UInt8) -> Bool {
        Octet.isLetter(octet) || Octet.isDigit(octet) || octet == Octet.hyphen
    }
}
