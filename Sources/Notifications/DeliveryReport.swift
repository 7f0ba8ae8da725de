package import Envelope
import InternetMessage

/// A delivery status notification as a value: everything that is known about the copy, laid out as the
/// `multipart/report` of RFC 3462 and RFC 3464 (notifications-logging specification, 1.3). Pure.
package struct DeliveryReport: Sendable {
    package var kind: NotificationKind
    package var message: QueuedMessage
    package var entry: QueueEntry
    /// Outcomes of the recipients that the report is about.
    package var outcomes: [RecipientOutcome]
    /// The official local host name.
    package var localHost: String
    /// The official host name of the channel that reports.
    package var channelHost: String
    /// `postmaster@…`, the address of the From field.
    package var returnAddress: String
    /// The personal name of the From field; empty for none.
    package var returnPersonal: String
    /// Without angle brackets.
    package var messageID: String
    /// 22 characters that make the boundary unique.
    package var boundaryID: String
    /// The value of the Date field.
    package var date: String
    /// The value of Arrival-date; empty when it is not known.
    package var arrivalDate: String
    /// Whether the third part is the header alone.
    package var returnsHeadersOnly: Bool

    package init(
        kind: NotificationKind, message: QueuedMessage, entry: QueueEntry, outcomes: [RecipientOutcome],
        localHost: String, channelHost: String, returnAddress: String,
        returnPersonal: String = "Internet Mail Delivery",
        messageID: String, boundaryID: String, date: String, arrivalDate: String, returnsHeadersOnly: Bool
    ) {
        self.kind = kind
        self.message = message
        self.entry = entry
        self.outcomes = outcomes
        self.localHost = localHost
        self.channelHost = channelHost
        self.returnAddress = returnAddress
        self.returnPersonal = returnPersonal
        self.messageID = messageID
        self.boundaryID = boundaryID
        self.date = date
        self.arrivalDate = arrivalDate
        self.returnsHeadersOnly = returnsHeadersOnly
    }

    /// The message needed SMTPUTF8: the report is one of RFC 6533, in UTF-8, and needs it too.
    package var isInternational: Bool { message.needsSMTPUTF8 }

    private var boundary: String { "Boundary_(ID_\(boundaryID))" }

    /// Everything before the returned message. `header`: the header of the original message, for the list of its fields.
    package func opening(originalHeader header: [UInt8]) -> [UInt8] {
        var text = outerHeader
        let (charset, encoding) = isInternational ? ("utf-8", eightBit) : ("us-ascii", "")
        text += "--\(boundary)\r\nContent-type: text/plain; charset=\(charset)\r\n\(encoding)"
        text += "Content-language: en-US\r\n\r\n"
        text += explanation(originalHeader: header)
        let status = isInternational ? "message/global-delivery-status" : "message/delivery-status"
        text += "--\(boundary)\r\nContent-type: \(status)\r\n\(encoding)\r\n"
        text += deliveryStatus
        text += "\r\n--\(boundary)\r\nContent-type: \(returnedType)\r\n\r\n"
        text += "Return-path: <\(printable(message.sender))>\r\n"
        return Array(text.utf8)
    }

    /// Everything after the returned message.
    package var closing: [UInt8] { Array("\r\n--\(boundary)--\r\n".utf8) }

    private var eightBit: String { "Content-transfer-encoding: 8bit\r\n" }

    private var returnedType: String {
        if isInternational { return returnsHeadersOnly ? "message/global-headers" : "message/global" }
        return returnsHeadersOnly ? "text/rfc822-headers" : "message/rfc822"
    }

    /// An address with its type: `utf-8` when it has UTF-8 (RFC 6533 section 3).
    private func typed(_ address: String) -> String {
        let isUTF8 = isInternational && address.utf8.contains { $0 > 127 }
        return (isUTF8 ? "utf-8;" : "rfc822;") + printable(address)
    }

    private var outerHeader: String {
        let from = returnPersonal.isEmpty ? returnAddress : "\(DisplayName.phrase(returnPersonal)) <\(returnAddress)>"
        // Without a sender the only addressee is the postmaster.
        let to = message.sender.isEmpty ? returnAddress : message.sender
        return """
            Date: \(date)\r
            From: \(printable(from))\r
            Subject: \(kind.subject)\r
            To: \(printable(to))\r
            Message-id: <\(messageID)>\r
            Auto-submitted: auto-replied\r
            MIME-version: 1.0\r
            Content-type: multipart/report;\r
             boundary="\(boundary)"; report-type=delivery-status\r
            \(isInternational ? eightBit : "")\r

            """
    }

    private func explanation(originalHeader header: [UInt8]) -> String {
        var text = "This report relates to a message you sent with the following header fields:\r\n\r\n"
        for line in OriginalHeaderList(header).lines { text += "  \(line)\r\n" }
        text += "\r\n\(kind.text)\r\n\r\n"
        for (recipient, outcome) in reported {
            text += "  Recipient address: \(printable(recipient.address))\r\n"
            if recipient.given != recipient.address {
                text += "  Original address: \(printable(recipient.given))\r\n"
            }
            if !outcome.text.isEmpty { text += "  Reason: \(printable(outcome.text))\r\n" }
            if !outcome.remote.isEmpty {
                text += "  Diagnostic code: smtp;\(printable(outcome.text))\r\n"
                text += "  Remote system: dns;\(printable(outcome.remote))\r\n"
            }
            text += "\r\n"
        }
        return text
    }

    private var deliveryStatus: String {
        var text = ""
        let ownID = message.envelopeID.isEmpty ? nil : "\(message.envelopeID)@\(localHost)"
        if let id = message.clientEnvelopeID ?? ownID { text += "Original-envelope-id: \(printable(id))\r\n" }
        text += "Reporting-MTA: dns;\(localHost) (\(channelHost))\r\n"
        if !arrivalDate.isEmpty { text += "Arrival-date: \(arrivalDate)\r\n" }
        for (recipient, outcome) in reported {
            text +=
                "\r\nOriginal-recipient: \(recipient.originalRecipient.map(printable) ?? typed(recipient.given))\r\n"
            text += "Final-recipient: \(typed(recipient.address))\r\n"
            text += "Action: \(kind.action)\r\n"
            let status = outcome.status.isEmpty ? kind.defaultStatus : outcome.status
            text += "Status: \(printable(status))\(statusComment(outcome))\r\n"
            if !outcome.remote.isEmpty {
                text += "Remote-MTA: dns;\(printable(outcome.remote))\r\n"
                text += "Diagnostic-code: smtp;\(printable(outcome.text))\r\n"
            }
        }
        return text
    }

    /// The reason in parentheses, RFC 3464 section 2.3.4.
    private func statusComment(_ outcome: RecipientOutcome) -> String {
        if !outcome.remote.isEmpty, kind.action == "failed" { return " (Remote SMTP server has rejected address)" }
        let words = printable(outcome.text).filter { $0 != "(" && $0 != ")" && $0 != "\\" }
        return words.isEmpty ? "" : " (\(words))"
    }

    private var reported: [(QueueRecipient, RecipientOutcome)] {
        outcomes.compactMap { outcome in
            entry.recipients.indices.contains(outcome.recipient) ? (entry.recipients[outcome.recipient], outcome) : nil
        }
    }

    /// One line of 7-bit text, or in an international report of UTF-8, whatever a remote system said: no field of the
    /// report can be made up by it.
    private func printable(_ text: String) -> String {
        if isInternational {
            var line = String.UnicodeScalarView()
            for scalar in text.unicodeScalars.prefix(800) {
                let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                line.append(isControl || scalar.value == 0x2028 || scalar.value == 0x2029 ? "?" : scalar)
            }
            return String(line)
        }
        return String(
            decoding: text.utf8.prefix(800).map { $0 < 0x20 || $0 > 0x7E ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }
}

extension NotificationKind {
    fileprivate var defaultStatus: String {
        switch self {
        case .failed, .bounced: "5.0.0"
        case .timedOut: "4.4.7"
        case .delayed: "4.0.0"
        case .delivered, .relayed: "2.0.0"
        }
    }
}
