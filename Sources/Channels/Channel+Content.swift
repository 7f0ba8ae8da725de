/// What is done to header and body, and where large messages go. Channels specification, sections 4.13, 4.14, 4.17 and 8.2;
/// which of it is in effect says the keyword table.
extension Channel {
    /// Another channel takes a message that is over one of the limits.
    package struct Alternate: Sendable, Equatable {
        /// In lower case.
        package var channel: String
        package var blocks: Int?
        package var lines: Int?
        package var recipients: Int?
    }

    package var alternate: Alternate? {
        guard let channel = argument("alternatechannel")?.lowercased() else { return nil }
        return Alternate(
            channel: channel, blocks: integer("alternateblocklimit"), lines: integer("alternatelinelimit"),
            recipients: integer("alternaterecipientlimit"))
    }

    /// Labels for text without one: of 7-bit characters only, with 8-bit octets, and with ESC. Names are not checked.
    package struct CharacterSets: Sendable, Equatable {
        package var sevenBit: String?
        package var eightBit: String?
        package var escape: String?
    }

    package var characterSets: CharacterSets {
        CharacterSets(
            sevenBit: argument("charset7"), eightBit: argument("charset8"), escape: argument("charsetesc"))
    }

    /// Longest body line in octets; longer ones force an encoding.
    package var bodyLineLength: Int? { integer("linelength") }

    /// Headers of embedded messages are rewritten too.
    package var rewritesInnerHeaders: Bool { has("inner") }

    /// To, Cc, Resent-To and Resent-Cc without an address are removed.
    package var dropsBlankFields: Bool { has("dropblank") }

    /// `NAME_headers.opt` is applied to messages queued here, after processing.
    package var trimsHeader: Bool { has("headertrim") }

    /// `NAME_read_headers.opt` is applied to messages from here, before processing.
    package var readsHeaderOptions: Bool { has("headerread") }

    /// Column at which header values start; 0 for none.
    package var headerLabelAlignment: Int { integer("headerlabelalignment") ?? 0 }

    /// Longest header line before it is folded.
    package var headerLineLength: Int { integer("headerlinelength") ?? 80 }

    /// Most addresses and most characters of a header line before it is split in two.
    package var headerAddressLimit: Int? { integer("maxheaderaddrs") }
    package var headerCharacterLimit: Int? { integer("maxheaderchars") }

    /// Which forms of a recipient a notice shows.
    package enum RecipientForms: Sendable, Equatable {
        case originalAndFinal
        /// The final one only when there is no original.
        case original
        /// The form after list expansion and before mailboxes are made of it.
        case intermediate
    }

    package var noticeForms: RecipientForms {
        if has("suppressfinal") { return .original }
        return has("useintermediate") ? .intermediate : .originalAndFinal
    }

    /// Where Sieve filters are: of users on delivery channels, for mail from here, and for mail to here.
    package var userFilter: String? { argument("filter") }
    package var sourceFilter: String? { argument("sourcefilter") }
    package var destinationFilter: String? { argument("destinationfilter") }

    /// A spam filter that runs for the channel, with the opt-in values to hand over.
    package struct SpamFilter: Sendable, Equatable {
        /// 1 to 8.
        package var number: Int
        package var optIn: [String]
    }

    /// Spam filters for mail from here, in the order of their numbers.
    package var sourceSpamFilters: [SpamFilter] { spamFilters("source") }
    /// Spam filters for mail to here.
    package var destinationSpamFilters: [SpamFilter] { spamFilters("destination") }

    private func spamFilters(_ side: String) -> [SpamFilter] {
        (1...8).compactMap { number in
            let name = "\(side)spamfilter\(number)"
            guard !has("disable" + name), has(name) || argument(name + "optin") != nil else { return nil }
            let values = argument(name + "optin")?.split(separator: ",").map(String.init) ?? []
            return SpamFilter(number: number, optIn: values)
        }
    }
}
