import Enqueue
package import Envelope
import InternetMessage

/// A delivery status notification as a value: everything that is known about the copy, laid out as the
/// `multipart/report` of RFC 3462 and RFC 3464 (notifications-logging specification, 1.3). Pure.
package struct DeliveryReport: Sendable {
    /// An attempt before the one that is reported.
    package struct EarlierAttempt: Hashable, Sendable {
        /// As in a Date field.
        package var date: String
        package var outcomes: [RecipientOutcome]

        package init(date: String, outcomes: [RecipientOutcome]) {
            self.date = date
            self.outcomes = outcomes
        }
    }

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
    /// The personal name of the From field that the channel says; empty for none, nil for that of the texts.
    package var returnPersonal: String?
    /// What it is where neither channel nor texts say one; nil: that of ours.
    package var usualPersonal: String?
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
    /// Who the report goes to; empty: the postmaster.
    package var addressee: String
    package var texts = NotificationTexts.builtIn
    /// The Subject that NOTIFICATION_LANGUAGE says, with its charset.
    package var subject: EncodedText?
    package var time = WaitingTime(queued: 0, allowed: 0, countsHours: false)
    /// Earlier attempts, oldest first.
    package var history: [EarlierAttempt] = []
    /// NOTARY_DECODE.
    package var notaryDecode = -1

    package init(
        kind: NotificationKind, message: QueuedMessage, entry: QueueEntry, outcomes: [RecipientOutcome],
        localHost: String, channelHost: String, returnAddress: String, returnPersonal: String? = nil,
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
        addressee = message.sender
    }

    /// The message needed SMTPUTF8: the report is one of RFC 6533, in UTF-8, and needs it too.
    package var isInternational: Bool { message.needsSMTPUTF8 }

    /// Everything before the returned message. `header`: the header of the original message, for the list of its fields.
    package func opening(originalHeader header: [UInt8]) -> [UInt8] {
        var report = outerHeader
        report += Array("\r\n--\(boundary)\r\n".utf8)
        report += textPart(originalHeader: header)
        let status = isInternational ? "message/global-delivery-status" : "message/delivery-status"
        var text = "--\(boundary)\r\nContent-type: \(status)\r\n\(isInternational ? Self.eightBit : "")\r\n"
        text += deliveryStatus
        text += "\r\n--\(boundary)\r\nContent-type: \(returnedType)\r\n\r\n"
        text += "Return-path: <\(printable(message.sender))>\r\n"
        return report + Array(text.utf8)
    }

    /// Everything after the returned message.
    package var closing: [UInt8] { Array("\r\n--\(boundary)--\r\n".utf8) }

    private var boundary: String { "Boundary_(ID_\(boundaryID))" }

    static let eightBit = "Content-transfer-encoding: 8bit\r\n"

    private var returnedType: String {
        if isInternational { return returnsHeadersOnly ? "message/global-headers" : "message/global" }
        return returnsHeadersOnly ? "text/rfc822-headers" : "message/rfc822"
    }

    /// An address with its type: `utf-8` when it has UTF-8, which a report in US-ASCII has as `\x{…}` (RFC 6533
    /// section 3).
    private func typed(_ address: String) -> String {
        guard address.utf8.contains(where: { $0 > 127 }) else { return "rfc822;" + printable(address) }
        if isInternational { return "utf-8;" + printable(address) }
        let escaped = address.unicodeScalars.map {
            $0.isASCII ? String($0) : "\\x{\(String($0.value, radix: 16, uppercase: true))}"
        }
        return "utf-8;" + printable(escaped.joined())
    }

    private var outerHeader: [UInt8] {
        let own = texts.options.charset ?? texts.charset
        let said = subject ?? texts.options.subject.map { EncodedText(octets: $0, charset: own) }
        var header = Array("Date: \(date)\r\nFrom: ".utf8) + from(own)
        header += Array("\r\nSubject: ".utf8) + (said?.fieldText ?? Array(kind.subject.utf8))
        // Without a sender the only addressee is the postmaster.
        let fields = """
            \r
            To: \(printable(addressee.isEmpty ? returnAddress : addressee))\r
            Message-id: <\(messageID)>\r
            Auto-submitted: auto-replied\r

            """
        return changed(header + Array(fields.utf8)) + Array(reportFields.utf8)
    }

    /// What makes a report of it, which is not for a file to change.
    private var reportFields: String {
        "MIME-version: 1.0\r\nContent-type: multipart/report;\r\n boundary=\"\(boundary)\"; "
            + "report-type=delivery-status\r\n" + (isInternational ? Self.eightBit : "")
    }

    /// As `return_header.opt` says.
    private func changed(_ header: [UInt8]) -> [UInt8] {
        guard let options = texts.header, case .success(let scan) = HeaderBlock.scan(header) else { return header }
        var changed = scan.header
        options.apply(to: &changed)
        let own = ["MIME-version", "Content-type", "Content-transfer-encoding"]
        return Array(
            changed.fields.filter { field in !own.contains { changed.isNamed($0, field) } }
                .map { changed.bytes[$0.whole] }.joined())
    }

    private func from(_ charset: String) -> [UInt8] {
        let address = Array(printable(returnAddress).utf8)
        let phrase: [UInt8]
        if returnPersonal == nil, let text = texts.options.personal {
            phrase = EncodedText(octets: text, charset: charset).phrase
        } else {
            let name = returnPersonal ?? usualPersonal ?? "Internet Mail Delivery"
            phrase = name.isEmpty ? [] : Array(printable(DisplayName.phrase(name)).utf8)
        }
        return phrase.isEmpty ? address : phrase + Array(" <".utf8) + address + Array(">".utf8)
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
        let words = reason(outcome).filter { $0 != "(" && $0 != ")" && $0 != "\\" }
        return words.isEmpty ? "" : " (\(words))"
    }

    /// Why, in words: what a remote system said is the diagnostic code.
    func reason(_ outcome: RecipientOutcome) -> String {
        if !outcome.remote.isEmpty, kind.action == "failed" { return "Remote SMTP server has rejected address" }
        return printable(outcome.text)
    }

    /// The recipients that are there, with their outcomes.
    var reported: [(QueueRecipient, RecipientOutcome)] {
        outcomes.compactMap { outcome in
            entry.recipients.indices.contains(outcome.recipient) ? (entry.recipients[outcome.recipient], outcome) : nil
        }
    }

    /// One line of 7-bit text, or in an international report of UTF-8, whatever a remote system said: no field of the
    /// report can be made up by it.
    private func printable(_ text: String) -> String {
        PlainLine(charset: isInternational ? "utf-8" : "us-ascii").line(text)
    }
}
