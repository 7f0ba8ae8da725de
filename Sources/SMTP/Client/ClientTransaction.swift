/// One message to be sent: what goes into MAIL and RCPT. Parameters are sent only where the server offers their extension.
package struct ClientTransaction: Hashable, Sendable {
    package struct Recipient: Hashable, Sendable {
        /// The address without angle brackets.
        package var address: String
        /// `SUCCESS,FAILURE` or `NEVER`; nil sends none.
        package var notify: String?
        /// `rfc822;…` in xtext; nil sends none.
        package var originalRecipient: String?

        package init(address: String, notify: String? = nil, originalRecipient: String? = nil) {
            self.address = address
            self.notify = notify
            self.originalRecipient = originalRecipient
        }
    }

    /// Without angle brackets; empty for the null path.
    package var sender: String
    package var recipients: [Recipient]
    package var requests = RelayedRequests()
    /// Octets of the content as it will be on the wire without dot-stuffing.
    package var size: Int
    /// `BODY=8BITMIME` is wanted.
    package var isEightBit: Bool
    /// `BODY=BINARYMIME`: only to a server that offers it, and with ``usesChunks`` (RFC 3030 section 3).
    package var isBinary = false
    /// The content goes out by BDAT, which needs CHUNKING; otherwise by DATA.
    package var usesChunks = false
    package var needsSMTPUTF8: Bool
    /// `FULL` or `HDRS`.
    package var returnContent: String?
    /// ENVID in xtext.
    package var envelopeID: String?

    package init(
        sender: String, recipients: [Recipient], size: Int, isEightBit: Bool = false, needsSMTPUTF8: Bool = false,
        returnContent: String? = nil, envelopeID: String? = nil
    ) {
        self.sender = sender
        self.recipients = recipients
        self.size = size
        self.isEightBit = isEightBit
        self.needsSMTPUTF8 = needsSMTPUTF8
        self.returnContent = returnContent
        self.envelopeID = envelopeID
    }

    func mailCommand(_ extensions: ServerExtensions) -> String {
        var command = "MAIL FROM:<\(sender)>"
        command += requests.parameters(extensions)
        if extensions.offersSize { command += " SIZE=\(size)" }
        if isBinary, extensions.binaryMIME {
            command += " BODY=BINARYMIME"
        } else if isEightBit, extensions.eightBitMIME {
            command += " BODY=8BITMIME"
        }
        if needsSMTPUTF8, extensions.smtpUTF8 { command += " SMTPUTF8" }
        if extensions.dsn {
            if let returnContent { command += " RET=\(returnContent)" }
            if let envelopeID { command += " ENVID=\(envelopeID)" }
        }
        // Who submitted it is not passed on (RFC 4954 section 5; SMTP specification, 12.5).
        if !extensions.authMechanisms.isEmpty { command += " AUTH=<>" }
        return command + "\r\n"
    }

    func recipientCommand(_ index: Int, _ extensions: ServerExtensions) -> String {
        let recipient = recipients[index]
        var command = "RCPT TO:<\(recipient.address)>"
        if extensions.dsn {
            if let notify = recipient.notify { command += " NOTIFY=\(notify)" }
            if let original = recipient.originalRecipient { command += " ORCPT=\(original)" }
        }
        return command + "\r\n"
    }

    /// Whether every word can stand in a command line: an address from a queue must never become a second command.
    var isSendable: Bool {
        let words =
            [sender, returnContent ?? "", envelopeID ?? ""]
            + recipients.flatMap { [$0.address, $0.notify ?? "", $0.originalRecipient ?? ""] }
        return words.allSatisfy { word in word.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
    }
}

/// What became of one recipient of a transaction.
package struct RecipientResult: Hashable, Sendable {
    package enum Result: Hashable, Sendable {
        case delivered, failedTemporarily, failedPermanently
    }

    /// Index in ``ClientTransaction/recipients``.
    package var recipient: Int
    package var result: Result
    /// RFC 3463 status.
    package var status: String
    /// The reply on one line, with its code, or our own words.
    package var text: String

    package init(recipient: Int, result: Result, status: String, text: String) {
        self.recipient = recipient
        self.result = result
        self.status = status
        self.text = text
    }

    init(recipient: Int, reply: ReceivedReply) {
        self.init(
            recipient: recipient,
            result: reply.isPositive
                ? .delivered : reply.isPermanentFailure ? .failedPermanently : .failedTemporarily,
            status: reply.status, text: reply.text)
    }
}
