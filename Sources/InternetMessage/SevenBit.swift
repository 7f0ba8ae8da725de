/// The asterisk rule of the channels specification, 8.1: where only seven bits are allowed, each 8-bit octet becomes
/// one asterisk.
package enum SevenBit {
    /// The text of `octets` with each 8-bit octet replaced.
    package static func text(_ octets: some Sequence<UInt8>) -> String {
        String(decoding: octets.map { $0.isEightBit ? Octet.asterisk : $0 }, as: UTF8.self)
    }

    /// `text` with each 8-bit octet of its UTF-8 form replaced; a two-octet letter becomes `**`.
    package static func text(_ text: String) -> String {
        isSevenBit(text.utf8) ? text : Self.text(text.utf8)
    }

    package static func isSevenBit(_ octets: some Sequence<UInt8>) -> Bool { !octets.contains { $0.isEightBit } }

    /// Addresses are asked about for every message: their octets are looked at in one go, in place of one by one.
    package static func isSevenBit(_ text: String.UTF8View) -> Bool {
        text.withContiguousStorageIfAvailable { octets in
            var collected: UInt8 = 0
            for octet in octets { collected |= octet }
            return !collected.isEightBit
        } ?? !text.contains { $0.isEightBit }
    }
}
