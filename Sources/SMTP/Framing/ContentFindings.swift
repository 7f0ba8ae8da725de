/// What is done with lines longer than SMTP allows (smtp specification, 7.3): a channel option of the initial channel.
package enum LongLines: Hashable, Sendable {
    case truncate, wrap, reject
}

/// What was found out about message content while it streamed by (smtp specification, 7.2 to 7.4).
package struct ContentFindings: Hashable, Sendable {
    /// Octets of the content as sent, line ends included, without the dots of transparency and the final dot (RFC 1870
    /// section 3). Counted on when the content is no longer stored.
    package var octets: Int64 = 0
    /// Lines ended by CRLF.
    package var lines: Int64 = 0
    package var hasBareCarriageReturn = false
    package var hasBareLineFeed = false
    package var hasNUL = false
    package var hasEightBit = false
    /// A line had more than 998 octets; it was truncated or wrapped, or the content is refused.
    package var hasLongLine = false
    package var isOverSizeLimit = false
    /// Whether the content is empty or ends in CRLF; DATA content always does, BDAT content need not.
    package var endsInLineEnd = true
    /// It came by BDAT.
    package var cameInChunks = false

    package init() {}

    /// The content may not be stored: it could be read in different ways by different systems.
    package var isAmbiguous: Bool { hasBareCarriageReturn || hasBareLineFeed || hasNUL }
}
