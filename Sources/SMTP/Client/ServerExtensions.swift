/// What a server offered in its reply to EHLO.
package struct ServerExtensions: Hashable, Sendable {
    package var pipelining = false
    /// DELIVERBY (RFC 2852) and MT-PRIORITY (RFC 6710).
    package var deliverBy = false
    package var transferPriority = false
    package var eightBitMIME = false
    package var dsn = false
    package var smtpUTF8 = false
    package var enhancedStatusCodes = false
    package var chunking = false
    package var binaryMIME = false
    package var startTLS = false
    package var remoteQueueStart = false
    /// SIZE without a number, or with 0, is an offer without a limit.
    package var offersSize = false
    /// The most octets of a message; nil when there is no limit.
    package var sizeLimit: Int?
    package var authMechanisms: [String] = []
    /// The identity of the installation, for loop detection (smtp specification, 12.9).
    package var xloop: String?
    /// LIMITS RCPTMAX (RFC 9422): the most recipients of a transaction.
    package var recipientLimit: Int?
    /// LIMITS MAILMAX: the most transactions of a session.
    package var transactionLimit: Int?
    /// The name in the first line of the reply.
    package var hostName = ""

    package init() {}

    /// Reads the lines of a positive reply; unknown words are passed over.
    package init(_ reply: ReceivedReply) {
        hostName = reply.lines.first.flatMap { $0.split(separator: " ").first.map(String.init) } ?? ""
        for line in reply.lines.dropFirst() {
            let words = line.split(separator: " ")
            guard let keyword = words.first?.uppercased() else { continue }
            take(keyword, words.dropFirst())
        }
    }

    private mutating func take(_ keyword: String, _ arguments: ArraySlice<Substring>) {
        switch keyword {
        case "PIPELINING": pipelining = true
        case "DELIVERBY": deliverBy = true
        case "MT-PRIORITY": transferPriority = true
        case "8BITMIME": eightBitMIME = true
        case "DSN": dsn = true
        case "SMTPUTF8": smtpUTF8 = true
        case "ENHANCEDSTATUSCODES": enhancedStatusCodes = true
        case "CHUNKING": chunking = true
        case "BINARYMIME": binaryMIME = true
        case "STARTTLS": startTLS = true
        case "ETRN": remoteQueueStart = true
        case "SIZE":
            offersSize = true
            sizeLimit = arguments.first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        case "AUTH": authMechanisms = arguments.map { $0.uppercased() }
        case "XLOOP": xloop = arguments.first.map(String.init)
        case "LIMITS":
            for argument in arguments { takeLimit(argument) }
        default: break
        }
    }

    private mutating func takeLimit(_ argument: Substring) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let value = Int(parts[1]), value > 0 else { return }
        switch parts[0].uppercased() {
        case "RCPTMAX": recipientLimit = value
        case "MAILMAX": transactionLimit = value
        default: break
        }
    }
}
