package import Channels
import Configuration
import Envelope
package import InternetMessage
import Mappings

/// What is done to one message besides its trace field: the wishes of its channels, and what is known from the session.
package struct MessageWork: Sendable {
    /// What was done to lines longer than SMTP allows (smtp specification, 7.3).
    package enum LongLineRepair: String, Sendable { case truncated, wrapped }

    package var source = ContentPolicy.Source()
    package var choice = ContentPolicy.Choice()
    /// 1 to 6.
    package var missingRecipientPolicy = 1
    /// Envelope recipients as they were given.
    package var recipients: [String] = []
    /// Envelope From.
    package var sender = ""
    package var authenticated: AuthenticatedAddress?
    /// SMTPUTF8 applies: 8-bit headers are as they should be.
    package var allowsUTF8 = false
    /// The only recipient, for `x_env_to`.
    package var recipient: String?
    package var longLines: LongLineRepair?
    /// The `Solicitation:` field is wanted among the facts.
    package var readsSolicitation = false
    /// BODY=BINARYMIME: the content is octets, of which nothing is converted (RFC 3030 section 3).
    package var isBinary = false
    package var wishes: ContentConverter.Wishes?
    /// CHARSET-CONVERSION for text; nil: nothing.
    package var charsets: ContentConverter.CharsetChoice?

    package init() {}

    /// What comes before addresses are rewritten.
    func prepareSource(_ header: inout HeaderBlock, _ facts: inout HeaderFacts) {
        source.readOptions?.apply(to: &header)
        if source.dropsBlankFields { header.removeBlankRecipientFields() }
        if missingRecipientPolicy != 1 { supplyRecipients(&header, &facts) }
        guard let authenticated else { return }
        let outcome = authenticated.apply(to: &header, sender: sender)
        facts.newSender = outcome.sender
        if facts.refusal == nil { facts.refusal = outcome.refusal }
    }

    /// What comes after them, and is the same for all destinations.
    func finishSource(_ header: inout HeaderBlock) {
        let keepsHash = choice.destination.keepsHash || choice.differs
        if !keepsHash, header.contains("Message-hash") { header.removeAll("Message-hash") }
        if !allowsUTF8, header.hasEightBit { header.encodeEightBit(charset: source.headerCharset) }
        guard let longLines else { return }
        header.add(
            "Sun-Java-System-SMTP-Warning", "Lines longer than SMTP allows found and \(longLines.rawValue).")
    }

    /// What the destination channel wants, our Received field included.
    func prepareDestination(_ header: inout HeaderBlock) {
        let destination = choice.destination
        if destination.namesRecipient, let recipient { header.replaceAll("X-Envelope-to", recipient) }
        if destination.trimsHeader { destination.trimOptions?.apply(to: &header) }
        if let hash = destination.hash { header.replaceAll("Message-hash", hash.value(of: header)) }
        if let layout = destination.layout { header.apply(layout) }
    }

    /// What is done to the headers of messages in the message; nil: nothing.
    func embedded(_ rewriting: HeaderRewriting?) -> ContentConverter.EmbeddedHeader? {
        let destination = choice.destination
        let trimming = destination.trimsInner ? destination.trimOptions : nil
        let inner = destination.rewritesInner ? rewriting : nil
        guard trimming != nil || inner != nil else { return nil }
        return { header in
            // Where destinations differ the copies come here one by one.
            _ = inner?.apply(to: &header)
            trimming?.apply(to: &header)
        }
    }

    /// No To, Cc or Bcc (channels specification, 4.9).
    private func supplyRecipients(_ header: inout HeaderBlock, _ facts: inout HeaderFacts) {
        guard !["To", "Cc", "Bcc"].contains(where: { header.contains($0) }) else { return }
        let list = recipients.joined(separator: ", ")
        switch missingRecipientPolicy {
        case 2: header.add("To", list)
        case 3: header.add("Bcc", list)
        case 4: header.add("To", "Recipients not specified: ;")
        case 5: header.add("Bcc", "")
        case 6:
            facts.refusal = RoutingRefusal(code: 550, status: "5.6.0", text: "message has no To, Cc or Bcc header")
        default: break
        }
    }
}

extension HeaderBlock {
    /// `dropblank`: To, Cc, Resent-To and Resent-Cc without an address are removed.
    mutating func removeBlankRecipientFields() {
        var index = 0
        while index < fields.count {
            let field = fields[index]
            let isBlank = bytes[field.value].allSatisfy { $0 <= 32 }
            if isBlank, ["To", "Cc", "Resent-To", "Resent-Cc"].contains(where: { isNamed($0, field) }) {
                remove(at: index)
            } else {
                index += 1
            }
        }
    }

    mutating func replaceAll(_ name: String, _ value: String) {
        removeAll(name)
        add(name, value)
    }
}

extension Router {
    /// What the channels of a message want; of those recipients that are not sent through the reprocess channel anyway.
    /// `authenticated`: for a message that comes from a session.
    package func messageWork(
        source: ContentPolicy.Source, recipients: [RoutedRecipient], authenticated: AuthenticatedAddress? = nil
    ) -> MessageWork {
        var work = MessageWork()
        work.source = source
        work.authenticated = authenticated
        work.choice = content.choice(
            recipients.lazy.map(\.channel).filter { $0 != RecipientCollector.channel && $0 != Bitbucket.channel })
        if work.choice.differs {
            let canSplit = configuration.channels.channel(named: RecipientCollector.channel) != nil
            work.choice.differs = canSplit
            if canSplit { work.choice.destination = ContentPolicy.Destination() }
        }
        let elsewhere = work.choice.differs ? nil : work.choice.destination.missingRecipientPolicy
        work.missingRecipientPolicy =
            source.missingRecipientPolicy ?? elsewhere ?? (work.choice.differs ? 1 : content.missingRecipientPolicy)
        if 2...3 ~= work.missingRecipientPolicy { work.recipients = recipients.map(\.recipient.given) }
        if recipients.count == 1 { work.recipient = recipients.first?.recipient.address }
        work.charsets = work.choice.destination.charsets.flatMap { charsetChoice($0, from: source.name) }
        work.wishes = content.conversion(source, work.choice.destination, convertsText: work.charsets != nil)
        return work
    }

    /// `authrewrite` for a session on `channel`; nil where it asks for nothing. `address`: of who has authenticated, or
    /// what `$K` of FROM_ACCESS gives in its place; empty for nobody.
    package func authenticatedAddress(
        _ source: ContentPolicy.Source, channel: Channel, address: String
    ) -> AuthenticatedAddress? {
        guard let use = source.authenticated, !address.isEmpty || use.probesAlways else { return nil }
        let (mappings, context) = (configuration.mappings, context)
        return AuthenticatedAddress(
            use: use, sourceChannel: channel.name, address: address, extraFields: content.authenticatedFields
        ) { mappings.probe("AUTH_REWRITE", $0, context: context) }
    }
}
