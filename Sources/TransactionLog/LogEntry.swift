package import Envelope

/// Action code of a message entry (notifications-logging specification, 2.3).
package enum MessageAction: String, Sendable, CaseIterable {
    case enqueued = "E"
    case dequeued = "D"
    case failedTemporarily = "Q"
    case rejected = "R"
    /// As rejected, but the sender asked for no notification.
    case rejectedSilently = "K"
    case enqueueRefused = "J"
    case warned = "W"
    /// Other recipients of the copy were settled; this one is ready again at once.
    case readyAgain = "Z"
    case badCommand = "B"
    case aborted = "V"
    case held = "H"
}

/// How the message travelled: modifiers of the action code, written in this order.
package struct TransferModifiers: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let esmtp = TransferModifiers(rawValue: 1)
    package static let lmtp = TransferModifiers(rawValue: 2)
    package static let tls = TransferModifiers(rawValue: 4)
    package static let authenticated = TransferModifiers(rawValue: 8)
    package static let chunking = TransferModifiers(rawValue: 16)
    package static let pipelining = TransferModifiers(rawValue: 32)

    package var code: String {
        var code = ""
        if contains(.esmtp) { code += "E" }
        if contains(.lmtp) { code += "L" }
        if contains(.pipelining) { code += "P" }
        if contains(.tls) { code += "S" }
        if contains(.authenticated) { code += "A" }
        if contains(.chunking) { code += "C" }
        return code
    }
}

/// The connection over which a message came or went, as its entries show it.
package struct LoggedConnection: Hashable, Sendable {
    /// `TCP|local|port|remote|port`.
    package var transport = ""
    /// `SMTP` or `LMTP`.
    package var application = ""
    /// `TLSv1.3,cipher`
    package var tls = ""

    package init() {}
}

/// One line of the message log: what happened to one recipient.
package struct MessageLogEntry: Hashable, Sendable {
    package var action: MessageAction
    package var modifiers: TransferModifiers = []
    package var sourceChannel = ""
    /// Blank in dequeue entries.
    package var destinationChannel = ""
    /// Blocks of 1 024 octets, rounded up.
    package var blocks = 0
    package var sender = ""
    /// With its type: `rfc822;anna@example.com`.
    package var originalRecipient = ""
    package var currentRecipient = ""
    /// The recipient as RCPT TO gave it.
    package var initialRecipient = ""
    package var notify: NotifyConditions = []
    /// `channel/entry-name`.
    package var filename = ""
    package var envelopeID = ""
    package var messageID = ""
    /// `*user` when authenticated.
    package var username = ""
    /// `helo (name [address])` of the client; in dequeue entries the remote host.
    package var sourceSystem = ""
    package var priority = Priority.normal
    package var reason = ""
    package var diagnostic = ""
    package var remoteMTA = ""
    package var connection = LoggedConnection()
    /// Seconds in the queue; nil in enqueue entries.
    package var queueSeconds: Int64?
    /// Lines of the message's header, each a line behind the entry.
    package var headerLines: [String] = []

    package init(_ action: MessageAction) { self.action = action }
}

/// One line about a connection (notifications-logging specification, 2.4).
package struct ConnectionLogEntry: Hashable, Sendable {
    package enum Action: String, Sendable, CaseIterable {
        case opened = "O"
        case closed = "C"
        case rejected = "X"
        case refusedByPortAccess = "T"
        case failed = "Y"
        case authentication = "U"
        case remoteQueueStart = "I"
    }

    package var action: Action
    package var channel: String
    package var isInbound: Bool
    /// `TCP|local|port|remote|port`.
    package var transport: String
    package var application: String
    package var username: String
    package var diagnostic: String
    /// More than the client is told, such as what was wrong with a login; in formats 4 to 6.
    package var information = ""
    /// `TLSv1.3,cipher`; in formats 4 to 6.
    package var tls = ""
    /// How long the connection stood, at its end; in formats 4 to 6.
    package var seconds: Int64?

    package init(
        _ action: Action, channel: String, isInbound: Bool, transport: String, application: String,
        username: String = "", diagnostic: String = ""
    ) {
        self.action = action
        self.channel = channel
        self.isInbound = isInbound
        self.transport = transport
        self.application = application
        self.username = username
        self.diagnostic = diagnostic
    }
}

/// Size of a message in blocks of 1 024 octets, rounded up.
package func blockCount(ofBytes count: Int) -> Int { (count + 1023) / 1024 }
