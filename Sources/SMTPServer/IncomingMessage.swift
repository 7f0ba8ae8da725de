import Enqueue
import Envelope
import InternetMessage
import MessageStore
import SMTP

/// A transaction as the server's policy knows it: the envelope so far, and the content as it comes.
struct IncomingMessage {
    var sender: String
    var parameters: MailParameters
    var recipients: [RoutedRecipient] = []
    /// Recipients as the client gave them; the for clause of Received names a single one.
    var given: [String] = []
    /// LMTP into the store: the mailbox of each of them.
    var mailboxes: [MailboxName] = []
    /// The address of MAIL FROM; nil for the empty reverse path.
    var givenSender: Mailbox?
    /// ORCPT of the last recipient, without its type.
    var originalRecipient: String?
    /// What access tables want done with the message.
    var effects = AccessEffects()
    /// A recipient was refused.
    var hasRefusals = false
    /// RCPT TO commands so far.
    var presented = 0
    /// What `spfrcptto` came to.
    var policy: PolicyResult?
    /// Received-SPF fields.
    var traceFields: [[UInt8]] = []
    var identity: MessageSubmitter.Identity?
    /// What `$D` of the access tables wants before every reply of the transaction, in hundredths of a second.
    var delay = 0
    /// Content while it is small enough for memory.
    var content: [UInt8] = []
    /// Where content goes once it is not.
    var stream: LargeContentStream?
    /// The content cannot be kept, and why: what still comes of it is thrown away.
    var refusal: Reply?

    struct PolicyResult {
        var refusal: Reply?
    }

    /// By when the message is to be delivered, from BY of MAIL FROM.
    var deliverBy: DeliverBy?

    /// `now`: seconds since 1970.
    init(sender: String, parameters: MailParameters, now: Int64) {
        self.sender = sender
        self.parameters = parameters
        deliverBy = parameters.deliverBy.map { asked in
            DeliverBy(deadline: now + asked.seconds, mode: asked.mode == .giveBack ? .giveBack : .notify)
        }
    }

    /// Why copies are held: an access table wants that, or `holdlimit`.
    var heldReason: String? { effects.isHeld ? "access table" : holdLimitReason }
    /// More recipients than `holdlimit`.
    var holdLimitReason: String?
    /// The content is octets, not lines.
    var isBinary: Bool { parameters.body == .binaryMIME }
}

extension NotifyConditions {
    init(_ notify: RecipientParameters.Notify) {
        self = []
        if notify.contains(.never) { insert(.never) }
        if notify.contains(.success) { insert(.success) }
        if notify.contains(.failure) { insert(.failure) }
        if notify.contains(.delay) { insert(.delay) }
    }
}

extension Priority {
    /// The priority of the queue for a transfer priority of RFC 6710: 4 is urgent, 0 normal and -4 non-urgent, as in the
    /// MIXER assignments of RFC 6758 section 7; below that the second and the third class.
    init(transfer priority: Int) {
        self =
            switch priority {
            case 4...: .urgent
            case -3...3: .normal
            case -6 ... -4: .nonurgent
            case -8 ... -7: .secondClass
            default: .thirdClass
            }
    }
}
