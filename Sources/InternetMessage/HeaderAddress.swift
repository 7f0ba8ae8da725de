/// One address of a header field such as To or From (RFC 5322 section 3.4).
package struct HeaderAddress: Hashable, Sendable {
    /// The address without comments and white space; a bare local part has an empty domain.
    package var mailbox: Mailbox
    /// Octets of the addr-spec with its route, without angle brackets and without white space around it, so that a
    /// rewritten address can take their place. Indices of the value that was parsed.
    package var range: Range<Int>
    /// Octets of the display name, quotes and all; nil when there is none.
    package var displayName: Range<Int>?
    package var isInGroup: Bool

    package init(mailbox: Mailbox, range: Range<Int>, displayName: Range<Int>? = nil, isInGroup: Bool = false) {
        self.mailbox = mailbox
        self.range = range
        self.displayName = displayName
        self.isInGroup = isInGroup
    }
}

/// The addresses of a header field. Parsing goes on after a bad address; it takes time and memory in proportion to the
/// value and never recurses, whatever is nested in it.
package struct HeaderAddressList: Hashable, Sendable {
    package var addresses: [HeaderAddress] = []
    /// The first thing that was wrong; nil: the value is in order (obsolete forms of RFC 5322 section 4.4 are).
    package var firstError: AddressError?
    package var hasGroup = false

    /// Addresses a field may have; more are left as they stand.
    package static let defaultLimit = 200_000

    /// Parses the value of a field (folded or not, `\r\n` only before white space). `allowUTF8`: take UTF-8 in
    /// addresses (RFC 6532); else 8-bit octets of local parts become `*`, in domains they are an error.
    package static func parse(
        _ value: ArraySlice<UInt8>, allowUTF8: Bool = false, limit: Int = defaultLimit
    ) -> HeaderAddressList {
        var parser = HeaderAddressParser(value, allowUTF8: allowUTF8, limit: limit)
        return parser.list()
    }

    /// Parses a value that must be exactly one mailbox with a domain, for example that of `Sender:`.
    package static func parseMailbox(
        _ value: ArraySlice<UInt8>, allowUTF8: Bool = false
    ) -> Result<HeaderAddress, AddressError> {
        let list = parse(value, allowUTF8: allowUTF8, limit: 2)
        if let error = list.firstError { return .failure(error) }
        guard let first = list.addresses.first, !list.hasGroup else { return .failure(AddressError(.empty, at: 0)) }
        let end = first.range.upperBound - value.startIndex
        guard list.addresses.count == 1 else { return .failure(AddressError(.trailingText, at: end)) }
        guard !first.mailbox.domain.isEmpty else { return .failure(AddressError(.missingDomain, at: end)) }
        return .success(first)
    }
}
