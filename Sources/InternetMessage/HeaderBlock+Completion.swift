extension HeaderBlock {
    /// What is missing in a message that is submitted (smtp specification, 8.1).
    package struct Completion: Sendable {
        /// As `DateCache.headerDate` writes it.
        package var date: [UInt8]
        /// 16 characters, without the host.
        package var envelopeID: String
        package var host: String
        /// Address for a missing `From:`; nil leaves it missing.
        package var sender: String?

        package init(date: [UInt8], envelopeID: String, host: String, sender: String? = nil) {
            self.date = date
            self.envelopeID = envelopeID
            self.host = host
            self.sender = sender
        }
    }

    /// Adds `Date:`, `From:` and `Message-id:` where they are missing; gives the names of those it added.
    @discardableResult
    package mutating func complete(_ completion: Completion) -> [String] {
        var added: [String] = []
        if !contains("Date") {
            add("Date", completion.date)
            added.append("Date")
        }
        if let sender = completion.sender, !sender.isEmpty, !contains("From") {
            add("From", sender)
            added.append("From")
        }
        if !contains("Message-ID") {
            add("Message-ID", "<\(completion.envelopeID)@\(completion.host)>")
            added.append("Message-id")
        }
        return added
    }

    /// The message id for the log: the first `Message-ID:` field unfolded, at most 1000 octets, control and 8-bit
    /// octets as `?`; empty when there is none.
    package var messageID: String {
        guard let index = firstIndex(of: "Message-ID") else { return "" }
        let octets = unfoldedValue(of: fields[index]).prefix(1_000)
        return String(decoding: octets.map { $0.isPrintable ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
