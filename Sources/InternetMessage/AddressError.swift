/// Why an address was not accepted, fit for a reply text or a log line.
package struct AddressError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        case empty, missingLocalPart, missingDomain, badLocalPart, unterminatedQuote, badQuotedPair
        case badDomain, badLabel, badLiteral, eightBitDomain, invalidUTF8, badRoute, missingBracket, trailingText
        case localPartTooLong, domainTooLong, pathTooLong
        case unterminatedComment, badFolding, nestedGroup, tooManyAddresses
    }

    package var code: Code
    /// Octets from the start of the text that was parsed to the place of the error, from 0.
    package var offset: Int

    package init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// RFC 3463 status: 5.1.2 for the domain's own faults, else 5.1.3 (smtp specification, 4.1; channels
    /// specification, 8.1).
    package var status: EnhancedStatus {
        switch code {
        case .eightBitDomain: EnhancedStatus(5, 1, 2)
        default: EnhancedStatus(5, 1, 3)
        }
    }

    /// The reason as a phrase without a final period, for `553 5.1.3 <reason>: <address>`.
    package var reason: String {
        switch code {
        case .empty: "address is empty"
        case .missingLocalPart: "address has no local part"
        case .missingDomain: "domain is missing after @"
        case .badLocalPart: "local part has a character or dot that needs quotes"
        case .unterminatedQuote: "quoted string is not closed"
        case .badQuotedPair: "illegal character in quoted string"
        case .badDomain: "illegal character in domain"
        case .badLabel: "domain has an empty, too long or misformed label"
        case .badLiteral: "illegal address literal"
        case .eightBitDomain: "domain has 8-bit characters without SMTPUTF8"
        case .invalidUTF8: "address is not valid UTF-8"
        case .badRoute: "illegal source route"
        case .missingBracket: "closing angle bracket is missing"
        case .trailingText: "text after the address"
        case .localPartTooLong: "local part is too long"
        case .domainTooLong: "domain is longer than 255 octets"
        case .pathTooLong: "address is longer than 256 octets"
        case .unterminatedComment: "comment is not closed"
        case .badFolding: "line break inside address"
        case .nestedGroup: "group inside a group"
        case .tooManyAddresses: "too many addresses"
        }
    }

    package var description: String { "\(reason) (octet \(offset + 1))" }
}
